--- The examples run from the command line, on a database of their own.

local mp = require "moonpool"
local sample = require "spec.support.sample"

describe("examples/tour.lua", function()
  local url, output, exit_code

  setup(function()
    url = sample.database()
    output, exit_code = sample.run(url, "examples/tour.lua")
  end)

  it("ends well", function()
    assert.equal(0, exit_code, output)
  end)

  it("shows what an organisation has", function()
    assert.matches("\nWhat Lighthouse Analytics has\n=+\n", output)
    assert.matches("\nmetrics       265       15\n", output, 1, true)
    assert.matches("\nteams           3        1\n", output, 1, true)
  end)

  it("shows dashboards with their metrics", function()
    assert.matches("\nGröße und Wachstum 4  Kateřina Nováková        8   0.44  combo, line, metric, scatter, table\n",
      output, 1, true)
  end)

  it("shows who may see one: not who has left, nor who is invited", function()
    assert.matches("\nTuuli Mäkinen    can_edit  user      collection Finance: monthly\n", output, 1, true)
    assert.not_matches("Valentina Rossi", output)
  end)

  it("builds a query, and refuses a label that does not exist", function()
    assert.matches("\nauthor +metrics  verified\n", output)
    assert.matches("tour.lua:%d+: metric_files.verification, a verification_enum, has no label \"verifed\"\n", output)
    assert.matches("\nhint: did you mean verified?\n", output, 1, true)
  end)

  it("gives the results of two queries that ran side by side", function()
    assert.matches("\nactive         28\n", output, 1, true)
    assert.matches("\nverified           60\n", output, 1, true)
    assert.matches("both together took %d%.%d, on two connections", output)
  end)

  it("rolls back", function()
    assert.matches("\nraised:   second thoughts\noutside:  100 % of finance 29\n", output, 1, true)
    local db <close> = mp.connect { url = url, max_size = 1 }
    assert.is_nil(db:first("select id from dashboard_files where name like '%final%'"))
  end)

  it("shows an error with a caret under the word that is wrong", function()
    local blanks = output:match("\nline 3: [^\n]*\n( *)^\n")
    assert.equal(#"line 3:   where name like 'Groesse%' and " - 2, #blanks)
    assert.matches('\nhint: Perhaps you meant to reference the column "metric_files.organization_id".\n', output, 1,
      true)
  end)

  it("fits into 100 columns", function()
    for line in output:gmatch("[^\n]+") do
      assert.is_true(utf8.len(line) <= 100, line)
    end
  end)

  it("says what is missing where there is no sample data", function()
    local text, code = sample.run(require("spec.support.cluster").migrated(), "examples/tour.lua")
    assert.equal(1, code)
    assert.equal("tour: there is no sample data; `moonpool scripts/buster/sample_data.lua` loads it\n", text)
  end)
end)
