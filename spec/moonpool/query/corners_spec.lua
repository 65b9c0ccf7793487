--- Corners of the query builder in which random queries have found it wrong: each is asked on the server as well.

local mp = require "moonpool"
local assert_raises = require "spec.support.assert_raises"
local cluster = require "spec.support.cluster"

local schema = require "buster.schema"

describe("queries", function()
  local db
  setup(function() db = mp.connect { url = cluster.migrated(), max_size = 2 } end)
  teardown(function() db:close() end)

  it("take false for a column that must be given", function()
    local members = schema.users_to_organizations
    local flags = require("moonpool.schema").define {
      schema = "public", enums = {},
      tables = { flags = { columns = { { "name", "text", not_null = true }, { "is_on", "bool", not_null = true } } } },
    }
    local values = select(2, flags.flags:insert { name = "a", is_on = false }:to_sql())
    assert.same({ "a", false }, values)
    assert.has_no.errors(function() flags.flags:insert { { name = "a", is_on = false }, { name = "b", is_on = true } } end)
    assert.has_no.errors(function()
      flags.flags:insert(members:select(members.status:cast("text"):as "name", mp.value(false):as "is_on"))
    end)
    assert_raises("usage", "lacks is_on", function() flags.flags:insert { name = "a" } end)
  end)
end)
