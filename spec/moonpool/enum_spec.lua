--- Enums in Lua: what is read as a label, ranks, and definitions that are refused.

local mp = require "moonpool"
local enum = require "moonpool.enum"
local expression = require "moonpool.query.expression"
local types = require "moonpool.query.types"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"

local function new(definition)
  definition.name = definition.name or "mood"
  return enum.new(definition)
end

--- The error's hint.
local function hint_of(fn)
  local _, err = pcall(fn)
  return err.hint
end

describe("an enum", function()
  local status = enum.new {
    name = "status", type = "status_enum", labels = { "inReview", "not_requested", "done", "two words", "old" },
    aliases = { Finished = "done", oldest_of_all = "inReview", old = "done" },
  }

  it("reads labels in camelCase and snake_case, and aliases in both", function()
    local expected = {
      inReview = "inReview", in_review = "inReview", not_requested = "not_requested", notRequested = "not_requested",
      done = "done", ["two words"] = "two words", Finished = "done", finished = "done",
      oldest_of_all = "inReview", oldestOfAll = "inReview",
    }
    for spelling, label in pairs(expected) do
      assert.equal(label, status:parse(spelling))
      assert.equal(label, status:find(spelling))
    end
  end)

  it("reads nothing else", function()
    for _, spelling in ipairs { "", "DONE", " done", "done ", "inreview", "InReview", "two_words", "twoWords" } do
      assert_raises("usage", "status has no label", status.parse, status, spelling)
      assert.is_nil(status:find(spelling))
    end
  end)

  it("names the line that has the spelling", function()
    local place = debug.getinfo(1, "l").currentline + 1
    local _, err = pcall(function() return (status:parse "dnoe") end)
    assert.matches("enum_spec%.lua:" .. place .. "$", err.where)
  end)

  it("takes capitals for words: ACTIVE is active, s3Bucket is s3_bucket; and leaves what is no word", function()
    local words = new { labels = { "ACTIVE", "s3Bucket", "_x", "So so" } }
    assert.equal("ACTIVE", words:parse "active")
    assert.equal("s3Bucket", words:parse "s3_bucket")
    assert.equal("_x", words:parse "_x")
    assert.is_nil(words:find "x")
    assert.is_nil(words:find "so so")
  end)

  it("reads a label as itself before any spelling, and what two labels claim as neither", function()
    local both = new { labels = { "in_review", "inReview", "A_b", "a_B" } }
    assert.equal("in_review", both:parse "in_review")
    assert.equal("inReview", both:parse "inReview")
    assert.is_nil(both:find "a_b")
    assert.is_nil(both:find "aB")
  end)

  it("reads a retired label, and does not write it", function()
    assert.equal("done", status:parse "old")
    assert.same({ "inReview", "not_requested", "done", "two words" }, status:labels())
  end)

  it("names the nearest label, also of an alias", function()
    assert.equal("did you mean inReview?", hint_of(function() status:parse "in_reviw" end))
    assert.equal("did you mean not_requested?", hint_of(function() status:parse "notRequestd" end))
    assert.equal("did you mean done?", hint_of(function() status:parse "finishd" end))
    assert.equal("its labels are inReview, not_requested, done, two words", hint_of(function() status:parse "?" end))
  end)

  it("refuses what is no string", function()
    for shown, value in pairs { ["mp%.null"] = mp.null, ["a number"] = 1, ["a boolean"] = true, ["a table"] = {},
      ["a function"] = print, ["a moonpool%.Enum"] = status } do
      assert_raises("usage", "the value of status is " .. shown .. "; expected one of its labels",
        status.parse, status, value)
      assert.is_nil(status:find(value))
    end
    assert_raises("usage", "the value of status is nil; expected one of its labels", status.parse, status, nil)
    assert.is_nil(status:find(nil))
  end)

  it("shows any bytes on one line, in valid UTF-8, and not all of too many", function()
    local shown = {
      ["done\0"] = [["done\x00"]], ["\xff\xfe"] = [["\xff\xfe"]], ["a\n\27[1m"] = [["a\x0a\x1b[1m"]],
      ["é\xc3"] = [["\xc3\xa9\xc3"]], ["\xed\xa0\x80"] = [["\xed\xa0\x80"]],
      [("x"):rep(1 << 24)] = '"' .. ("x"):rep(40) .. '..."',
      [("€"):rep(1 << 20)] = '"' .. ("€"):rep(13) .. '..."',
    }
    for value, text in pairs(shown) do
      local ok, err = pcall(status.parse, status, value)
      assert.is_false(ok)
      assert.equal("status has no label " .. text, err.message)
      assert.is_nil(status:find(value))
    end
  end)

  it("knows the places of labels", function()
    assert.same({ 1, 2, 1, 5 },
      { status:index "inReview", status:index "notRequested", status:index "in_review", status:index "old" })
    assert_raises("usage", "status has no label", status.index, status, "dine")
  end)

  it("knows its name and type, and says what it is", function()
    assert.equal("status", status.name)
    assert.equal("status_enum", status.type)
    assert.is_nil(new({ labels = { "a" } }).type)
    assert.equal("status: inReview, not_requested, done, two words", tostring(status))
    assert.is_true(enum.is(status))
    for _, other in ipairs { {}, "status", 1 } do
      assert.is_false(enum.is(other))
    end
    assert.is_false(enum.is(nil))
  end)

  it("cannot be changed", function()
    assert_raises("usage", "the enum status cannot be changed", function() status.name = "other" end)
    assert_raises("usage", "the enum status cannot be changed", function() status.parse = print end)
    status:labels()[1] = "other"
    assert.equal("inReview", status:labels()[1])
    local labels, aliases = { "a", "b" }, { c = "a" }
    local copied = new { labels = labels, aliases = aliases }
    labels[1], aliases.d = "z", "b"
    assert.same({ "a", "b" }, copied:labels())
    assert.is_nil(copied:find "d")
  end)

  it("refuses methods that it has not, and a dot for the colon", function()
    assert_raises("usage", 'an enum has no method "prase".*did you mean parse%?', function() return status.prase end)
    assert_raises("usage", "parse was called on a string; expected an enum.*enum:parse", status.parse, "done")
    assert_raises("usage", "labels was called on nil", status.labels)
  end)
end)

