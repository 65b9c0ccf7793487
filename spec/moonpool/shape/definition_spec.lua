--- Shapes that are written wrongly: usage errors at the line that wrote them.

local mp = require "moonpool"
local shape = require "moonpool.shape"
local assert_raises = require "spec.support.assert_raises"

local function refused(pattern, fn)
  assert_raises("usage", pattern, fn)
end

describe("the options of a shape", function()
  it("are known ones, and the nearest is named", function()
    refused('there is no option "max_lenght" of shape%.string\nhint: did you mean max_length%?',
      function() shape.string { max_lenght = 3 } end)
    refused('there is no option "min" of shape%.boolean', function() shape.boolean { min = 1 } end)
    refused('there is no option "zzz" of field a of object O\nhint: its options are alias, default',
      function() shape.object("O", { { "a", shape.string {}, { zzz = 1 } } }) end)
    refused('there is no option "x" of shape%.object', function() shape.object("O", {}, { x = 1 }) end)
    refused('there is no option "near" of shape%.flatten',
      function() shape.flatten(shape.object("O", {}), { near = "x" }) end)
  end)

  it("are of the right type", function()
    refused("option required of shape%.string is the number 1; expected true or false",
      function() shape.string { required = 1 } end)
    refused("option max_items of shape%.list is the number %-1; expected an integer from 0",
      function() shape.list(shape.any {}, { max_items = -1 }) end)
    refused("option min of shape%.integer is the number 1.5; expected an integer",
      function() shape.integer { min = 1.5 } end)
    refused("option max of shape%.number is the number inf; expected a number",
      function() shape.number { max = math.huge } end)
    refused("option pattern of shape%.string is the text \"%[\"; expected a pattern of Lua",
      function() shape.string { pattern = "[" } end)
    refused("option alias of shape%.string is a list; expected a name or a list of names",
      function() shape.string { alias = { "" } } end)
    refused("option alias of shape%.string is the number 1", function() shape.string { alias = 1 } end)
    refused("option alias of shape%.string is a list", function() shape.string { alias = { "a", 1 } } end)
    refused("option alias of shape%.string is an empty table", function() shape.string { alias = {} } end)
    refused('option unknown of shape%.object is the text "drop"; expected "keep", "refuse" or "ignore"',
      function() shape.object("O", {}, { unknown = "drop" }) end)
    refused("the options of shape%.string are the text \"x\"; expected a table", function() shape.string "x" end)
    refused("the options of shape%.string are a shape; expected a table", function() shape.string(shape.any {}) end)
    refused("there is no option a number of shape%.string", function() shape.string { "x" } end)
  end)

  it("leave something", function()
    refused("options min and max of shape%.integer leave nothing: 3 is more than 2",
      function() shape.integer { min = 3, max = 2 } end)
    refused("options min_items and max_items of shape%.list leave nothing",
      function() shape.list(shape.any {}, { min_items = 3, max_items = 2 }) end)
  end)

  it("do not require what has a default", function()
    refused("shape%.string is required and has a default",
      function() shape.string { required = true, default = "" } end)
    refused("field a of object O is required and has a default",
      function() shape.object("O", { { "a", shape.string { default = "" }, { required = true } } }) end)
  end)

  it("have a default that fits", function()
    refused("the default of shape%.integer is wrong: 1 is too small",
      function() shape.integer { min = 3, default = 1 } end)
    refused('the default of shape%.enum is wrong: "desk" is not one of asc, desc\nhint: did you mean desc%?',
      function() shape.enum { "asc", "desc", default = "desk" } end)
    refused("the default of shape%.list is wrong: %[2%]: expected an integer",
      function() shape.object("O", { { "a", shape.list(shape.integer {}), { default = { 1, "x" } } } }) end)
  end)
end)

