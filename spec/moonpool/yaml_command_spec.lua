--- `moonpool yaml` from outside: files, exit codes, and what is printed.

local mp = require "moonpool"
local shell = require "spec.support.shell"

local quote = shell.quote

local DASHBOARD = [[
# of the sales team
name: "Sales: EU"
rows:
  - items: [{id: 2f6a8c1e-0a3b-4c5d-8e7f-0123456789ab}]
    column_sizes: [12]
]]

local FORMATTED = [[
name: "Sales: EU"
description: null
rows:
  - id: 1
    items:
      - id: 2f6a8c1e-0a3b-4c5d-8e7f-0123456789ab
    columnSizes:
      - 12
]]

local WRONG = [[
name: Sales
rows:
  - items: [{id: 2f6a8c1e-0a3b-4c5d-8e7f-0123456789ab}]
    columnSizes: [11]
    colour: red
]]

--- Kinds that a project of its own has.
local TYPES = [[
local shape = require "moonpool.shape"
return { kinds = {
  { name = "dish", type = { recognised_by = { "price" }, shape = shape.object("Dish", {
    { "price", shape.number { required = true, min = 0 } } }) } },
} }
]]

local function write_file(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

describe("moonpool yaml", function()
  local folder

  before_each(function()
    folder = shell.line "mktemp -d"
  end)

  after_each(function()
    os.execute("rm -rf " .. quote(folder))
  end)

  --- Runs the command in the folder, with both of its outputs in one.
  local function run(arguments)
    return shell.run(("cd %s && %s/moonpool yaml %s 2>&1"):format(quote(folder), quote(shell.build()), arguments))
  end

  local function put(name, text)
    write_file(folder .. "/" .. name, text)
  end

  describe("check", function()
    it("says nothing of what is right", function()
      put("a.yml", DASHBOARD)
      assert.same({ "", 0 }, { run "check a.yml" })
    end)

    it("tells each mistake with its line, a caret, and what to do", function()
      put("a.yml", WRONG)
      local output, code = run "check a.yml"
      assert.equal(1, code)
      assert.equal([[
a.yml:4:18: rows[1].columnSizes: the sum of the sizes is 11; expected exactly 12
  4 |     columnSizes: [11]
    |                  ^
a.yml:5:5: warning: rows[1].colour: there is no field "colour" in Row
  5 |     colour: red
    |     ^
  hint: its fields are id, items, columnSizes, rowHeight
]], output)
    end)

    it("succeeds with warnings, and fails with them in strict mode", function()
      put("a.yml", (WRONG:gsub("11", "12")))
      local output, code = run "check a.yml"
      assert.equal(0, code)
      assert.truthy(output:find("a.yml:5:5: warning: rows[1].colour", 1, true))
      output, code = run "check --strict a.yml"
      assert.equal(1, code)
      assert.truthy(output:find("a.yml:5:5: rows[1].colour", 1, true))
    end)

    it("looks at all files, and at standard input", function()
      put("a.yml", WRONG)
      put("b.yml", "name: [\n")
      local output, code = run "check a.yml b.yml"
      assert.equal(1, code)
      assert.truthy(output:find("\nb.yml:", 1, true))
      output, code = run "check - < a.yml"
      assert.equal(1, code)
      assert.truthy(output:find("^standard input:4:18: "))
    end)

    it("knows the kind by the fields, or is told", function()
      put("a.yml", "title: x\n")
      local output, code = run "check a.yml"
      assert.equal(1, code)
      assert.truthy(output:find("hint: say it by --kind: metric, dashboard", 1, true))
      put("b.yml", "rows: []\nsql: x\n")
      assert.truthy(run("check b.yml"):find("the fields do not tell what it is", 1, true))
      put("b.yml", "name: A\nrow: []\n")
      assert.truthy(run("check b.yml"):find('"rows" is missing; DashboardYml requires it', 1, true))
      put("b.yml", "")
      assert.equal("b.yml:1:1: expected a map, but the document is empty\n", (run "check b.yml"))
      put("b.yml", "- a")
      assert.truthy(run("check b.yml"):find("b.yml:1:1: expected a map, but it is a list", 1, true))
      put("b.yml", "~")
      assert.equal("b.yml:1:1: expected a map, but it is null\n  1 | ~\n    | ^\n", (run "check b.yml"))
      output, code = run "check --kind dashboard a.yml"
      assert.equal(1, code)
      assert.truthy(output:find('"rows" is missing; DashboardYml requires it', 1, true))
      output, code = run "check --kind=dashbord a.yml"
      assert.equal(2, code)
      assert.truthy(output:find("did you mean dashboard?", 1, true))
    end)

    it("prints what was found as JSON", function()
      put("a.yml", WRONG)
      put("b.yml", DASHBOARD)
      local output, code = run "check --json a.yml b.yml"
      assert.equal(1, code)
      local found = mp.json.decode(output)
      assert.equal(2, #found)
      assert.equal("dashboard", found[1].kind)
      assert.same({ path = "rows[1].columnSizes", line = 4, column = 18,
        message = "the sum of the sizes is 11; expected exactly 12" }, found[1].errors[1])
      assert.equal("rows[1].colour", found[1].warnings[1].path)
      assert.same({ file = "b.yml", kind = "dashboard", errors = {}, warnings = {} }, found[2])
    end)

    it("says where something begins that does not end", function()
      put("a.yml", "name: A\nrows: [\n  1\nid: 1\n")
      for _, options in ipairs { "", "--kind dashboard " } do
        assert.truthy(run("check " .. options .. "a.yml"):find("hint: the list begins in line 2, column 7", 1, true))
      end
    end)

    it("says when there are more mistakes than it tells", function()
      local rows = {}
      for i = 1, 1000 do
        rows[i] = "  - 1\n"
      end
      put("a.yml", "name: A\nrows:\n" .. table.concat(rows))
      local last = "\na.yml: these are the first 1000 of 1001 mistakes\n"
      assert.is_nil(run("check a.yml"):find("these are the first", 1, true))
      put("a.yml", "name: 1\nrows:\n" .. table.concat(rows))
      local output, code = run "check a.yml"
      assert.equal(1, code)
      assert.equal(last, output:sub(-#last))
      assert.equal(1000, #mp.json.decode((run "check --json a.yml"))[1].errors)
    end)

    it("does not speak of options that only scripts have", function()
      put("a.yml", ("["):rep(200))
      for _, options in ipairs { "", "--kind dashboard " } do
        local output = run("check " .. options .. "a.yml")
        assert.truthy(output:find("100 levels are allowed", 1, true))
        assert.is_nil(output:find("option", 1, true))
      end
    end)

    it("says that a file has one document", function()
      put("a.yml", "name: A\n---\nname: B\n")
      local output, code = run "check a.yml"
      assert.equal(1, code)
      assert.truthy(output:find("a.yml:2:1: the text has a second document\n", 1, true))
      assert.truthy(output:find("hint: write one document in a file", 1, true))
    end)

    it("tells in JSON too which files cannot be read", function()
      put("a.yml", DASHBOARD)
      local output, code = run "check --json none.yml a.yml"
      assert.equal(2, code)
      local found = mp.json.decode(output:match "%b[]")
      assert.equal(2, #found)
      assert.same({ file = "none.yml", kind = mp.null, warnings = {}, errors = {
        { path = "", message = "none.yml: No such file or directory" } } }, found[1])
    end)

    it("ends with 2 for a file that cannot be read, after it has looked at the others", function()
      put("a.yml", WRONG)
      local output, code = run "check none.yml a.yml"
      assert.equal(2, code)
      assert.truthy(output:find("moonpool yaml: none.yml: No such file", 1, true))
      assert.truthy(output:find("a.yml:4:18", 1, true))
      assert.equal(2, (select(2, run "check .")))
    end)
  end)

  describe("format", function()
    it("prints a document as it would be written", function()
      put("a.yml", DASHBOARD)
      assert.same({ FORMATTED, 0 }, { run "format a.yml" })
      assert.same({ FORMATTED, 0 }, { run "format - < a.yml" })
    end)

    it("leaves a file alone whose comments would be lost, unless it is told to", function()
      put("a.yml", DASHBOARD)
      local output, code = run "format --write a.yml"
      assert.equal(1, code)
      assert.truthy(output:find("a.yml:1: left alone, for the comment would be lost", 1, true))
      assert.equal(DASHBOARD, read_file(folder .. "/a.yml"))
      assert.same({ "wrote a.yml\n", 0 }, { run "format --write --drop-comments a.yml" })
      assert.equal(FORMATTED, read_file(folder .. "/a.yml"))
    end)

    it("takes a # within a text for no comment", function()
      put("a.yml", "name: 'a # b'\ndescription: |\n  # c\nrows: []\n")
      assert.same({ "wrote a.yml\n", 0 }, { run "format --write a.yml" })
      put("a.yml", 'name: "a # b" # c\nrows: []\n')
      assert.equal(1, (select(2, run "format --write a.yml")))
    end)

    it("writes nothing when nothing changes", function()
      put("a.yml", FORMATTED)
      assert.same({ "", 0 }, { run "format --write a.yml" })
      assert.same({ "", 0 }, { run "format --check a.yml" })
    end)

    it("fails by --check where a file is not as it would be written", function()
      put("a.yml", DASHBOARD)
      put("b.yml", FORMATTED)
      assert.same({ "a.yml is not as it would be written\n", 1 }, { run "format --check a.yml b.yml" })
    end)

    it("refuses a document with mistakes, and leaves it alone", function()
      put("a.yml", WRONG)
      local output, code = run "format --write a.yml"
      assert.equal(1, code)
      assert.truthy(output:find("a.yml:4:18", 1, true))
      assert.equal(WRONG, read_file(folder .. "/a.yml"))
    end)
  end)

  describe("schema", function()
    it("prints the JSON Schema of a kind", function()
      for kind, title in pairs { metric = "MetricYml", dashboard = "DashboardYml" } do
        local output, code = run("schema " .. kind)
        assert.equal(0, code)
        assert.equal(title, mp.json.decode(output).title)
      end
      assert.equal(2, (select(2, run "schema report")))
    end)
  end)

  it("finds the kinds of the project, and of a module that it is told", function()
    os.execute("mkdir -p " .. quote(folder) .. "/scripts/kitchen/types " .. quote(folder) .. "/menu")
    put("scripts/kitchen/types/init.lua", TYPES)
    put("menu/soup.yml", "price: -1\n")
    local output, code = run "check menu/soup.yml"
    assert.equal(1, code)
    assert.truthy(output:find("menu/soup.yml:1:8: price: -1 is too small", 1, true))
    assert.equal(1, (select(2, run "check --kind dish menu/soup.yml")))
    put("kitchen.lua", TYPES)
    assert.equal(1, (select(2, run "check --types kitchen menu/soup.yml")))
    output, code = run "check --types nowhere menu/soup.yml"
    assert.equal(2, code)
    assert.truthy(output:find("nowhere", 1, true))
    put("empty.lua", "return {}")
    output, code = run "check --types empty menu/soup.yml"
    assert.equal(2, code)
    assert.truthy(output:find("empty has no list `kinds`", 1, true))
  end)

  it("says how it is used wrongly", function()
    put("a.yml", DASHBOARD)
    for arguments, message in pairs {
      [""] = "say what to do: check, format or schema", ["chek a.yml"] = "there is no `yaml chek`",
      ["check"] = "`yaml check` needs a FILE", ["schema"] = "`yaml schema` needs a KIND",
      ["schema metric dashboard"] = "`yaml schema` takes one KIND", ["check --write a.yml"] = "has no option --write",
      ["check -x a.yml"] = "has no option -x", ["check a.yml --kind"] = "--kind needs a value",
      ["check --json=yes a.yml"] = "--json takes no value", ["format a.yml a.yml"] = "say --write or --check",
      ["format --write --check a.yml"] = "exclude each other", ["format --drop_comments a.yml"] = "has no option",
      ["schema --kind metric"] = "has no option --kind",
    } do
      local output, code = run(arguments)
      assert.equal(2, code, arguments)
      assert.truthy(output:find(message, 1, true), output)
      assert.truthy(output:find("--help", 1, true))
    end
  end)

  it("tells how it is used", function()
    local output, code = run "--help"
    assert.equal(0, code)
    assert.truthy(output:find("^usage: moonpool yaml check"))
  end)
end)
