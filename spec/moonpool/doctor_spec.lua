--- moonpool doctor: on real servers, a real PgBouncer and a real pgpool-II, and what its judges make of facts that are
--- hard to have.

local bouncer = require "spec.support.bouncer"
local cluster = require "spec.support.cluster"
local findings = require "moonpool.doctor.findings"
local mp = require "moonpool"
local pgpool = require "spec.support.pgpool"
local proxy = require "moonpool.doctor.proxy"
local shell = require "spec.support.shell"

local quote = shell.quote
local capture = shell.run

local build = shell.build()
local MOONPOOL = quote(build .. "/moonpool")
local NO_VARIABLES = "env -u DATABASE_URL -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE -u PGPASSWORD MOONPOOL_NO_ENV=1 "

--- Runs `moonpool doctor` with variables in front: output of both streams, and the exit code.
local function doctor(variables, arguments)
  return capture(("%s%s %s doctor %s 2>&1"):format(NO_VARIABLES, variables, MOONPOOL, arguments or ""))
end

--- The report as a table, and the exit code.
local function report_of(variables, arguments)
  local output, code = doctor(variables, "--json " .. (arguments or ""))
  local ok, report = pcall(mp.json.decode, output)
  assert(ok, output)
  return report, code
end

local function find(report, about)
  for _, finding in ipairs(report.findings) do
    if finding.about == about then
      return finding
    end
  end
end

