--- What shapes write: checked, under canonical names, in their order.

local mp = require "moonpool"
local shape = require "moonpool.shape"

local row = shape.object("Row", {
  { "items", shape.list(shape.string {}, { required = true }) },
  { "rowHeight", shape.integer {} },
}, { snake_case = true })
local one = shape.object("One", { { "b", shape.any {} }, { "a", shape.any {} } })
local of = shape.object("Board", {
  { "name", shape.string { required = true } },
  { "description", shape.string { write_null = true } },
  { "kind", shape.tagged("type", { { "one", one } }) },
  { "rows", shape.list(row, { default = {} }) },
  { "formats", shape.map(shape.integer {}) },
  { "made", shape.timestamp {} },
})

local value = {
  made = "2026-01-31T13:00:00+01:00", rows = { { row_height = 3, items = {} } }, zeta = { y = 1, x = { mp.null } },
  kind = { a = 1, type = "one", b = mp.timestamp "2026-01-31T12:00:00Z" }, name = "é\n", formats = {},
}

describe("encode to JSON", function()
  it("writes fields in the order of the shape, then what is unknown", function()
    assert.equal([[
{
  "name": "é\n",
  "description": null,
  "kind": {
    "type": "one",
    "b": "2026-01-31T12:00:00Z",
    "a": 1
  },
  "rows": [
    {
      "items": [],
      "rowHeight": 3
    }
  ],
  "formats": {},
  "made": "2026-01-31T12:00:00Z",
  "zeta": {
    "x": [
      null
    ],
    "y": 1
  }
}
]], of:encode(value, "json"))
  end)

  it("keeps the order of a map, and of what is unknown, from the text", function()
    local text = of:encode((of:decode "name: x\nz: { b: 1, a: 2 }\nformats: { z: 1, a: 2, m: 3 }\ny: 1\n"), "json")
    assert.matches('"z": 1,%s+"a": 2,%s+"m": 3', text)
    assert.matches('"z": {%s+"b": 1,%s+"a": 2%s+},%s+"y": 1%s+}%s$', text)
  end)

  it("is read as the same value", function()
    local first = of:decode(of:encode(value, "json"))
    assert.same(first, (of:decode(of:encode(first, "json"))))
    assert.same({ "é\n", 3, 1 }, { first.name, first.rows[1].rowHeight, first.zeta.y })
  end)

  it("does not change the value", function()
    local given = { name = "x" }
    of:encode(given, "json")
    assert.same({ name = "x" }, given)
  end)
end)

describe("encode to YAML", function()
  it("writes what a person would, in the order of the shape", function()
    assert.equal([[
name: |
  é
description: null
kind:
  type: one
  b: !!timestamp 2026-01-31T12:00:00Z
  a: 1
rows:
  - items: []
    rowHeight: 3
formats: {}
made: "2026-01-31T12:00:00Z"
zeta:
  x:
    - null
  y: 1
]], of:encode(value))
    assert.equal(of:encode(value), of:encode(value, "yaml"))
  end)

  it("is read as the same value", function()
    local first = of:decode(of:encode(value))
    assert.same(first, (of:decode(of:encode(first))))
    assert.equal(of:encode(first), of:encode((of:decode(of:encode(first)))))
  end)

  it("takes the options of the YAML writer", function()
    assert.matches("\n    type: one", of:encode(value, "yaml", { indent = 4 }))
  end)
end)

describe("to_json", function()
  it("is the value for a jsonb column", function()
    local plain = of:to_json(value)
    assert.equal(mp.null, plain.description)
    assert.equal("2026-01-31T12:00:00Z", plain.made)
    assert.same({ { items = {}, rowHeight = 3 } }, plain.rows)
    assert.equal('{"description":null,"name":"x","rows":[]}', mp.json.encode(of:to_json { name = "x" }))
  end)
end)

describe("what is not right", function()
  it("is not written", function()
    for _, write in ipairs { of.to_json, of.encode } do
      local ok, err = pcall(write, of, { name = 1, rows = { {} } })
      assert.is_false(ok)
      assert.equal("yaml", err.kind)
      assert.same({ "name", "rows[1].items" }, { err.errors[1].path, err.errors[2].path })
      assert.matches("encode_spec%.lua:%d+$", err.where)
    end
  end)
end)

describe("shape.json", function()
  it("writes any value", function()
    assert.equal("null\n", shape.json(mp.null))
    assert.equal("[]\n", shape.json(mp.array {}))
    assert.equal("{}\n", shape.json {})
    assert.equal('"a\\"b"\n', shape.json 'a"b')
    assert.equal('{\n  "a": {},\n  "b": [\n    1.5\n  ]\n}\n', shape.json { b = { 1.5 }, a = {} })
  end)
end)
