--- What is no document: cycles, depth, size, metatables, functions. Mistakes, and no crash, endless loop or long wait.

local mp = require "moonpool"
local shape = require "moonpool.shape"

local tree
tree = shape.object("Tree", { { "name", shape.string {} },
  { "children", shape.list(shape.lazy(function() return tree end)) },
  { "map", shape.map(shape.lazy(function() return tree end)) },
  { "free", shape.any {} },
  { "either", shape.any_of { shape.lazy(function() return tree end), shape.list(shape.any {}) } } })

local function first(value, options)
  local found = tree:check(value, options)
  return found[1] and found[1].message
end

describe("a value that is no document", function()
  it("may contain itself", function()
    for _, name in ipairs { "children", "map", "free", "either", "unknown" } do
      local value = {}
      value[name] = name == "children" and { value } or { x = value }
      assert.equal("a table contains itself", first(value), name)
      local list = {}
      list[1] = list
      assert.is_string(first { [name] = list })
    end
  end)

  it("may have a table at several places", function()
    local leaf = { name = "x" }
    assert.is_nil(first { children = { leaf, leaf }, map = { a = leaf }, free = { leaf, leaf } })
  end)

  it("may be deep", function()
    for _, name in ipairs { "children", "free", "either", "unknown" } do
      local value = {}
      for _ = 1, 20000 do
        value = name == "children" and { children = { value } } or { [name] = value }
      end
      assert.equal("nested too deeply: 1000 levels are allowed", first(value, { max_nodes = 10000000 }), name)
      local path = tree:check(value)[1].path
      assert.is_true(#path < 3000)
    end
    local value = {}
    for _ = 1, 400 do
      value = { children = { value } }
    end
    assert.is_nil(first(value))
  end)

  it("may have more in it than there is: tables that share tables", function()
    local value = { name = "x" }
    for _ = 1, 60 do
      value = { children = { value, value } }
    end
    local before = os.clock()
    assert.equal("the document has too many values", first(value, { max_nodes = 10000 }))
    local free = { 1 }
    for _ = 1, 60 do
      free = { free, free }
    end
    assert.equal("the document has too many values", first { free = free })
    assert.equal("the document has too many values", first({ either = free }, { max_nodes = 10000 }))
    assert.is_true(os.clock() - before < 30)
  end)

  it("is told that an option allows more", function()
    assert.equal("option max_nodes allows more", tree:check({ free = { 1, 2, 3 } }, { max_nodes = 3 })[1].hint)
    assert.is_nil(first({ free = { 1, 2, 3 } }, { max_nodes = 5 }))
  end)

  it("may be anything", function()
    for _, value in ipairs { print, coroutine.create(print), io.stdout, 1, 1.5, true, false, mp.null, mp.numeric "1",
      mp.timestamp.now(), mp.bytes "x", { 1 }, mp.array {} } do
      assert.matches("^expected a map, but it is ", first(value))
      assert.has_error(function() tree:decode(value) end)
    end
    for _, of in ipairs { shape.string {}, shape.list(shape.any {}), shape.map(shape.any {}), shape.any {},
      shape.enum { "a" }, shape.integer {}, shape.uuid {}, shape.timestamp {},
      shape.any_of { shape.integer {}, shape.boolean {} }, shape.tagged("t", { { "x", shape.object("X", {}) } }) } do
      for _, value in ipairs { print, coroutine.create(print), io.stdout, { print }, { a = print } } do
        local found, warnings = of:check(value)
        assert.is_true(#found > 0 or #warnings > 0)
      end
    end
  end)

  it("may have keys of any kind", function()
    for _, key in ipairs { true, 1.5, -1, 1 << 60, print, mp.null, "\xff", ("k"):rep(100000) } do
      for _, name in ipairs { "map", "free", "unknown" } do
        local value = { [name] = { [key] = print } }
        assert.is_string(first(value))
      end
      assert.is_table(tree:check { [key] = print })
    end
    assert.is_true(#tree:check({ free = { [("k"):rep(100000)] = print } })[1].path < 200)
  end)

  it("may have metamethods, which are not asked", function()
    local function refuse() error("asked") end
    local trap = setmetatable({ name = "x" }, { __index = refuse, __pairs = refuse, __len = refuse, __newindex = refuse,
      __eq = refuse, __name = "mp.yaml.map", __tostring = refuse })
    assert.is_nil(first(trap))
    assert.equal("x", tree:decode(trap).name)
    local list = setmetatable({ {}, {} }, { __index = refuse, __len = refuse })
    assert.is_nil(first { children = list })
    assert.is_nil(first { free = list })
    assert.is_string(first { name = trap })
  end)

  it("may be huge", function()
    local list = {}
    for i = 1, 50000 do list[i] = i end
    local found = shape.list(shape.string {}):check(list)
    assert.equal(1000, #found)
    assert.is_string(first { name = ("x"):rep(1 << 24) .. "\xff" })
    local wide = {}
    for i = 1, 20000 do wide["k" .. i] = i end
    local _, warnings = tree:decode(wide)
    assert.equal(1000, #warnings)
  end)
end)

describe("hostile texts", function()
  it("are refused by the YAML reader or by the shape, in no time", function()
    local before = os.clock()
    for _, text in ipairs { ("["):rep(1000000), ("{a: "):rep(100000), ("- "):rep(100000), "\0", ("a: &a [*a]\n"),
      "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" .. ("d: [*c,*c,*c,*c,*c,*c]\n"):rep(1000) } do
      assert.is_true(#tree:check(text) > 0)
    end
    assert.is_true(os.clock() - before < 10)
  end)

  it("are a mistake or a value at every length", function()
    local text = "name: \"é\"\nchildren:\n  - { name: b, free: [1, ~] }\nmap:\n  x: { name: 'y' }\neither: [a]\n"
    for size = 0, #text do
      local ok, err = pcall(tree.decode, tree, text:sub(1, size))
      assert(ok or mp.is_error(err) and err.kind == "yaml" and #err.errors > 0, tostring(err))
    end
  end)
end)