describe("moonpool doctor", function()
  local url

  lazy_setup(function()
    url = cluster.database()
  end)

  it("tells which server it is, how it was found and what is there", function()
    local output, code = doctor("DATABASE_URL=" .. quote(url))
    assert.are.equal(0, code, output)
    assert.matches("^moonpool   " .. mp.version:gsub("%p", "%%%0") .. " %(libpq %d+%.%d+, libuv %S+, Lua 5%.4%.%d+%)\n",
      output)
    assert.matches("\nfound by   DATABASE_URL\n", output)
    assert.matches("\nserver     socket " .. url:match("host=([^&]*)") .. "/.s.PGSQL.5432\n", output, 1, true)
    assert.matches("\nversion    PostgreSQL %d+", output)
    assert.matches("\ndatabase   " .. url:match("/(spec_%w+)") .. "%S*, as moonpool\n", output)
    assert.matches("\nencoding   UTF8, client UTF8\n", output)
    assert.matches("\npooler     none\n", output)
    assert.matches("\nprepare    auto is right, auto is set\n", output)
    assert.matches("\npipeline   true is right, true is set\n", output)
    assert.matches("\nclock      the server is 0%.00%d s %l+ %l* ?us", output)
  end)

  it("tells the same as JSON", function()
    local report, code = report_of("", "--database-url=" .. quote(url))
    assert.are.equal(0, code)
    assert.are.same({ "--database-url" }, report.found_by)
    assert.is_true(report.session.is_socket and report.session.is_local)
    assert.is_false(report.proxy.is_there)
    assert.are.equal(report.session.pid, report.server.pid)
    assert.is_true(math.abs(report.clock.difference) < 0.1)
    assert.are.same({ prepare = "auto", pipeline = true }, report.recommended)
    assert.are.equal("warning", find(report, "fsync").level)
    assert.are.equal("warning", find(report, "superuser").level)
  end)

  it("leaves nothing behind on the server", function()
    local db <close> = mp.connect(url)
    local before = db:value("select count(*) from pg_class")
    report_of("DATABASE_URL=" .. quote(url))
    assert.are.equal(before, db:value("select count(*) from pg_class"))
  end)

  describe("finds the server", function()
    local folder

    before_each(function()
      folder = os.tmpname()
      os.remove(folder)
      assert(os.execute("mkdir " .. folder))
    end)

    after_each(function()
      os.execute("rm -rf " .. folder)
    end)

    it("by libpq's variables", function()
      local variables = ("PGHOST=%s PGUSER=moonpool PGDATABASE=postgres"):format(url:match("host=([^&]*)"))
      assert.are.same({ "PGHOST", "PGDATABASE", "PGUSER" }, report_of(variables).found_by)
    end)

    it("by a line of the .env file", function()
      local file <close> = assert(io.open(folder .. "/.env", "w"))
      assert(file:write("# the database\n\nDATABASE_URL=" .. url .. "\n"))
      file:close()
      local command = "cd %s && %s MOONPOOL_NO_ENV= %s doctor --json 2>&1"
      local output = capture(command:format(folder, NO_VARIABLES, MOONPOOL))
      assert.are.same({ folder .. "/.env:3: DATABASE_URL" }, mp.json.decode(output).found_by)
    end)

    it("when it is the private one, which it starts", function()
      assert(os.execute("mkdir " .. folder .. "/.moonpool && chmod 755 " .. folder))
      local command = ("cd %s && %s %s "):format(folder, NO_VARIABLES, MOONPOOL)
      local output, code = capture(command .. "doctor --json 2>/dev/null")
      capture(command .. "local stop 2>&1")
      local report = mp.json.decode(output)
      assert.are.equal(0, code)
      assert.are.same({ "the private server" }, report.found_by)
      assert.is_true(report.server.is_private)
      assert.are.same(mp.array {}, report.findings)
    end)
  end)

  describe("has a problem, and the exit code 1,", function()
    local function problem(variables, arguments)
      local report, code = report_of(variables, arguments)
      assert.are.equal(1, code)
      assert.are.equal("problem", report.findings[1].level)
      return report.findings[1]
    end

    it("when a setting is wrong", function()
      local finding = problem("DATABASE_URL=mysql://h/x")
      assert.are.equal("settings", finding.about)
      assert.matches("DATABASE_URL: the URL's scheme must be postgres", finding.what, 1, true)
      finding = problem("MOONPOOL_MAX_SIZE=0 DATABASE_URL=" .. quote(url))
      assert.matches("MOONPOOL_MAX_SIZE: max_size must be", finding.what, 1, true)
    end)

    it("when nobody answers", function()
      local finding = problem("", "--database-url 'postgresql:///x?host=/tmp/no-such-folder'")
      assert.are.equal("connection", finding.about)
      assert.matches("/tmp/no-such-folder/.s.PGSQL.5432", finding.what, 1, true)
      assert.matches("start the server", finding.mend, 1, true)
    end)

    it("when there is no such database", function()
      local finding = problem("DATABASE_URL=" .. quote(cluster.url_of("no_such_database")))
      assert.matches('database "no_such_database" does not exist', finding.what, 1, true)
      assert.matches("create the database", finding.mend, 1, true)
    end)
  end)

  it("never prints a password", function()
    for _, each in ipairs {
      "DATABASE_URL=" .. quote(url .. "&password=marker-password"),
      "PGPASSWORD=marker-password DATABASE_URL=" .. quote(url),
      "DATABASE_URL=postgresql://ada:marker-password@localhost:1/x",
      "DATABASE_URL=postgresql://ada:marker-password@localhost:99999/x",
      "DATABASE_URL='host=/tmp password=marker-password dbnme=x'",
    } do
      for _, arguments in ipairs { "", "--json" } do
        local output = doctor(each, arguments)
        assert.matches("found", output, 1, true)
        assert.is_nil(output:find("marker", 1, true), output)
      end
    end
  end)

  it("says how it is used for what it does not know", function()
    for _, arguments in ipairs { "--jsn", "now", "--database-url", "--database-url=", "--json=1" } do
      local output, code = doctor("", arguments)
      assert.are.equal(2, code)
      assert.matches("hint: `moonpool doctor --help` shows", output, 1, true)
    end
    local output, code = doctor("", "--help")
    assert.are.equal(0, code)
    assert.matches("^usage: moonpool doctor", output)
  end)
end)

