--- The module in stock lua5.4 and in the executable: found by its own path, beside other modules, from any folder.

local shell = require "spec.support.shell"
local stock = require "spec.support.stock"

local function capture(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local output = pipe:read("a")
  local _, _, code = pipe:close()
  return output, code
end

local quote = shell.quote

local build = shell.build()

local INTERPRETERS = {
  ["lua5.4"] = stock.command(),
  moonpool = quote(build .. "/moonpool"),
}

for name, interpreter in pairs(INTERPRETERS) do
  describe("the module in " .. name, function()
    local function run(script, folder)
      return capture(("cd %s && %s -e %s"):format(folder or ".", interpreter, quote(script)))
    end

    local function assert_prints(expected, script, folder)
      local output, code = run(script, folder)
      assert.are.same({ expected .. "\n", 0 }, { output, code })
    end

    it("loads from any folder by its place alone", function()
      assert_prints("table", 'print(type(require "moonpool"))', "/")
      assert_prints("table", 'require "moonpool" print(type(require "moonpool.migrate.runner"))', "/tmp")
    end)

    it("takes its own files from its own folder, whatever else has their names", function()
      local folder = capture("mktemp -d"):gsub("%s+$", "")
      finally(function() os.execute("rm -r " .. quote(folder)) end)
      assert(os.execute("mkdir " .. quote(folder .. "/moonpool")))
      for _, file in ipairs { "database", "show", "other" } do
        local out <close> = assert(io.open(("%s/moonpool/%s.lua"):format(folder, file), "w"))
        out:write "return 'not ours'"
      end
      assert_prints("table\tfunction\tnot ours",
        [[package.path = "./?.lua" local mp = require "moonpool"
        print(type(mp), type(mp.show), (require "moonpool.other"))]], folder)
    end)

    it("is one module, however often and by whatever name it is required", function()
      assert_prints("true\ttrue", [[
        local core = require "moonpool.core"
        local mp = require "moonpool"
        package.loaded.moonpool = nil
        print(require "moonpool".null == mp.null, require "moonpool.core" == core)]])
    end)

    it("sets no global and leaves package.path alone", function()
      assert_prints("", [[
        local path, before = package.path, {}
        for key in pairs(_G) do before[key] = true end
        require "moonpool"
        for key in pairs(_G) do if not before[key] then io.write(key, " ") end end
        print(package.path == path and "" or "path")]])
    end)

    it("stands beside lua-cjson and luv", function()
      assert_prints("true\t[null]\ttrue", [[
        local cjson, mp, uv = require "cjson", require "moonpool", require "luv"
        local fired = false
        local timer = uv.new_timer()
        timer:start(1, 0, function() mp.all { function() mp.sleep(0.001) fired = true end } timer:close() end)
        uv.run()
        print(cjson.null == mp.null, cjson.encode { mp.null }, fired)]])
    end)

    it("says what its version is", function()
      assert_prints("0.1.0", 'print(require "moonpool".version)')
    end)

    it("does not disturb a script's own error handling", function()
      local output, code = run 'require "moonpool".sleep("x")'
      assert.are.equal(1, code)
      assert.matches("(command line):1: the argument of sleep is a string; expected a number of seconds", output, 1,
        true)
    end)
  end)
end

describe("the executable", function()
  local moonpool = INTERPRETERS.moonpool

  it("does not load what a script does not ask for", function()
    local output = capture(moonpool .. [[ -e 'for line in io.lines("/proc/self/maps") do
      if line:find("libpq") then print(line) end end']])
    assert.are.equal("", output)
  end)

  it("says so when the script is not there, is a folder, or does not compile", function()
    local output, code = capture(moonpool .. " /no/such.lua")
    assert.are.equal(1, code)
    assert.matches("cannot open /no/such.lua", output, 1, true)
    output, code = capture(moonpool .. " /tmp")
    assert.are.equal(1, code)
    assert.matches("/tmp", output, 1, true)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write("local x = 1\nlocal = 2\n")
    file:close()
    output, code = capture(moonpool .. " " .. path)
    os.remove(path)
    assert.are.equal(1, code)
    assert.matches(path .. ":2: <name> expected near '='", output, 1, true)
  end)
end)
