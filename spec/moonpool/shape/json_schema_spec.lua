--- JSON Schemas of shapes, by the judgement of a real validator: it and the reader allow the same documents.

local mp = require "moonpool"
local shape = require "moonpool.shape"

--- Which documents the schemas of some tasks allow.
local function validate(tasks)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(mp.json.encode(tasks))
  file:close()
  local pipe <close> = assert(io.popen("python3 spec/support/json_schema.py " .. path))
  local answer = pipe:read("a")
  local ok = pipe:close()
  os.remove(path)
  assert(ok, "the validator failed")
  return mp.json.decode(answer)
end

local function assert_same_answer(answer, of, document, options)
  local first = of:check(document, options)[1]
  assert(answer == (first == nil), ("the schema %s, but the reader says %s of %s"):format(
    answer and "allows" or "refuses", first and first.path .. ": " .. first.message or "yes", mp.json.encode(document)))
end

--- The reader and the validator say the same of all documents, for each { shape, options }.
local function assert_agree(pairs_of, documents)
  local tasks = {}
  for i, pair in ipairs(pairs_of) do
    tasks[i] = { schema = pair[1]:json_schema(pair[2]), documents = documents }
  end
  for i, answers in ipairs(validate(tasks)) do
    for j, document in ipairs(documents) do
      assert_same_answer(answers[j], pairs_of[i][1], document, pairs_of[i][2])
    end
  end
end

local axis = shape.object("XAxis", {
  { "xTitle", shape.string { max_length = 5 } },
  { "xRotation", shape.enum { "0", "45", "auto", lenient = true } },
  { "xNeeded", shape.boolean { required = true } },
}, { snake_case = true })

local node
node = shape.object("Node", { { "name", shape.string { required = true } },
  { "children", shape.list(shape.lazy(function() return node end), { max_items = 2 }) } }, { unknown = "refuse" })

local base = shape.object("Base", { shape.flatten(axis, { nested = { "xConfig", "x_config" } }) })
local bar = shape.object("Bar", { { "layout", shape.enum { "horizontal", "vertical" } }, shape.flatten(base) })
local pie = shape.object("Pie", { { "width", shape.number { min = 0, max = 65, required = true } } },
  { unknown = "refuse" })

local document = shape.object("Document", {
  { "name", shape.string { required = true, blank = false, description = "how it is called" } },
  { "timeFrame", shape.string { alias = { "time_frame", "period/x y" }, required = true } },
  { "kind", shape.enum { "a", "b", default = "a" } },
  { "advice", shape.enum { "x", "y", advisory = true } },
  { "id", shape.uuid { nullable = true, required = true } },
  { "count", shape.integer { min = 1, max = 10 } },
  { "number", shape.integer { lenient = true } },
  { "size", shape.number { max = 2.5, advisory = true } },
  { "when", shape.timestamp {} },
  { "free", shape.any {} },
  { "some", shape.any { required = true } },
  { "headline", shape.any_of { shape.boolean {}, shape.enum { "current", "average" } } },
  { "formats", shape.map(shape.object("Format", { { "style", shape.string { required = true } } }),
    { required = true }) },
  { "tags", shape.list(shape.string { pattern = "^%l+$", regex = "^[a-z]+$" },
    { min_items = 1, max_items = 3, unique = true }) },
  { "chart", shape.tagged("type", { { "bar", bar }, { "pie", pie } }) },
  { "tree", node },
})

local function valid()
  return {
    name = "n", timeFrame = "t", kind = "b", advice = "x", id = "0b1c7d5e-0000-4000-8000-00000000abcd", count = 3,
    size = 1.5, when = "2026-01-31T12:00:00Z", free = { 1, { a = mp.null } }, some = 1, headline = true,
    formats = { month = { style = "date" } }, tags = { "a", "b" },
    chart = { type = "bar", layout = "vertical", xTitle = "t", xNeeded = true },
    tree = { name = "root", children = { { name = "leaf", children = mp.array {} } } },
  }
end

-- ---- documents with a change or two ----

local SCALARS = { mp.null, true, false, 0, 3, 11, 2.5, 3.0, -1, "", " ", "a", "b", "45", "vertical", "bar", "pie",
  "average", "0B1C7D5E-0000-4000-8000-00000000ABCD", "longer text", 45 }
local NAMES = { "name", "timeFrame", "time_frame", "period/x y", "kind", "xTitle", "x_title", "xConfig", "x_config",
  "xNeeded", "x_needed", "xRotation", "type", "width", "layout", "children", "style", "unheard_of", "tags", "count",
  "number" }