describe("moonpool doctor behind PgBouncer", function()
  local url

  lazy_setup(function()
    url = cluster.database()
  end)

  --- Runs fn with an URL that leads through a PgBouncer.
  local function behind(settings, fn)
    return function()
      if not bouncer.program() then
        return pending("pgbouncer is not installed")
      end
      local between = bouncer.start(url, settings)
      local cleaner <close> = setmetatable({}, { __close = between.stop })
      fn(between.url, cleaner)
    end
  end

  it("tells of TLS", function()
    if not bouncer.program() or not os.execute("command -v openssl >/dev/null") then
      return pending("pgbouncer or openssl is not installed")
    end
    local key = os.tmpname()
    local certificate = key .. ".crt"
    assert(os.execute(("openssl req -x509 -nodes -newkey rsa:2048 -subj /CN=spec -keyout %s -out %s 2>/dev/null && "
      .. "chmod 644 %s"):format(key, certificate, key)))
    local between = bouncer.start(url, ([[
pool_mode = session
ignore_startup_parameters = options
client_tls_sslmode = require
client_tls_cert_file = %s
client_tls_key_file = %s]]):format(certificate, key), "127.0.0.1")
    local cleaner <close> = setmetatable({}, { __close = between.stop })
    local through = ("postgresql://moonpool@127.0.0.1:%d/postgres?sslmode=require"):format(between.port)
    local output, code = doctor("DATABASE_URL=" .. quote(through))
    assert.are.equal(0, code, output)
    assert.matches("\nserver     127.0.0.1, port " .. between.port .. "\n", output, 1, true)
    assert.matches("\ntls        TLSv1%.%d, [%w_-]+\n", output)
    assert.is_not_nil(cleaner)
    os.remove(key)
    os.remove(certificate)
  end)

  it("says that nothing works without prepare = \"never\", and does not stop there",
    behind("pool_mode = transaction", function(through)
      local report, code = report_of("DATABASE_URL=" .. quote(through))
      assert.are.equal(1, code)
      assert.are.equal("problem", find(report, "prepare").level)
      assert.matches("MOONPOOL_PREPARE=never", find(report, "prepare").mend, 1, true)
      assert.are.equal("PgBouncer", report.proxy.name)
      assert.are.equal("transaction", report.proxy.pooling)
      assert.are.same({ prepare = "never", pipeline = true }, report.recommended)
      assert.are_not.equal(report.session.pid, report.server.pid)
    end))

  it("finds transaction pooling when options are ignored",
    behind("pool_mode = transaction\nignore_startup_parameters = options,extra_float_digits", function(through)
      local report, code = report_of("DATABASE_URL=" .. quote(through))
      assert.are.equal(1, code)
      assert.is_nil(report.proxy.refuses_options)
      assert.are.equal("transaction", report.proxy.pooling)
      assert.are.equal("problem", find(report, "prepare").level)
      assert.are.equal("PgBouncer", report.proxy.name)
    end))

  it("finds transaction pooling on a single connection",
    behind("pool_mode = transaction\ndefault_pool_size = 1", function(through)
      local report = report_of("MOONPOOL_PREPARE=never DATABASE_URL=" .. quote(through))
      assert.are.equal("transaction", report.proxy.pooling)
    end))

  it("is content with prepare = \"never\"", behind("pool_mode = transaction", function(through)
    local report, code = report_of("MOONPOOL_PREPARE=never DATABASE_URL=" .. quote(through))
    assert.are.equal(0, code)
    assert.is_nil(find(report, "prepare"))
    assert.are.equal("note", find(report, "pooling").level)
    assert.are.equal("transaction", report.proxy.pooling)
  end))

  it("tells session pooling from transaction pooling",
    behind("pool_mode = session\nignore_startup_parameters = options", function(through)
      local report, code = report_of("DATABASE_URL=" .. quote(through))
      assert.are.equal(0, code)
      assert.is_true(report.proxy.is_there)
      assert.are.equal("session", report.proxy.pooling)
      assert.are.same({ prepare = "auto", pipeline = true }, report.recommended)
    end))
end)

