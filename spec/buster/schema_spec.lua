-- scripts/buster/schema.lua is generated: it must be what the migrations make.

local cluster = require "spec.support.cluster"
local sample = require "spec.support.sample"

describe("scripts/buster/schema.lua", function()
  it("is what `moonpool schema generate` writes after the migrations", function()
    local output, exit_code = sample.run(cluster.migrated(), "schema generate --check")
    assert.equal("", output)
    assert.equal(0, exit_code)
  end)
end)
