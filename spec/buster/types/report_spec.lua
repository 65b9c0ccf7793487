--- Reports: texts with metrics in them.

local assert_raises = require "spec.support.assert_raises"
local report = require "buster.types.report"
local documents = require "spec.support.documents"

local ONE, TWO = "2f6a8c1e-0a3b-4c5d-8e7f-0123456789ab", "11111111-2222-4333-8444-555555555555"

describe("a report", function()
  it("is a text, which is no YAML", function()
    for _, text in ipairs { "", "a: b\na: c", "[", "# Title\n\n- x: 'y" } do
      assert.equal(text, report.decode(text))
      assert.equal(text, report.encode(text))
      assert.same({}, (report.check(text)))
    end
  end)

  it("is refused where the database could not hold it", function()
    assert.same({ "the text is not valid UTF-8" }, documents.lines((report.check "\xff")))
    assert.equal(1, #report.check "a\0b")
    assert.equal(1, #report.check(1))
  end)

  it("tells its metrics, each once, in their order", function()
    local text = ([[
# Sales
<metric metricId="%s" width='full'/> and <metric
  title="a > b" metricId='%s'>below</metric>
<metric versionNumber=3 metricId = "%s"></metric>
]]):format(TWO, ONE:upper(), ONE)
    assert.same({ TWO, ONE }, report.metrics(text))
  end)

  it("has no metrics in other tags, attributes and words", function()
    for _, text in ipairs {
      "", "<metric", "<metric metricId=", '<metric metricId="', ('<metrics metricId="%s"/>'):format(ONE),
      ('<metric id="%s"/>'):format(ONE), ('metricId="%s"'):format(ONE), '<metric metricId="1"/>',
      ('<metric title=\'metricId="%s"\'/>'):format(ONE), ('<metric/> metricId="%s"'):format(ONE),
      ('<metric xmetricId="%s"/>'):format(ONE),
    } do
      assert.same({}, report.metrics(text))
    end
  end)

  it("is a text for those who look for metrics in it, too", function()
    assert_raises("usage", "the report is null; expected a text", report.metrics, nil)
    assert_raises("yaml", "report_spec.lua:%d+: expected a text", function() local x = report.decode(5) return x end)
  end)

  it("is looked through in time that grows with its length", function()
    local text = ("<metric "):rep(100000) .. ("<metric a="):rep(100000)
    assert.same({}, report.metrics(text))
  end)
end)
