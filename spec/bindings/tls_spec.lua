--- TLS as libpq does it: what each sslmode encrypts, whom it trusts, and that none of them is less than it says.

local core = require "moonpool.core"
local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local function sh(command, ...)
  local ok = os.execute((command:format(...)) .. " >/dev/null 2>&1")
  assert(ok, "this failed: " .. command:format(...))
end

local has_openssl = os.execute "openssl version >/dev/null 2>&1"

local RULES = [[
local all all peer map=moonpool
hostssl all certified 127.0.0.0/8 cert
hostssl all guarded 127.0.0.0/8 scram-sha-256
hostssl all all 127.0.0.0/8 trust
]]

describe("TLS", function()
  if not has_openssl then
    pending "the program openssl is missing: no certificates can be made"
    return
  end

  local folder, server
  local address = ("127.%d.%d.%d"):format(math.random(1, 254), math.random(1, 254), math.random(1, 254))

  --- A certificate for `name`, signed by the authority.
  local function make_certificate(file, name, authority)
    sh("cd %s && openssl req -newkey rsa:2048 -nodes -keyout %s.key -out %s.csr -subj /CN=%s", folder, file, file, name)
    sh("cd %s && openssl x509 -req -in %s.csr -CA %s.crt -CAkey %s.key -CAcreateserial -days 2 -out %s.crt", folder,
      file, authority, authority, file)
    sh("chmod 600 %s/%s.key", folder, file)
  end

  local function make_authority(file)
    sh("cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout %s.key -out %s.crt -days 2 -subj /CN=%s", folder,
      file, file, file)
  end

  --- The port is always the same; the loopback network has addresses enough for all who run this.
  local function listen_on_tcp()
    local place = core.local_status(server.options)
    local function install(text, name)
      local file = assert(io.open(place.data .. "/" .. name, "w"))
      file:write(text)
      file:close()
    end
    sh("cp %s/server.crt %s/server.key %s/authority.crt %s", folder, folder, folder, place.data)
    sh("chown --reference=%s/PG_VERSION %s/server.* %s/authority.crt", place.data, place.data, place.data)
    install(RULES, "pg_hba.conf")
    local admin <close> = mp.connect(server.url)
    for name, value in pairs { listen_addresses = address, ssl = "on", ssl_ca_file = "authority.crt" } do
      admin:exec(("alter system set %s = '%s'"):format(name, value))
    end
    admin:close()
    core.local_stop(server.options)
    core.local_start(server.options)
  end

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    sh("mkdir -m 755 %s", folder)
    make_authority "authority"
    make_authority "stranger"
    make_certificate("server", "localhost", "authority")
    make_certificate("client", "certified", "authority")
    server = cluster.own_server()
    local admin <close> = mp.connect(server.url)
    admin:script "create role certified login; create role guarded login password 'right'"
    admin:close()
    listen_on_tcp()
  end)

  teardown(function()
    server.stop()
    sh("rm -rf %s", folder)
  end)

  --- A pool on the TCP port; `hostaddr` lets the name be one that nobody has to resolve.
  local function connect(options)
    local all = { host = "localhost", hostaddr = address, database = "moonpool", user = "moonpool",
      sslrootcert = folder .. "/authority.crt", max_size = 1 }
    for name, value in pairs(options) do
      all[name] = value
    end
    return mp.connect(all)
  end

  local function is_encrypted(options)
    local db <close> = connect(options)
    return db:value "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
  end

  local function refusal(options)
    local db <close> = connect(options)
    local ok, err = pcall(db.query, db, "select 1")
    assert.is_false(ok)
    assert.are.equal("connection", err.kind)
    assert.are.equal(0, db:stats().timeouts)
    return err.message
  end

  it("is used by every mode that does not forbid it, where the server has it", function()
    for _, mode in ipairs { "allow", "prefer", "require", "verify-ca", "verify-full" } do
      assert.is_true(is_encrypted { sslmode = mode })
    end
  end)

  it("is what the server can insist on", function()
    assert.matches("no encryption", refusal { sslmode = "disable" })
  end)

  it("refuses the certificate of a strange authority, in every mode that is given one to trust", function()
    for _, mode in ipairs { "require", "verify-ca", "verify-full" } do
      assert.matches("certificate verify failed", refusal { sslmode = mode, sslrootcert = folder .. "/stranger.crt" })
    end
  end)

  it("refuses the certificate of another host with verify-full, and only with that", function()
    local message = refusal { sslmode = "verify-full", host = "elsewhere" }
    assert.matches('server certificate for "localhost" does not match host name "elsewhere"', message)
    assert.is_true(is_encrypted { sslmode = "verify-ca", host = "elsewhere" })
  end)

  it("refuses to verify without an authority to trust", function()
    for _, mode in ipairs { "verify-ca", "verify-full" } do
      assert.matches("root certificate file .*/nowhere.* does not exist", refusal {
        sslmode = mode, sslrootcert = folder .. "/nowhere" })
    end
  end)

  it("shows the client's certificate", function()
    local files = { user = "certified", sslmode = "verify-full", sslcert = folder .. "/client.crt",
      sslkey = folder .. "/client.key" }
    assert.is_true(is_encrypted(files))
    files.sslcert = folder .. "/nowhere"
    assert.matches("certificate", refusal(files))
  end)

  it("is understood in an URL and in keywords and values", function()
    local settings = ("sslmode=verify-full&sslrootcert=%s/stranger.crt"):format(folder)
    local by_url <close> = mp.connect(("postgres://moonpool@localhost/moonpool?hostaddr=%s&%s"):format(address,
      settings))
    local by_words <close> = mp.connect(("host=localhost hostaddr=%s user=moonpool dbname=moonpool %s"):format(address,
      (settings:gsub("&", " "))))
    for _, db in ipairs { by_url, by_words } do
      local ok, err = pcall(db.query, db, "select 1")
      assert.is_false(ok)
      assert.matches("certificate verify failed", err.message)
    end
  end)

  it("does not make up a password that nobody gave", function()
    local without = { user = "guarded", sslmode = "verify-full", passfile = "/dev/null" }
    assert.matches("no password supplied", refusal(without))
    local db <close> = connect { user = "guarded", password = "right", sslmode = "verify-full" }
    assert.are.equal("guarded", db:value "select current_user")
  end)

  it("is asked of a server that has none with an error, not with plain text", function()
    local admin <close> = mp.connect { url = server.url, max_size = 1 }
    admin:exec "alter system set ssl = off"
    admin:query "select pg_reload_conf()"
    cluster.wait_until(function() return admin:value "show ssl" == "off" end)
    for _, mode in ipairs { "require", "verify-ca", "verify-full" } do
      assert.matches("server does not support SSL", refusal { sslmode = mode })
    end
    admin:exec "alter system set ssl = on"
    admin:query "select pg_reload_conf()"
    cluster.wait_until(function() return admin:value "show ssl" == "on" end)
  end)
end)
