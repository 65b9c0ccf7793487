--- Passwords that change while a pool is in use.

local core = require "moonpool.core"
local mp = require "moonpool"
local cluster = require "spec.support.cluster"

local function error_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return err
end

describe("a password", function()
  local folder, place, admin, db

  local function set_password(password)
    admin:script(("alter role guarded password '%s'"):format(password))
  end

  local function open(options)
    options.url = place.url
    options.user = options.user or "guarded"
    options.max_size = options.max_size or 2
    db = mp.connect(options)
    return db
  end

  --- Two connections are needed inside.
  local function with_one_out(fn)
    return db:checkout(fn)
  end

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    place = core.local_start { folder = folder, throw_away = true, quiet = true }
    admin = mp.connect(place.url)
    admin:script "create role guarded login; create role other login password 'hidden'"
    local path = place.data .. "/pg_hba.conf"
    local file = assert(io.open(path))
    local rules = file:read("a")
    file:close()
    file = assert(io.open(path, "w"))
    file:write("local all guarded,other scram-sha-256\n", rules)
    file:close()
    admin:query "select pg_reload_conf()"
    cluster.wait_until(function()
      return admin:value "select count(*) from pg_hba_file_rules where auth_method = 'scram-sha-256'" == 1
    end)
  end)

  teardown(function()
    admin:close()
    core.local_stop { folder = folder, quiet = true }
    os.execute("rm -rf '" .. folder .. "'")
  end)

  before_each(function() set_password "hidden" end)
  after_each(function() if db then db:close() end end)

  describe("from a function", function()
    it("is asked for when a connection is to be opened, and only then", function()
      local asked = 0
      open { password = function()
        asked = asked + 1
        return "hidden"
      end }
      assert.are.equal(0, asked)
      assert.are.equal("guarded", db:value "select current_user")
      db:query "select 1"
      assert.are.equal(1, asked)
      with_one_out(function() db:query "select 1" end)
      assert.are.equal(2, asked)
    end)

    it("may come with a user, and may wait", function()
      open { password = function()
        mp.sleep(0.001)
        return admin:value "select 'hidden'", "other"
      end }
      assert.are.same({ "other", "other" }, { mp.all {
        function() return db:value "select current_user" end,
        function() return db:value "select current_user from pg_sleep(0.01)" end,
      } })
    end)

    it("is asked for once more when the server refuses it", function()
      local answers = { "hidden", "hidden", "changed" }
      open { password = function() return table.remove(answers, 1) end }
      with_one_out(function(connection)
        set_password "changed"
        assert.are.equal("guarded", db:value "select current_user")
        assert.are.equal(1, connection:value "select 1")
      end)
      assert.are.same({}, answers)
    end)

    it("is refused for good the second time, without being shown", function()
      local asked = 0
      open { password = function()
        asked = asked + 1
        return "wr0ng"
      end }
      local err = error_of(db.query, db, "select 1")
      assert.are.same({ "connection", "28P01", 2 }, { err.kind, err.sqlstate, asked })
      assert.is_nil(tostring(err):find("wr0ng", 1, true))
    end)

    it("is the last one for what is opened in the background", function()
      local asked = 0
      open { min_idle = 2, max_size = 3, password = function()
        asked = asked + 1
        return "hidden"
      end }
      assert.are.equal(1, asked)
      cluster.wait_until(function() return db:stats().idle == 2 end)
      with_one_out(function() cluster.wait_until(function() return db:stats().open == 3 end) end)
      assert.are.same({ 1, 0 }, { asked, db:stats().connect_failures })
    end)

    it("that was changed reaches all tasks that wait", function()
      local current, asked = "hidden", 0
      open { max_size = 4, password = function()
        asked = asked + 1
        return current
      end }
      with_one_out(function()
        set_password "changed"
        local tasks = {}
        for i = 1, 6 do
          tasks[i] = function() return db:value("select $1::int", i) end
        end
        local first = tasks[1]
        tasks[1] = function()
          current = "changed"
          return first()
        end
        assert.are.same({ 1, 2, 3, 4, 5, 6 }, { mp.all(tasks) })
      end)
      assert.is_true(asked <= 8)
    end)

    it("that raises, or is no password, is the caller's error", function()
      local answer
      open { password = function()
        if answer == nil then error("the vault is sealed", 0) end
        return table.unpack(answer)
      end }
      assert.are.equal("the vault is sealed", error_of(db.query, db, "select 1"))
      for _, case in ipairs {
        { { 5 }, "the function of option password gave a number; expected the password, a string" },
        { {}, "the function of option password gave a nil; expected the password, a string" },
        { { "" }, "the function of option password gave an empty string; expected the password, a string" },
        { { "a\0b" }, "the password that the function of option password gave has a NUL byte" },
        { { "a", 5 }, "the second value of option password's function is a number; expected the user, a string" },
        { { "a", "b\0" }, "the user that the function of option password gave has a NUL byte" },
      } do
        answer = case[1]
        local err = error_of(db.query, db, "select 1")
        assert.are.same({ "usage", case[2] }, { err.kind, err.message })
      end
      answer = { "hidden" }
      assert.are.equal(1, db:value "select 1")
    end)
  end)

  describe("from a file", function()
    local path

    local function write(text)
      local file <close> = assert(io.open(path, "w"))
      file:write(text)
    end

    before_each(function() path = os.tmpname() end)
    after_each(function() os.remove(path) end)

    it("is read anew for each connection", function()
      write "hidden\n"
      open { password_file = path, password = "of no use" }
      with_one_out(function()
        set_password "changed"
        write "changed"
        assert.are.equal("guarded", db:value "select current_user")
      end)
    end)

    it("that is not there is told with its path", function()
      os.remove(path)
      open { password_file = path }
      local err = error_of(db.query, db, "select 1")
      assert.are.same({ "connection", ("password_file %s: No such file or directory"):format(path) },
        { err.kind, err.message })
      write "hidden"
      assert.are.equal(1, db:value "select 1")
    end)
  end)
end)
