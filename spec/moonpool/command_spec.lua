--- The commands from outside: output, exit codes, and what goes to which stream.

local cluster = require "spec.support.cluster"
local shell = require "spec.support.shell"

local quote = shell.quote
local capture = shell.run

local build = shell.build()
local MOONPOOL = quote(build .. "/moonpool")

describe("moonpool local", function()
  local folder

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir -p " .. folder .. "/.moonpool && chmod 755 " .. folder))
  end)

  teardown(function()
    capture(("cd %s && %s local stop 2>&1"):format(folder, MOONPOOL))
    os.execute("rm -rf " .. folder)
  end)

  --- Runs in the project's folder, without any server in the environment.
  local function run(arguments, errors)
    return capture(("cd %s && env -u DATABASE_URL MOONPOOL_NO_ENV=1 %s %s %s"):format(folder, MOONPOOL,
      arguments, errors or "2>&1"))
  end

  it("starts, shows and stops the project's own server", function()
    local output, code = run "local status"
    assert.are.equal(3, code)
    assert.matches("not made yet", output)

    output, code = run("local url", "2>/dev/null")
    assert.are.equal(0, code)
    assert.matches("^postgresql://[^\n]+\n$", output)
    local url = output

    output, code = run "local status"
    assert.are.equal(0, code)
    assert.matches("state    running %(process %d+%)", output)
    assert.matches(url, output, 1, true)

    assert.are.equal("42\n", (run "-e 'print(require [[moonpool]].connect():value [[select 42]])'"))
    assert.are.equal("42\n", (run "psql -Atc 'select 42'"))

    assert.are.equal(0, select(2, run "local stop"))
    output, code = run "local status"
    assert.are.equal(3, code)
    assert.matches("stopped", output)
    assert.are.equal(0, select(2, run "local stop"))
  end)

  it("shows its usage for anything else", function()
    for _, arguments in ipairs { "local", "local nonsense", "local status now" } do
      local output, code = run(arguments)
      assert.are.equal(2, code)
      assert.matches("^usage: moonpool local", output)
    end
  end)
end)

describe("moonpool psql", function()
  it("opens what DATABASE_URL names, with psql's own options and exit code", function()
    local command = ("DATABASE_URL=%s %s psql -X -At "):format(quote(cluster.database()), MOONPOOL)
    assert.matches("^spec_", (capture(command .. "-c 'select current_database()'")))
    assert.are.equal(1, select(2, capture(command .. "-c 'selekt' 2>/dev/null")))
  end)

  it("says what is wrong with DATABASE_URL", function()
    local output, code = capture("DATABASE_URL=mysql://h/x " .. MOONPOOL .. " psql -c 'select 1' 2>&1")
    assert.are_not.equal(0, code)
    assert.matches("mysql", output)
  end)
end)

describe("moonpool migrate", function()
  it("takes an empty database to the domain and back", function()
    local command = ("DATABASE_URL=%s %s migrate "):format(quote(cluster.database()), MOONPOOL)
    local output, code = capture(command .. "up 2>&1")
    assert.are.equal(0, code, output)
    output, code = capture(command .. "status 2>&1")
    assert.are.equal(0, code, output)
    output, code = capture(command .. "up 2>&1")
    assert.are.equal(0, code, output)
    output, code = capture(command .. "down 1 2>&1")
    assert.is_true(code == 0 or code == 2, output)
  end)

  it("says where its usage is for what it does not know", function()
    local output, code = capture(MOONPOOL .. " migrate nonsense 2>&1")
    assert.are.equal(2, code)
    assert.matches("there is no `migrate nonsense`", output, 1, true)
  end)
end)