describe("what is in a shape", function()
  it("is a shape", function()
    refused("the item of shape%.list is a function; expected a shape\nhint: call it: shape%.string {}",
      function() shape.list(shape.string) end)
    refused("the item of shape%.list is nil; expected a shape", function() shape.list() end)
    refused("the value of shape%.map is a map; expected a shape", function() shape.map { a = 1 } end)
    refused("alternative 2 of shape%.any_of is the text", function() shape.any_of { shape.any {}, "x" } end)
    refused("shape%.any_of has fewer than two shapes", function() shape.any_of { shape.any {} } end)
    refused("the argument of shape%.lazy is a shape; expected a function", function() shape.lazy(shape.any {}) end)
    refused("the item of shape%.list is a flattened group",
      function() shape.list(shape.flatten(shape.object("O", {}))) end)
    refused("the items of a unique list are shape%.any; expected a scalar",
      function() shape.list(shape.any {}, { unique = true }) end)
    local other = shape.lazy(function() return shape.string {} end)
    refused("the function of shape%.lazy returned a shape; expected shape%.object or shape%.tagged",
      function() other:check {} end)
    refused("the function of shape%.lazy returned nil", function() shape.lazy(print):check {} end)
  end)

  it("is labels, each once", function()
    refused("the argument of shape%.enum is the text", function() shape.enum "a" end)
    refused("label 2 of shape%.enum is the number 1; expected a text", function() shape.enum { "a", 1 } end)
    refused('shape%.enum has the label "a" twice', function() shape.enum { "a", "a" } end)
    refused("shape%.enum has no labels", function() shape.enum {} end)
    refused("the list of shape%.enum has holes", function() shape.enum { "a", nil, "b" } end)
    refused("the list of shape%.any_of has holes", function() shape.any_of { shape.any {}, nil, shape.any {} } end)
  end)

  it("is variants, which are objects without the tag", function()
    local object = shape.object("O", { { "a", shape.any {} } })
    refused("the tag of shape%.tagged is nil", function() shape.tagged(nil, {}) end)
    refused("the variants of shape%.tagged are a map", function() shape.tagged("t", { bar = object }) end)
    refused("the variants of shape%.tagged are a shape", function() shape.tagged("t", object) end)
    refused("the variants of shape%.tagged are an empty table", function() shape.tagged("t", {}) end)
    refused("the variants of shape%.tagged are a list",
      function() shape.tagged("t", { { "x", object }, nil, { "y", object } }) end)
    refused("variant 1 of shape%.tagged is no pair of a text and an object",
      function() shape.tagged("t", { { "bar", shape.any {} } }) end)
    refused('shape%.tagged has the variant "x" twice',
      function() shape.tagged("t", { { "x", object }, { "x", object } }) end)
    refused('object O has the field "a" itself', function() shape.tagged("a", { { "x", object } }) end)
  end)
end)

describe("the fields of an object", function()
  it("are a list of pairs", function()
    refused("the name of shape%.object is nil", function() shape.object() end)
    refused('the name of shape%.object is "a b"; expected letters', function() shape.object("a b", {}) end)
    refused("the fields of object O are a map; expected a list", function() shape.object("O", { a = shape.any {} }) end)
    refused("the fields of object O are nil", function() shape.object("O") end)
    refused("field 1 of object O is a shape; expected { name, shape }",
      function() shape.object("O", { shape.any {} }) end)
    refused("the name of field 1 of object O is a shape", function() shape.object("O", { { shape.any {}, "a" } }) end)
    refused("field a of object O is nil; expected a shape", function() shape.object("O", { { "a" } }) end)
  end)

  it("have names of their own", function()
    refused('object O has two fields that read "a"',
      function() shape.object("O", { { "a", shape.any {} }, { "a", shape.any {} } }) end)
    refused('object O has two fields that read "a_b"',
      function() shape.object("O", { { "aB", shape.any {} }, { "a_b", shape.any {} } }, { snake_case = true }) end)
    local group = shape.object("G", { { "a", shape.any {} } })
    refused('object O has two fields that read "a"',
      function() shape.object("O", { { "a", shape.any {} }, shape.flatten(group) }) end)
    refused('object O has two fields that read "g"',
      function() shape.object("O", { { "g", shape.any {} }, shape.flatten(group, { nested = "g" }) }) end)
    refused("the group of shape%.flatten is shape%.any; expected shape%.object",
      function() shape.flatten(shape.any {}) end)
  end)

  it("have rules that are functions", function()
    refused("rule 1 of object O is the number 1; expected a function",
      function() shape.object("O", {}, { rules = { 1 } }) end)
    refused('rule 1 of object O needs "itms", which is no field of it\nhint: did you mean items%?', function()
      shape.object("O", { { "items", shape.any {} } }, { rules = { { needs = { "itms" }, check = print } } })
    end)
    refused("option rules of shape%.object is a function", function() shape.object("O", {}, { rules = print }) end)
  end)
end)

describe("a shape", function()
  local of = shape.object("O", {})

  it("has methods, which are called with a colon", function()
    refused('a shape has no method "decod"\nhint: did you mean decode%?', function() of:decod {} end)
    refused("decode was called on an empty table; expected a shape\nhint: write shape:decode",
      function() of.decode {} end)
    refused("check was called on nil", function() of.check() end)
    refused("encode was called on a shape", function() of.encode(shape.flatten(of), {}) end)
    refused("a shape cannot be changed", function() of.x = 1 end)
    refused('there is no option "strickt"\nhint: did you mean strict%?',
      function() of:check({}, { strickt = true }) end)
    refused("the options are the text", function() of:check({}, "strict") end)
    refused('the format is the text "xml"; expected yaml or json', function() of:encode({}, "xml") end)
  end)

  it("says what it is", function()
    assert.equal("shape.object O", tostring(of))
    assert.equal("shape.string", tostring(shape.string()))
    assert.is_true(shape.is(of))
    for _, other in ipairs { {}, 1, "x", mp.null } do
      assert.is_false(shape.is(other))
    end
    assert.is_false(shape.is(nil))
  end)
end)