describe("ranks", function()
  local size = enum.new {
    name = "size", labels = { "large", "tiny", "small_one", "big" }, aliases = { big = "large" },
    ranks = { tiny = 1, small_one = 2, large = 4 },
  }
  local weight = enum.new { name = "weight", labels = { "none", "light", "heavy" },
    ranks = { none = 0, light = 2, heavy = 4 } }
  local plain = enum.new { name = "plain", labels = { "a" } }

  it("are of any spelling; nothing is 0", function()
    assert.same({ 1, 2, 4, 4, 0, 0 }, { size:rank "tiny", size:rank "smallOne", size:rank "large", size:rank "big",
      size:rank(nil), size:rank(mp.null) })
    assert_raises("usage", "size has no label", size.rank, size, "tyni")
    assert_raises("usage", "the value of size is a number", size.rank, size, 4)
  end)

  it("lead back to labels", function()
    assert.equal("large", size:of_rank(4))
    assert.equal("large", size:of_rank(4.0))
    assert.equal("none", weight:of_rank(0))
    assert.is_nil(size:of_rank(0))
    assert.is_nil(size:of_rank(nil))
    assert.is_nil(size:of_rank(mp.null))
    for _, rank in ipairs { 3, -1, 4.5, "4", true, 0 / 0 } do
      assert_raises("usage", "size has no rank .*its ranks are 1, 2, 4", size.of_rank, size, rank)
    end
  end)

  it("tell the most", function()
    assert.equal("large", size:max("tiny", nil, "big", mp.null, "smallOne"))
    assert.equal("tiny", size:max("tiny"))
    assert.equal("none", weight:max(nil, "none"))
    assert.is_nil(size:max())
    assert.is_nil(size:max(nil, mp.null))
    assert_raises("usage", 'size has no label "x"', size.max, size, "large", "x")
    assert_raises("usage", "argument 2 of max of size is a table", size.max, size, "large", {})
  end)

  it("tell what suffices, and never for a requirement that is nil", function()
    assert.is_true(size:at_least("big", "small_one"))
    assert.is_true(size:at_least("small_one", "smallOne"))
    assert.is_false(size:at_least("tiny", "small_one"))
    assert.is_false(size:at_least(nil, "tiny"))
    assert.is_false(size:at_least(mp.null, "tiny"))
    assert.is_true(weight:at_least(nil, "none"))
    assert_raises("usage", "what is required of size is nil", size.at_least, size, "large", nil)
    assert_raises("usage", "what is required of size is mp%.null", size.at_least, size, "large", mp.null)
    assert_raises("usage", "size has no label", size.at_least, size, "large", "small")
  end)

  it("tell the labels that suffice, retired ones among them", function()
    assert.same({ "large", "big", "small_one" }, size:at_or_above "smallOne")
    assert.same({ "large", "big" }, size:at_or_above "big")
    assert_raises("usage", "what is required of size is nil", size.at_or_above, size, nil)
  end)

  it("are compared with those of another enum", function()
    assert.equal("large", size:from(weight, "heavy"))
    assert.equal("small_one", size:from(weight, "light"))
    assert.is_nil(size:from(weight, "none"))
    assert.is_nil(size:from(weight, nil))
    assert_raises("usage", "weight has no rank 1", weight.from, weight, size, "tiny")
    assert_raises("usage", 'weight has no label "large"', size.from, size, weight, "large")
    assert_raises("usage", "the first argument of from is a string; expected an enum", size.from, size, "heavy")
    assert_raises("usage", "plain has no order", size.from, size, plain, "a")
  end)

  it("are not there where labels have no order", function()
    for _, method in ipairs { "rank", "of_rank", "max", "at_least", "at_or_above", "from", "rank_of" } do
      assert_raises("usage", "plain has no order, so it has no method " .. method, plain[method], plain, "a", "a")
    end
  end)

  it("order and compare in SQL", function()
    local db <close> = mp.connect { url = cluster.url(), max_size = 1 }
    local rows = mp.rows("sizes", { "label text" }, {
      { label = "tiny" }, { label = "large" }, { label = mp.null }, { label = "small_one" }, { label = "big" },
    })
    local rank = size:rank_of(rows.label)
    local found = db:query(rows:select(rows.label, rank:as "rank"):order(rank:desc(), rows.label))
    local seen = {}
    for i, row in ipairs(found) do
      seen[i] = ("%s %d"):format(row.label, row.rank)
    end
    assert.same({ "big 4", "large 4", "small_one 2", "tiny 1", "nil 0" }, seen)
    assert.equal(3, db:value(rows:where(rank:ge(size:rank "smallOne")):select(mp.fn.count())))
    assert.equal(3, db:value(rows:where(rows.label:in_(size:at_or_above "small_one")):select(mp.fn.count())))
    assert.equal("large", size:of_rank(db:value(rows:select(mp.fn.max(rank)))))
    assert.is_nil(size:of_rank(db:value(rows:where(rows.label:eq("x")):select(mp.fn.max(rank)))))
  end)

  it("are of expressions in SQL, and of nothing else", function()
    assert_raises("usage", "the argument of rank_of is a string; .*write size:rank%(%.%.%.%)",
      size.rank_of, size, "large")
    assert_raises("usage", "the argument of rank_of is nil; expected a column", size.rank_of, size, nil)
    local other = expression.value("glad", types.enum("mood", { "glad" }))
    assert_raises("usage", 'a mood, has no label "heavy"', weight.rank_of, weight, other)
  end)
end)

