-- The schema that migrations/ makes: complete, reversible, and with the rules that it promises.

local mp = require "moonpool"
local runner = require "moonpool.migrate.runner"
local cluster = require "spec.support.cluster"
local catalog = require "spec.buster.catalog"
local domain = require "spec.buster.domain_tables"

local ALL <const> = { dir = "migrations" }

local function without_breaks(text)
  return (text:gsub("^%s+", ""):gsub("%s+", " "))
end

local function expected_tables()
  local tables = {}
  for name, columns in pairs(domain.tables) do
    tables[name] = without_breaks(columns)
  end
  return tables
end

describe("migrations", function()
  local db

  setup(function()
    db = mp.connect(cluster.database())
  end)

  teardown(function()
    db:close()
  end)

  it("give the same schema after up, down and up again", function()
    local before = catalog.read(db)
    runner.up(db, ALL)
    local first = catalog.read(db)
    runner.down(db, ALL, math.huge)
    assert.same(before, catalog.read(db))
    runner.up(db, ALL)
    assert.same(first, catalog.read(db))
    assert.is_true(#first > #before)
  end)
end)

describe("the schema", function()
  local db

  setup(function()
    db = mp.connect(cluster.migrated())
  end)

  teardown(function()
    db:close()
  end)

  -- Runs a function in a transaction that leaves nothing behind.
  local function trying(fn)
    local undo = {}
    local _, reason = pcall(db.transaction, db, function(tx)
      fn(tx)
      error(undo)
    end)
    if reason ~= undo then
      error(reason, 0)
    end
  end

  -- Runs a statement that has to break a constraint, and goes on.
  local function assert_refused(constraint, tx, sql, ...)
    local parameters = table.pack(...)
    local done, reason = pcall(tx.transaction, tx, function(inner)
      inner:exec(sql, table.unpack(parameters, 1, parameters.n))
    end)
    assert.is_false(done, "was not refused: " .. sql)
    assert.equal(constraint, reason.constraint)
  end

  local function add_user(tx, email)
    return tx:value("insert into users (email) values ($1) returning id", email)
  end

  local function add_organization(tx)
    return tx:value "insert into organizations (name) values ('Lighthouse') returning id"
  end

  local function add_source(tx, organization, user)
    return tx:value([[
      insert into data_sources (name, type, secret_id, organization_id, created_by, updated_by)
      values ('Warehouse', 'postgres', gen_random_uuid(), $1, $2, $2)
      returning id
    ]], organization, user)
  end

  local ADD_METRIC <const> = [[
    insert into metric_files (name, file_name, content, organization_id, created_by, data_source_id)
    values ($1, 'm.yml', '{}', $2, $3, $4)
    returning id
  ]]

  local function with_tenant(fn)
    trying(function(tx)
      local user, organization = add_user(tx, "ada@example.org"), add_organization(tx)
      fn(tx, organization, user, add_source(tx, organization, user))
    end)
  end

  it("has every table of the domain with its columns, and no other", function()
    assert.same(expected_tables(), catalog.tables(db))
  end)

  it("has every enum type with its labels in order, and no other", function()
    assert.same(domain.enums, catalog.enums(db))
  end)

  it("needs no extension", function()
    assert.equal(0, db:value "select count(*) from pg_extension where extname <> 'plpgsql'")
  end)

  it("has no unique constraint that a deleted row's name could break", function()
    local rows = db:query [[
      select conname::text as name
      from pg_constraint
      where contype = 'u'
        and connamespace = 'public'::regnamespace
      order by conname
    ]]
    local names = {}
    for at, row in ipairs(rows) do
      names[at] = row.name
    end
    assert.same({ "api_keys_key_key", "terms_search_term_id_key", "users_email_key" }, names)
  end)

  it("lets two organisations have the same name", function()
    trying(function(tx)
      add_organization(tx)
      assert.equal(1, tx:exec "insert into organizations (name) values ('Lighthouse')")
    end)
  end)

  it("keeps team names unique among an organisation's live teams only", function()
    with_tenant(function(tx, organization, user)
      local add = "insert into teams (name, organization_id, created_by) values ('Finance', $1, $2)"
      tx:exec(add, organization, user)
      assert_refused("teams_organization_id_name_key", tx, add, organization, user)
      tx:exec(add, add_organization(tx), user)
      tx:exec "update teams set deleted_at = now()"
      tx:exec(add, organization, user)
    end)
  end)

  it("lets a deleted data source's name be used again", function()
    with_tenant(function(tx, organization, user, source)
      assert_refused("data_sources_organization_id_name_env_key", tx, [[
        insert into data_sources (name, type, secret_id, organization_id, created_by, updated_by)
        values ('Warehouse', 'mysql', gen_random_uuid(), $1, $2, $2)
      ]], organization, user)
      tx:exec("update data_sources set deleted_at = now() where id = $1::uuid", source)
      add_source(tx, organization, user)
    end)
  end)

  it("keeps live datasets unique also where the source has no databases", function()
    with_tenant(function(tx, organization, user, source)
      local add = [[
        insert into datasets (
          name, database_name, type, definition, schema,
          data_source_id, organization_id, created_by, updated_by
        )
        values ('orders', 'orders', 'table', '', 'sales', $1, $2, $3, $3)
      ]]
      tx:exec(add, source, organization, user)
      assert_refused("datasets_data_source_id_database_identifier_schema_name_key", tx, add,
        source, organization, user)
      tx:exec "update datasets set deleted_at = now()"
      tx:exec(add, source, organization, user)
    end)
  end)

  it("lets a team be granted a dataset, and refuses a kind of holder that does not exist", function()
    with_tenant(function(tx, organization, user, source)
      local dataset = tx:value([[
        insert into datasets (
          name, database_name, type, definition, schema,
          data_source_id, organization_id, created_by, updated_by
        )
        values ('orders', 'orders', 'table', '', 'sales', $1, $2, $3, $3)
        returning id
      ]], source, organization, user)
      local grant = [[
        insert into dataset_permissions (organization_id, dataset_id, permission_id, permission_type)
        values ($1, $2, gen_random_uuid(), $3)
      ]]
      tx:exec(grant, organization, dataset, "team")
      assert_refused("dataset_permissions_permission_type_check", tx, grant,
        organization, dataset, "organization")
    end)
  end)

  it("lets a message produce two versions of a file, but not one version twice", function()
    with_tenant(function(tx, organization, user)
      local chat = tx:value([[
        insert into chats (title, organization_id, created_by, updated_by)
        values ('Orders', $1, $2, $2)
        returning id
      ]], organization, user)
      local message = tx:value([[
        insert into messages (title, chat_id, created_by)
        values ('Orders', $1, $2)
        returning id
      ]], chat, user)
      local file = mp.uuid()
      local add = [[
        insert into messages_to_files (id, message_id, file_id, file_type, version_number)
        values (gen_random_uuid(), $1, $2, $3, $4)
      ]]
      tx:exec(add, message, file, "metric_file", 1)
      tx:exec(add, message, file, "metric_file", 2)
      assert_refused("messages_to_files_message_id_file_id_version_number_key", tx, add,
        message, file, "metric_file", 2)
      assert_refused("messages_to_files_file_type_check", tx, add, message, file, "chat", 3)
    end)
  end)

  it("refuses an API key that is not a digest", function()
    with_tenant(function(tx, organization, user)
      local add = "insert into api_keys (owner_id, key, organization_id) values ($1, $2, $3)"
      assert_refused("api_keys_key_is_digest", tx, add, user, "eyJhbGciOiJIUzI1NiJ9.e30.x", organization)
      tx:exec(add, user, ("0a"):rep(32), organization)
    end)
  end)

  it("refuses orphans: assets without organisation, members of no collection or group", function()
    with_tenant(function(tx, _, user, source)
      assert_refused("metric_files_organization_id_fkey", tx, ADD_METRIC, "Orders", mp.uuid(), user, source)
      assert_refused("dashboard_files_organization_id_fkey", tx, [[
        insert into dashboard_files (name, file_name, content, organization_id, created_by)
        values ('D', 'd.yml', '{}', gen_random_uuid(), $1)
      ]], user)
      assert_refused("collections_to_assets_collection_id_fkey", tx, [[
        insert into collections_to_assets (collection_id, asset_id, asset_type, created_by, updated_by)
        values (gen_random_uuid(), gen_random_uuid(), 'chat', $1, $1)
      ]], user)
      assert_refused("permission_groups_to_identities_permission_group_id_fkey", tx, [[
        insert into permission_groups_to_identities (
          permission_group_id, identity_id, identity_type, created_by, updated_by
        )
        values (gen_random_uuid(), $1, 'user', $1, $1)
      ]], user)
    end)
  end)

  it("lets a user's id change and take everything along", function()
    with_tenant(function(tx, organization, user, source)
      tx:exec(ADD_METRIC, "Orders", organization, user, source)
      tx:exec("update users set id = gen_random_uuid() where id = $1::uuid", user)
      assert.equal(1, tx:value "select count(*) from metric_files join users on users.id = created_by")
    end)
  end)

  it("touches updated_at on every table that has it, but for the search entries", function()
    local rows = db:query [[
      select c.table_name::text as name
      from information_schema.columns c
      left join information_schema.triggers t
        on t.event_object_table = c.table_name and t.trigger_name = 'set_updated_at'
      where c.table_schema = 'public'
        and c.column_name = 'updated_at'
        and t.trigger_name is null
        and c.table_name not in ('__diesel_schema_migrations', 'moonpool_migrations')
    ]]
    assert.equal(1, #rows)
    assert.equal("asset_search", rows[1].name)
  end)

  it("sets updated_at when a writer forgets it, and keeps what a writer sets", function()
    trying(function(tx)
      local user = add_user(tx, "ada@example.org")
      local function is(expression)
        return tx:value("select updated_at = " .. expression .. " from users where id = $1::uuid", user)
      end
      tx:exec("update users set updated_at = '2020-01-01Z' where id = $1::uuid", user)
      assert.is_true(is "'2020-01-01Z'")
      tx:exec("update users set name = 'Ada' where id = $1::uuid", user)
      assert.is_true(is "now()")
    end)
  end)

  describe("search", function()
    local function entry(tx, kind)
      return tx:one([[
        select content, deleted_at is not null as is_deleted, count(*) over () as entries
        from asset_search
        where asset_type = $1
      ]], kind)
    end

    -- An insert, a new name, a soft and a hard deletion of one asset.
    local function assert_followed(tx, kind, table_name, id)
      assert.same({ content = "Orders", is_deleted = false, entries = 1 }, entry(tx, kind))
      tx:exec(("update %s set name = 'Invoices' where id = $1::uuid"):format(table_name), id)
      assert.equal("Invoices", entry(tx, kind).content)
      tx:exec(("update %s set deleted_at = now() where id = $1::uuid"):format(table_name), id)
      assert.is_true(entry(tx, kind).is_deleted)
      tx:exec(("update %s set deleted_at = null where id = $1::uuid"):format(table_name), id)
      assert.is_false(entry(tx, kind).is_deleted)
      tx:exec(("delete from %s where id = $1::uuid"):format(table_name), id)
      assert.is_true(entry(tx, kind).is_deleted)
    end

    it("follows metrics", function()
      with_tenant(function(tx, organization, user, source)
        local id = tx:value(ADD_METRIC, "Orders", organization, user, source)
        assert_followed(tx, "metric", "metric_files", id)
      end)
    end)

    it("follows dashboards", function()
      with_tenant(function(tx, organization, user)
        local id = tx:value([[
          insert into dashboard_files (name, file_name, content, organization_id, created_by)
          values ('Orders', 'd.yml', '{}', $1, $2)
          returning id
        ]], organization, user)
        assert_followed(tx, "dashboard", "dashboard_files", id)
      end)
    end)

    it("follows collections", function()
      with_tenant(function(tx, organization, user)
        local id = tx:value([[
          insert into collections (name, organization_id, created_by, updated_by)
          values ('Orders', $1, $2, $2)
          returning id
        ]], organization, user)
        assert_followed(tx, "collection", "collections", id)
      end)
    end)

    it("works whatever search path the session has chosen", function()
      with_tenant(function(tx, organization, user, source)
        tx:exec "set local search_path = pg_catalog"
        tx:exec((ADD_METRIC:gsub("into ", "into public.", 1)), "Orders", organization, user, source)
        assert.equal(1, tx:value "select count(*) from public.asset_search")
      end)
    end)

    it("finds words through the index", function()
      with_tenant(function(tx, organization, user, source)
        tx:exec(ADD_METRIC, "Überblick: Orders", organization, user, source)
        tx:exec "set local enable_seqscan = off"
        local query = [[
          select count(*)
          from asset_search
          where to_tsvector('simple', content) @@ plainto_tsquery('simple', 'überblick')
            and deleted_at is null
        ]]
        assert.equal(1, tx:value(query))
        local plan = tx:value("explain (format json) " .. query)
        local text = type(plan) == "table" and mp.json.encode(plan) or plan
        assert.truthy(text:find("asset_search_content_idx", 1, true))
      end)
    end)
  end)
end)
