--- What has to hold for a text and a shape with something of each kind; shape_fuzz.c calls it with each input.

local core = require "moonpool.core"
local shape = require "moonpool.shape"

local node
node = shape.object("Node", {
  { "n", shape.string { required = true } },
  { "c", shape.list(shape.lazy(function() return node end), { max_items = 3 }) },
})
local axis = shape.object("Axis", {
  { "xTitle", shape.string { max_length = 5 } }, { "xTurn", shape.enum { "0", "45", lenient = true } },
}, { snake_case = true })
local one = shape.object("One", { { "w", shape.number { max = 65, advisory = true } } }, { unknown = "refuse" })

local function refuse_seven(value, report)
  if value.i == 7 then
    report("i", "seven")
  end
end

local of = shape.object("Doc", {
  { "name", shape.string { alias = "title", blank = false, default = "x" } },
  { "i", shape.integer { min = -5, lenient = true } },
  { "f", shape.number {} },
  { "b", shape.boolean {} },
  { "u", shape.uuid {} },
  { "t", shape.timestamp {} },
  { "a", shape.any { nullable = true } },
  { "e", shape.any_of { shape.boolean {}, shape.enum { "min", "max" } } },
  { "m", shape.map(shape.any {}, { keys = string.lower }) },
  { "l", shape.list(shape.string {}, { unique = true }) },
  { "k", shape.tagged("type", { { "one", one }, { "node", node } }) },
  shape.flatten(axis, { nested = "xConfig" }),
}, { rules = { refuse_seven } })

--- A text that was written says what the value says.
local function assert_says(value, text)
  assert(shape.json(of:to_json((of:decode(text)))) == shape.json(of:to_json(value)), text)
end

return function(text)
  local mistakes = of:check(text)
  local ok, value = pcall(of.decode, of, text, { file = "f.yml" })
  assert(ok == (#mistakes == 0))
  if not ok then
    assert(core.is_error(value) and value.kind == "yaml" and #value.errors == #mistakes, tostring(value))
    assert(#tostring(value) > 0)
    return
  end
  assert_says(value, of:encode(value))
  assert_says(value, of:encode(value, "json"))
end