describe("a definition of an enum", function()
  local function refuses(message, definition)
    assert_raises("usage", message, enum.new, definition)
  end

  it("is a table with known options", function()
    refuses("the definition of an enum is nil; expected a table", nil)
    refuses("the definition of an enum is a string", "mood")
    refuses('there is no option "label" of an enum.*did you mean labels%?', { name = "mood", label = { "a" } })
    refuses("the name of the enum is nil", { labels = { "a" } })
    refuses("the name of the enum is a number", { name = 1, labels = { "a" } })
  end)

  it("has labels, each once", function()
    refuses("option labels of mood is nil; expected a list of strings", { name = "mood" })
    refuses("mood has no labels", { name = "mood", labels = {} })
    refuses("label 2 of mood is a number", { name = "mood", labels = { "a", 1 } })
    refuses('mood has the label "a" twice', { name = "mood", labels = { "a", "b", "a" } })
  end)

  it("has aliases for labels that are written", function()
    local labels = { "a", "b" }
    refuses("option aliases of mood is a string", { name = "mood", labels = labels, aliases = "x" })
    refuses('the alias "x" of mood is for "c"', { name = "mood", labels = labels, aliases = { x = "c" } })
    refuses('the alias "x" of mood is for a boolean', { name = "mood", labels = labels, aliases = { x = true } })
    refuses('the alias "b" of mood is for "b"', { name = "mood", labels = labels, aliases = { b = "b" } })
    refuses('the alias "x" of mood is for "b"', { name = "mood", labels = labels, aliases = { x = "b", b = "a" } })
    refuses("an alias of mood is a number", { name = "mood", labels = labels, aliases = { "a" } })
  end)

  it("has ranks for all labels that are written, and no two the same", function()
    local labels, aliases = { "a", "b", "c" }, { c = "a" }
    local function refuses_ranks(message, ranks)
      refuses(message, { name = "mood", labels = labels, aliases = aliases, ranks = ranks })
    end
    refuses_ranks("option ranks of mood is a number", 1)
    refuses_ranks('the rank of "b" in mood is nil; expected an integer from 0', { a = 1 })
    refuses_ranks('the rank of "b" in mood is %-1', { a = 1, b = -1 })
    refuses_ranks('the rank of "b" in mood is 2.0', { a = 1, b = 2.0 })
    refuses_ranks('the rank of "b" in mood is "2"', { a = 1, b = "2" })
    refuses_ranks('"a" and "b" of mood have the same rank', { a = 1, b = 1 })
    refuses_ranks('mood has a rank for "c", which is no label that is written', { a = 1, b = 2, c = 3 })
  end)
end)

describe("a set of enums", function()
  local set = enum.set { mood = { labels = { "glad" } }, colour = { labels = { "red" }, type = "colour_enum" } }

  it("has enums by name, in the order of their names", function()
    local names = {}
    for name, member in pairs(set) do
      names[#names + 1] = name
      assert.equal(name, member.name)
      assert.equal(member, set[name])
    end
    assert.same({ "colour", "mood" }, names)
    assert.equal("red", set.colour:parse "red")
  end)

  it("refuses other names, and changes", function()
    assert_raises("usage", 'there is no enum "color".*did you mean colour%?', function() return set.color end)
    assert_raises("usage", "there is no enum a number", function() return set[1] end)
    assert_raises("usage", "a set of enums cannot be changed", function() set.mood = nil end)
  end)

  it("refuses what is no definition", function()
    assert_raises("usage", "the set of enums is nil", enum.set, nil)
    assert_raises("usage", "the definition of mood is a string; expected a table", enum.set, { mood = "glad" })
    assert_raises("usage", "mood has no labels", enum.set, { mood = { labels = {} } })
  end)
end)