local function random_value(random)
  local kind = random(12)
  if kind == 1 then
    return mp.array {}
  elseif kind == 2 then
    return { [NAMES[random(#NAMES)]] = SCALARS[random(#SCALARS)] }
  elseif kind == 3 then
    return { SCALARS[random(#SCALARS)], SCALARS[random(#SCALARS)] }
  elseif kind == 4 then
    return { xNeeded = true, xTitle = SCALARS[random(#SCALARS)] }
  end
  return SCALARS[random(#SCALARS)]
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

--- Changes one place of a value, somewhere in it.
local function change(value, random)
  local keys = sorted_keys(value)
  local key = keys[random(#keys > 0 and #keys or 1)]
  if type(value[key]) == "table" and next(value[key]) ~= nil and random(3) > 1 then
    change(value[key], random)
  elseif value[1] ~= nil or key == nil then
    value[#value + 1] = key ~= nil and random_value(random) or nil
  elseif random(3) == 1 then
    value[key] = nil
  elseif random(2) == 1 then
    value[NAMES[random(#NAMES)]] = random_value(random)
  else
    value[key] = random_value(random)
  end
end

local function changed_documents(count)
  math.randomseed(20260131)
  local documents = {}
  for i = 1, count do
    documents[i] = valid()
    for _ = 1, math.random(3) do
      change(documents[i], math.random)
    end
  end
  return documents
end

describe("the JSON Schema of a shape", function()
  it("allows what the reader allows, and nothing else", function()
    assert.same({}, (document:check(valid())))
    local documents = changed_documents(800)
    for _, chart in ipairs {
      { type = "bar", xConfig = { xNeeded = true } }, { type = "bar", x_config = { x_needed = true, x_title = "t" } },
      { type = "bar", xConfig = {}, xNeeded = true }, { type = "bar", xConfig = { xTitle = 1 }, xNeeded = true },
      { type = "bar", xConfig = { xTitle = "t" } }, { type = "bar", x_needed = true, x_rotation = 45 },
      { type = "pie", width = 1 }, { type = "pie", width = 1, more = 1 }, { type = "pie", width = 66 },
    } do
      documents[#documents + 1] = valid()
      documents[#documents].chart = chart
    end
    documents[#documents + 1] = valid()
    assert_agree({ { document }, { document, { strict = true } } }, documents)
  end)

  it("is valid, and judges, for a shape of each kind", function()
    local documents = { {} }
    for i, value in ipairs { mp.null, true, 1, 1.5, "a", "b", "true", "5", mp.array {}, { 1 }, { "a" }, { a = 1 },
      { a = "b" } } do
      documents[i + 1] = { it = value }
    end
    local shapes = {
      shape.string {}, shape.string { min_length = 1 }, shape.enum { "a" }, shape.integer {}, shape.number { max = 1 },
      shape.number { lenient = true }, shape.boolean { lenient = true }, shape.boolean { nullable = true },
      shape.list(shape.integer {}), shape.map(shape.string {}), shape.any {}, shape.string { nullable = true },
      shape.enum { "a", nullable = true }, shape.list(shape.enum { "a", nullable = true }, { nullable = true }),
      shape.any_of { shape.integer {}, shape.map(shape.any {}) }, shape.object("A", { { "a", shape.string {} } }),
    }
    for i, of in ipairs(shapes) do
      shapes[i] = { shape.object("It", { { "it", of, { required = true } } }) }
    end
    assert_agree(shapes, documents)
  end)

  it("has a definition for each object, once, and other names for others of the same name", function()
    local one, other = shape.object("O", {}), shape.object("O", { { "one", shape.object("P", {}) } })
    local schema = shape.object("All", { { "a", one }, { "b", one }, { "c", other } }):json_schema()
    local names = sorted_keys(schema["$defs"])
    assert.same({ "All", "O", "O2", "P" }, names)
  end)

  it("tells editors what fields are, their defaults, and which names are old", function()
    local properties = document:json_schema()["$defs"].Document.properties
    assert.equal("how it is called", properties.name.description)
    assert.equal("a", properties.kind.default)
    assert.is_true(properties.time_frame.deprecated)
  end)

  it("has one text", function()
    local text = shape.json(document:json_schema())
    for _ = 1, 3 do
      assert.equal(text, shape.json(document:json_schema()))
    end
    assert.matches('^{\n  "%$schema": "https://json%-schema%.org/draft/2020%-12/schema",\n  "title": "Document"', text)
    assert.same(mp.json.decode(mp.json.encode(document:json_schema())), mp.json.decode(text))
  end)
end)
