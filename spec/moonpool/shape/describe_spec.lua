--- The documentation of shapes.

local shape = require "moonpool.shape"

local axis = shape.object("Axis", { { "xTitle", shape.string { description = "below the axis" } } })
local bar = shape.object("Bar", {
  { "layout", shape.enum { "horizontal", "vertical", default = "vertical" } },
  shape.flatten(axis, { nested = "xConfig" }),
}, { description = "Bars beside each other.", unknown = "refuse" })
local node
node = shape.object("Node", { { "children", shape.list(shape.lazy(function() return node end), { max_items = 4 }) } },
  { unknown = "ignore" })
local of = shape.object("Chart", {
  { "name", shape.string { required = true, blank = false, max_length = 9, description = "a | b" } },
  { "columnSizes", shape.list(shape.integer { min = 3, max = 12 }, { min_items = 1, max_items = 4 }) },
  { "headline", shape.any_of { shape.boolean {}, shape.enum { "min", "max" } } },
  { "scale", shape.enum { "log", advisory = true } },
  { "widths", shape.map(shape.number { min = 0 }, { default = {} }) },
  { "chart", shape.tagged("type", { { "bar", bar } }) },
  { "tree", node },
}, { snake_case = true })

describe("a shape's description", function()
  it("has a section for each object, a line for each field", function()
    assert.equal([[
## Chart

| field | what | | |
|---|---|---|---|
| `name` | text, not blank, up to 9 characters | required | a \| b |
| `columnSizes` | list (1 to 4 items) of integer, 3 to 12 |  | also read: `column_sizes` |
| `headline` | true or false, or one of `min`, `max` |  |  |
| `scale` | text, known are `log` |  |  |
| `widths` | map of number, from 0 | default `{}` |  |
| `chart` | by `type`, `bar`: [Bar](#bar) |  |  |
| `tree` | [Node](#node) |  |  |

Other fields stay as they are.

## Bar

Bars beside each other.

| field | what | | |
|---|---|---|---|
| `layout` | one of `horizontal`, `vertical` | default `"vertical"` |  |
| `xTitle` | text |  | below the axis; also read in `xConfig` |

Other fields are refused.

## Node

| field | what | | |
|---|---|---|---|
| `children` | list (up to 4 items) of [Node](#node) |  |  |

Other fields are left out.
]], of:describe())
  end)

  it("says what a shape is that is no object", function()
    assert.equal("List of uuid.\n", shape.list(shape.uuid {}):describe())
    assert.equal("## Kind\n\n| `type` | the other fields |\n|---|---|\n| `bar` | [Bar](#bar) |\n",
      shape.tagged("type", { { "bar", bar } }, { name = "Kind" }):describe():match("^(.-|\n)\n"))
  end)
end)