describe("moonpool doctor behind pgpool-II", function()
  it("knows it, although it looks like the server itself, and that nothing has to be set", function()
    if not pgpool.program() then
      return pending("pgpool is not installed")
    end
    local between = pgpool.start(cluster.database())
    local cleaner <close> = setmetatable({}, { __close = between.stop })
    local report, code = report_of("DATABASE_URL=" .. quote(between.url))
    assert.are.equal(0, code)
    assert.are.equal("pgpool-II", report.proxy.name)
    assert.are.equal("session", report.proxy.pooling)
    assert.are.same({ prepare = "auto", pipeline = true }, report.recommended)
    assert.is_not_nil(cleaner)
  end)
end)

describe("moonpool doctor behind a proxy that stalls", function()
  local folder, input

  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    input = assert(io.popen(("lua5.4 spec/support/stalling_proxy.lua %s/.s.PGSQL.5432 %s/.s.PGSQL.%s"):format(folder,
      cluster.url():match("host=([^&]*)"), cluster.url():match("port=(%d+)")), "w"))
    cluster.wait_until(function()
      return os.execute(("test -S %s/.s.PGSQL.5432"):format(folder)) == true
    end)
  end)

  lazy_teardown(function()
    input:close() -- ends it
    os.execute("rm -rf " .. folder)
  end)

  it("says that pipeline has to be off", function()
    local through = cluster.url():gsub("host=[^&]*", "host=" .. folder):gsub("port=%d+", "port=5432")
    local report, code = report_of("DATABASE_URL=" .. quote(through))
    assert.are.equal(1, code)
    assert.are.equal("problem", find(report, "pipeline").level)
    assert.is_false(report.recommended.pipeline)
    report, code = report_of("MOONPOOL_PIPELINE=false DATABASE_URL=" .. quote(through))
    assert.are.equal(0, code)
    assert.is_nil(find(report, "pipeline"))
    assert.is_false(report.recommended.pipeline)
  end)
end)

describe("what the doctor asks the core", function()
  local core = require "moonpool.core"

  it("is of connections, not of pools", function()
    local db <close> = mp.connect(cluster.url())
    assert.has_error(function() core.session(db) end)
    assert.has_error(function() core.session() end)
    assert.has_error(function() core.session(42) end)
    assert.are.equal("moonpool", db:checkout(core.session).user)
  end)

  it("refuses settings that connect refuses", function()
    local wrong = { "mysql://h/x", 42, true, { host = "x", hots = "x" }, { host = "x", "x" }, { port = "x" } }
    for _, argument in ipairs(wrong) do
      local ok, err = pcall(core.settings, argument)
      assert.is_false(ok)
      local _, expected = pcall(mp.connect, argument)
      assert.are.equal(expected.message, err.message)
    end
  end)
end)

describe("the doctor's judgement", function()
  --- Facts of a server without a fault; `changes` is laid over them.
  local function facts_with(changes)
    local facts = {
      versions = {}, found_by = { "DATABASE_URL" }, sslmode = "verify-full",
      pool = { max_size = 10, prepare = "auto", pipeline = true, statement_timeout = 30 },
      session = { host = "db.example.org", port = "5432", is_local = false, tls = "TLSv1.3", cipher = "x" },
      server = {
        user = "ada", encoding = "UTF8", is_superuser = false, is_standby = false, is_private = false, role_limit = -1,
        database_limit = -1, used = 5,
        settings = {
          fsync = "on", full_page_writes = "on", synchronous_commit = "on", track_commit_timestamp = "on",
          idle_in_transaction_session_timeout = "60000", statement_timeout = "0", max_connections = "100",
          superuser_reserved_connections = "3", default_transaction_read_only = "off",
        },
      },
      proxy = { is_there = false, evidence = {} },
      clock = { difference = 0.001, uncertainty = 0.001 },
    }
    for part, values in pairs(changes or {}) do
      if type(values) == "table" and facts[part] then
        for name, value in pairs(values) do
          if name == "settings" then
            for setting, text in pairs(value) do
              facts.server.settings[setting] = text
            end
          else
            facts[part][name] = value
          end
        end
      else
        facts[part] = values
      end
    end
    return facts
  end

  local function judge(changes)
    return findings.judge(facts_with(changes))
  end

  it("finds nothing where nothing is wrong", function()
    assert.are.same({}, judge())
  end)

  local CASES = {
    { "warning", "tls", "not encrypted", { session = { tls = false } } },
    { "warning", "tls", "nobody checks", { sslmode = "require" } },
    { "warning", "clock", "5.0 s ahead", { clock = { difference = 5, uncertainty = 0.1 } } },
    { "warning", "clock", "5.0 s behind", { clock = { difference = -5, uncertainty = 0.1 } } },
    { "warning", "max_size", "max_connections allows 97", { pool = { max_size = 98 } } },
    { "note", "max_size", "50 of the 97", { pool = { max_size = 50 } } },
    { "warning", "max_size", "role ada allows 4", { server = { role_limit = 4 } } },
    { "warning", "max_size", "database allows 4", { server = { database_limit = 4 } } },
    { "warning", "encoding", "SQL_ASCII", { server = { encoding = "SQL_ASCII" } } },
    { "note", "encoding", "LATIN1", { server = { encoding = "LATIN1" } } },
    { "warning", "superuser", "ada is a superuser", { server = { is_superuser = true } } },
    { "note", "standby", "nothing can be written", { server = { is_standby = true } } },
    { "warning", "read_only", "nothing can be written",
      { server = { settings = { default_transaction_read_only = "on" } } } },
    { "warning", "fsync", "power failure", { server = { settings = { fsync = "off" } } } },
    { "warning", "full_page_writes", "power failure", { server = { settings = { full_page_writes = "off" } } } },
    { "note", "synchronous_commit", "are lost", { server = { settings = { synchronous_commit = "off" } } } },
    { "note", "track_commit_timestamp", "after a crash",
      { server = { settings = { track_commit_timestamp = "off" } } } },
    { "note", "idle_in_transaction_session_timeout", "keeps its locks",
      { server = { settings = { idle_in_transaction_session_timeout = "0" } } } },
    { "note", "statement_timeout", "for ever", { pool = { statement_timeout = 0 } } },
    { "note", "prepare", "no pooler", { pool = { prepare = "never" } } },
    { "note", "pipeline", "nothing stalls", { pool = { pipeline = false } } },
  }
  for _, case in ipairs(CASES) do
    local level, about, what, changes = table.unpack(case)
    it(("is a %s about %s: %s"):format(level, about, what), function()
      local found = judge(changes)
      assert.are.equal(1, #found)
      assert.are.equal(level, found[1].level)
      assert.are.equal(about, found[1].about)
      assert.matches(what, found[1].what, 1, true)
      assert.is_true(#found[1].mend > 0)
    end)
  end

  it("lets pass what is no fault", function()
    for _, changes in ipairs {
      { session = { tls = false, is_local = true } },
      { clock = { difference = 5, uncertainty = 4.5 } },
      { pool = { max_size = 48 } },
      { pool = { max_size = 500 }, proxy = { is_there = true, pooling = "session" } },
      { server = { is_superuser = true, is_private = true } },
      { server = { settings = { statement_timeout = "60000" } }, pool = { statement_timeout = 0 } },
    } do
      assert.are.same({}, judge(changes))
    end
  end)

  it("has the worst first", function()
    local found = judge { sslmode = "require", proxy = { is_there = true, pooling = "transaction", stalls = true } }
    local levels = {}
    for i, finding in ipairs(found) do
      levels[i] = finding.level .. " " .. finding.about
    end
    assert.are.same({ "problem prepare", "problem pipeline", "warning tls", "note pooling" }, levels)
  end)

  it("knows a pooler that refuses options by what it says", function()
    local function refused(kind, message)
      return proxy.refuses_options(mp.error { kind = kind, message = message })
    end
    assert.is_true(refused("connection", "FATAL: unsupported startup parameter: options"))
    assert.is_true(refused("connection", "FATAL: unsupported startup parameter in options: x"))
    assert.is_false(refused("server", "FATAL: unsupported startup parameter: options"))
    assert.is_false(refused("connection", "FATAL: unsupported startup parameter: replication"))
    assert.is_false(proxy.refuses_options("startup parameter options"))
  end)
end)
