--- Metrics. A number in brackets is that of a way in which such documents were damaged before.

local mp = require "moonpool"
local documents = require "spec.support.documents"
local metric_yml = require "buster.types.metric_yml"

local copy, lines, places = documents.copy, documents.lines, documents.places

local function read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local REVENUE = read_file "spec/buster/types/revenue.yml"

local BASE = {
  columnLabelFormats = {
    month = {
      columnType = "date", style = "date", displayName = "Month: all", numberSeparatorStyle = mp.null,
      replaceMissingDataWith = mp.null, dateFormat = "MMM YYYY", useRelativeTime = true, isUtc = false,
    },
    revenue = {
      columnType = "number", style = "currency", numberSeparatorStyle = ",", minimumFractionDigits = 0,
      maximumFractionDigits = 2, multiplier = 0.5, prefix = "'", suffix = " %", replaceMissingDataWith = "none",
      compactNumbers = true, currency = "EUR", convertNumberTo = "quarter", makeLabelHumanReadable = false,
    },
  },
  columnSettings = {
    revenue = {
      showDataLabels = true, showDataLabelsAsPercentage = true, columnVisualization = "dot", lineWidth = 1.5,
      lineStyle = "area", lineType = "step", lineSymbolSize = 7, barRoundness = 50, lineSymbolSizeDot = 10,
    },
  },
  colors = { "#264653", "#fff", "#ffff", "#264653ff" },
  showLegend = true, gridLines = false, showLegendHeadline = "current", disableTooltip = true,
  goalLines = {
    { show = true, value = 12.5, showGoalLineLabel = true, goalLineLabel = "Goal: 1", goalLineColor = "#000000" },
  },
  trendlines = {
    {
      type = "polynomial_regression", columnId = "revenue", show = true, showTrendlineLabel = false,
      trendlineLabel = "up", trendLineColor = "inherit", trendlineLabelPositionOffset = 85, projection = true,
      lineStyle = "dashdot", offset = -1, polynomialOrder = 3, aggregateAllCategories = false, id = "a",
    },
  },
  yAxisShowAxisLabel = true, yAxisShowAxisTitle = true, yAxisAxisTitle = "EUR", yAxisStartAxisAtZero = true,
  yAxisScaleType = "log", y2AxisShowAxisLabel = true, y2AxisShowAxisTitle = true, y2AxisAxisTitle = "n",
  y2AxisStartAxisAtZero = false, y2AxisScaleType = "linear", xAxisTimeInterval = "month", xAxisShowAxisLabel = true,
  xAxisShowAxisTitle = true, xAxisAxisTitle = "time", xAxisLabelRotation = "45", xAxisDataZoom = true,
  categoryAxisTitle = "kinds",
}

local BAR = {
  barAndLineAxis = { x = { "month" }, y = { "revenue" }, category = { "month" }, tooltip = { "month" },
    colorBy = { "month" } },
  barLayout = "horizontal", barSortBy = { "asc", "desc", "none" }, barGroupType = "percentage-stack",
  barShowTotalAtTop = true, lineGroupType = "stack",
}

--- Every field that a type of chart has of its own.
local OWN = {
  bar = BAR,
  line = BAR,
  scatter = {
    scatterAxis = { x = { "month" }, y = { "revenue" }, category = { "month" }, size = { "revenue" },
      tooltip = { "month" } },
    scatterDotSize = { 3, 15.5 },
  },
  pie = {
    pieChartAxis = { x = { "month" }, y = { "revenue" }, tooltip = { "month" } },
    pieDisplayLabelAs = "percent", pieShowInnerLabel = true, pieInnerLabelAggregate = "median",
    pieInnerLabelTitle = "all", pieLabelPosition = "outside", pieDonutWidth = 65, pieMinimumSlicePercentage = 1.5,
    pieSortBy = "key",
  },
  combo = {
    comboChartAxis = { x = { "month" }, y = { "revenue" }, y2 = { "revenue" }, category = { "month" },
      tooltip = { "month" }, colorBy = { "month" } },
  },
  metric = {
    metricColumnId = "revenue", metricValueAggregate = "first", metricHeader = "Revenue",
    metricSubHeader = { columnId = "month", useValue = true, aggregate = "max" }, metricValueLabel = "in all",
  },
  table = {
    tableColumnOrder = { "revenue", "month" }, tableColumnWidths = { month = 100.5 },
    tableHeaderBackgroundColor = "#000", tableHeaderFontColor = "#fff", tableColumnFontColor = "#000000",
  },
}

local CHARTS = { "bar", "line", "scatter", "pie", "combo", "metric", "table" }

local function chart_of(kind)
  local chart = { selectedChartType = kind }
  for _, part in ipairs { BASE, OWN[kind] } do
    for name, value in pairs(part) do
      chart[name] = copy(value)
    end
  end
  return chart
end

local function metric(chart)
  return { name = "Revenue: EU", description = "100 %", timeFrame = "all_time", sql = "select 1", chartConfig = chart }
end

local function with(changes)
  local chart = chart_of "line"
  for name, value in pairs(changes) do
    chart[name] = value
  end
  return metric(chart)
end

local function errors_of(changes, options)
  return lines((metric_yml.check(with(changes), options)))
end

local function warnings_of(changes)
  local mistakes, warnings = metric_yml.check(with(changes))
  assert.same({}, lines(mistakes))
  return lines(warnings)
end

describe("a metric", function()
  for _, kind in ipairs(CHARTS) do
    it("with a chart of type " .. kind .. " keeps every field", function()
      local given = metric(chart_of(kind))
      local value, warnings = metric_yml.decode(copy(given), { strict = true })
      assert.same(given, value)
      assert.same({}, warnings)
      assert.same(given, metric_yml.to_json(value))
    end)

    it("with a chart of type " .. kind .. " reads every field in snake_case [9][14]", function()
      local given = metric(chart_of(kind))
      local but = { month = true, revenue = true, selectedChartType = true }
      local value = metric_yml.decode(documents.in_snake_case(given, but), { strict = true })
      assert.same(given, value)
    end)
  end

  it("is refused with another type of chart, or none", function()
    local choices = "expected one of bar, line, scatter, pie, combo, metric, table"
    assert.same({ "chartConfig.selectedChartType: " .. choices .. '; but it is the text "lines"' },
      errors_of { selectedChartType = "lines" })
    assert.same({ 'chartConfig.selectedChartType: "selectedChartType" is missing; ' .. choices },
      errors_of { selectedChartType = mp.null })
  end)

  it("needs a name, SQL, a chart, its axis and formats of columns", function()
    assert.same({ 'name: "name" is missing; MetricYml requires it', 'sql: "sql" is missing; MetricYml requires it',
      'chartConfig: "chartConfig" is missing; MetricYml requires it' }, lines((metric_yml.check {})))
    local axes = { bar = "barAndLineAxis", line = "barAndLineAxis", scatter = "scatterAxis", pie = "pieChartAxis",
      combo = "comboChartAxis", metric = "metricColumnId" }
    for _, kind in ipairs(CHARTS) do
      local found = table.concat(lines((metric_yml.check(metric { selectedChartType = kind }))), "\n")
      assert.truthy(found:find('"columnLabelFormats" is missing', 1, true))
      assert.truthy(not axes[kind] or found:find(('"%s" is missing'):format(axes[kind]), 1, true))
    end
  end)

  it("has neither a blank name nor blank SQL [16]", function()
    local blank = metric(chart_of "table")
    blank.name, blank.sql = " ", "\n\t"
    assert.same({ "name: the text is blank", "sql: the text is blank" }, lines((metric_yml.check(blank))))
  end)

  it("is of all time when it says nothing else, wherever else the words stand [6][8]", function()
    local text = 'name: A\ndescription: "timeFrame: x"\nsql: |\n  select 1 -- sql:\n  timeFrame: 1\nchartConfig:\n'
      .. "  selectedChartType: table\n  columnLabelFormats: {}\n"
    local value = metric_yml.decode(text, { strict = true })
    assert.equal("all_time", value.timeFrame)
    assert.equal("select 1 -- sql:\ntimeFrame: 1\n", value.sql)
    assert.equal("timeFrame: x", value.description)
  end)

  it("has one time frame, not one in each spelling [7]", function()
    local text = "name: A\ntime_frame: x\nsql: select 1\n"
      .. "chartConfig: {selectedChartType: table, columnLabelFormats: {}}\n"
    assert.equal("x", metric_yml.decode(text).timeFrame)
    assert.same({ '5:1 timeFrame: "timeFrame" and "time_frame" in line 2 are the same field, timeFrame' },
      places((metric_yml.check(text .. "timeFrame: y\n"))))
  end)

  it("has a description of null when nothing describes it", function()
    local given = metric(chart_of "table")
    given.description = nil
    assert.is_nil(metric_yml.decode(given).description)
    assert.equal(mp.null, metric_yml.to_json(given).description)
  end)
end)

describe("the text of a metric", function()
  it("is read as it is: nothing is lost, names of columns are in lower case [1][3][10][13]", function()
    local value, warnings = metric_yml.decode(REVENUE, { strict = true })
    local chart = value.chartConfig
    assert.same({}, warnings)
    assert.equal("Monthly Revenue: EU", value.name)
    assert.equal([[What the "big" shops took; 85 % of it's online]], value.description)
    assert.equal(3, select(2, value.sql:gsub("\n", "")))
    assert.truthy(value.sql:find([[-- name: "paid": yes]], 1, true))
    assert.same({ x = { "month" }, y = { "total revenue" } }, chart.barAndLineAxis)
    assert.same({ "month", "total revenue" }, documents.keys(chart.columnLabelFormats))
    assert.equal("EUR", chart.columnLabelFormats["total revenue"].currency)
    assert.equal("Goal: 2026", chart.goalLines[1].goalLineLabel)
    assert.equal("total revenue", chart.trendlines[1].columnId)
    assert.equal("month", chart.xAxisTimeInterval)
    assert.equal("45", chart.xAxisLabelRotation)
    assert.same({ "#264653", "#2A9D8F" }, chart.colors)
  end)

  it("is the same after it was written as JSON and read again", function()
    local value = metric_yml.decode(REVENUE)
    local text = metric_yml.encode(value, "json")
    assert.same(metric_yml.to_json(value), (metric_yml.decode(text)))
    assert.equal(text, metric_yml.encode(metric_yml.decode(text), "json"))
  end)

  it("is the same after it was written as YAML and read again, with its SQL as a block", function()
    local value = metric_yml.decode(REVENUE)
    local text = metric_yml.encode(value, "yaml")
    assert.same(metric_yml.to_json(value), (metric_yml.decode(text)))
    assert.truthy(text:find("\nsql: |\n  select date_trunc", 1, true))
  end)

  it("has texts where it has quotes [2][4]", function()
    for written, read in pairs {
      ['"123"'] = "123", ['"null"'] = "null", ["'true'"] = "true", ['"Revenue #1"'] = "Revenue #1",
      ['"[A] B"'] = "[A] B", ['"*x"'] = "*x", ['"@x"'] = "@x", ['"- x"'] = "- x", ['" units"'] = " units",
      ['"10:30"'] = "10:30", ['"a\n  b"'] = "a b", ["85 %"] = "85 %", ["It's"] = "It's",
    } do
      local text = REVENUE:gsub("timeFrame: [^\n]*", function() return "timeFrame: " .. written end)
      assert.equal(read, metric_yml.decode(text).timeFrame)
    end
  end)

  it("is refused with numbers and booleans where a text must be, with what to write", function()
    local mistakes = metric_yml.check(REVENUE:gsub("timeFrame: [^\n]*", "timeFrame: 2024"), nil)
    assert.same({ "3:12 timeFrame: expected a text, but it is the number 2024" }, places(mistakes))
    assert.equal('write it in quotes: "2024"', mistakes[1].hint)
  end)

  it("is refused with colours that are comments, at their line [5]", function()
    local mistakes = metric_yml.check(REVENUE:gsub("colors: [^\n]*", "colors:\n  - '#000'\n\n  - #264653"), nil)
    assert.equal(1, #mistakes)
    assert.equal("chartConfig.colors[2]", mistakes[1].path)
    assert.equal(28, mistakes[1].line)
    assert.equal('# begins a comment; write it in quotes: "#264653"', mistakes[1].hint)
  end)

  it("is refused with a colour that is a comment, where there need be none [5]", function()
    local mistakes = metric_yml.check(REVENUE:gsub("show: true", "goalLineColor: #000000"), nil)
    assert.same({ 'chartConfig.goalLines[1].goalLineColor: "goalLineColor" is null' }, lines(mistakes))
    assert.equal('# begins a comment; write it in quotes: "#000000"', mistakes[1].hint)
    mistakes = metric_yml.check(REVENUE:gsub("colors: [^\n]*", "colors: #FFF"), nil)
    assert.same({ 'chartConfig.colors: "colors" is null' }, lines(mistakes))
  end)

  it("is refused with a colour that is a comment in brackets [5]", function()
    local mistakes = metric_yml.check(REVENUE:gsub("colors: [^\n]*", "colors: [#264653, '#2A9D8F']"), nil)
    assert.equal(1, #mistakes)
    assert.truthy(mistakes[1].hint:find('a # begins a comment; write it in quotes: "#264653"', 1, true))
  end)

  it("warns of another optional value that is a comment", function()
    local _, warnings = metric_yml.check(REVENUE:gsub("show: true", "id: #1"):gsub("description: [^\n]*",
      "description: #1"), nil)
    local mistake
    for _, warning in ipairs(warnings) do
      mistake = warning.path == "description" and warning or mistake
    end
    assert.equal('# begins a comment; write it in quotes: "#1"', mistake.hint)
  end)

  it("has a hint for a field of another chart", function()
    local chart = chart_of "line"
    chart.tableHeaderFontColor = "#fff"
    local _, warnings = metric_yml.check(metric(chart))
    assert.equal("it is a field where selectedChartType is table", warnings[1].hint)
  end)

  it("is refused with its line where it is no YAML", function()
    local ok, err = pcall(metric_yml.decode, "name: A\nsql: [\n", { file = "a.yml" })
    assert.is_false(ok)
    assert.equal("yaml", err.kind)
    assert.truthy(tostring(err):find("a.yml", 1, true))
  end)
end)

describe("names of columns in a metric", function()
  local function lowered(kind, changes)
    local chart = { selectedChartType = kind, columnLabelFormats = {
      MONTH = BASE.columnLabelFormats.month, Revenue = BASE.columnLabelFormats.revenue,
    } }
    for name, value in pairs(changes) do
      chart[name] = value
    end
    return metric_yml.decode(metric(chart)).chartConfig
  end

  it("are in lower case wherever a field means a column [9][10]", function()
    local chart = lowered("bar", {
      barAndLineAxis = { x = { "MONTH" }, y = { "Revenue" }, category = { "MONTH" }, tooltip = { "MONTH" },
        color_by = { "MONTH" } },
      column_settings = { REVENUE = {} }, barSortBy = { "ASC" }, trendlines = { { type = "min", column_id = "MONTH" } },
    })
    assert.same({ "month", "revenue" }, documents.keys(chart.columnLabelFormats))
    assert.same({ revenue = {} }, chart.columnSettings)
    assert.equal("month", chart.trendlines[1].columnId)
    assert.same({ x = { "month" }, y = { "revenue" }, category = { "month" }, tooltip = { "month" },
      colorBy = { "month" } }, chart.barAndLineAxis)
    assert.same({ "asc" }, chart.barSortBy)
    chart = lowered("table", { tableColumnOrder = { "MONTH" }, tableColumnWidths = { Revenue = 1 } })
    assert.same({ "month" }, chart.tableColumnOrder)
    assert.same({ revenue = 1 }, chart.tableColumnWidths)
    chart = lowered("metric", { metricColumnId = "REVENUE", metricHeader = { column_id = "MONTH" } })
    assert.equal("revenue", chart.metricColumnId)
    assert.same({ columnId = "month" }, chart.metricHeader)
    chart = lowered("combo", { comboChartAxis = { x = {}, y = {}, y2 = { "MONTH" } } })
    assert.same({ "month" }, chart.comboChartAxis.y2)
    chart = lowered("scatter", { scatterAxis = { x = {}, y = {}, size = { "MONTH" } } })
    assert.same({ "month" }, chart.scatterAxis.size)
  end)

  it("are in lower case in every script", function()
    local chart = lowered("table", { tableColumnOrder = { "ÜMSATZ Żółć", "ΣΊΣΥΦΟΣ", "ЦЕНА", "İ", "価格" } })
    assert.same({ "ümsatz żółć", "σίσυφος", "цена", "i\u{307}", "価格" }, chart.tableColumnOrder)
  end)

  it("stay as they are where a field means something else [12]", function()
    local chart = lowered("metric", { metricColumnId = "MONTH", metricHeader = "REVENUE", x = { "MONTH" },
      size = { "Big" }, other = { columnId = "MONTH", category = { "A" } } })
    assert.equal("REVENUE", chart.metricHeader)
    assert.same({ "MONTH" }, chart.x)
    assert.same({ columnId = "MONTH", category = { "A" } }, chart.other)
  end)

  it("that differ in case only are a mistake that names both [11]", function()
    local text = REVENUE:gsub("    Total Revenue:\n", "    Month: {columnType: date, style: date}\n%0", 1)
    local mistakes = metric_yml.check(text)
    assert.same({ '19:5 chartConfig.columnLabelFormats.Month: "Month" and "MONTH" in line 15 are the same key' },
      places(mistakes))
  end)

  it("are not looked for in fields of other charts, which are kept", function()
    local chart = chart_of "table"
    chart.pieChartAxis = { x = 5, y = { "Nowhere" } }
    chart.metricColumnId, chart.scatterDotSize, chart.comboChartAxis = { 1 }, "big", "none"
    local value, warnings = metric_yml.decode(metric(copy(chart)))
    assert.same(chart, value.chartConfig)
    assert.equal(4, #warnings)
  end)

  it("that have no format are worth a warning, at each place [16]", function()
    local chart = chart_of "line"
    chart.barAndLineAxis = { x = { "monthh" }, y = {} }
    chart.trendlines[1].columnId = "t"
    chart.columnSettings = { s = {} }
    local _, warnings = metric_yml.check(metric(chart))
    assert.same({
      'chartConfig.barAndLineAxis.x[1]: no column "monthh" is in columnLabelFormats',
      'chartConfig.columnSettings.s: no column "s" is in columnLabelFormats',
      'chartConfig.trendlines[1].columnId: no column "t" is in columnLabelFormats',
    }, lines(warnings))
    assert.equal(3, #metric_yml.check(metric(chart), { strict = true }))
    local others = chart_of "metric"
    others.metricColumnId, others.metricHeader = "m", { columnId = "h" }
    assert.equal(2, #select(2, metric_yml.check(metric(others))))
    others = chart_of "table"
    others.tableColumnOrder, others.tableColumnWidths = { "o" }, { w = 1 }
    assert.equal(2, #select(2, metric_yml.check(metric(others))))
  end)
end)

describe("the axes of a metric", function()
  it("may be written in maps of their own, and are read into the chart [14]", function()
    for _, names in ipairs { { "xAxisConfig", "yAxisConfig", "y2AxisConfig", "categoryAxisStyleConfig" },
      { "x_axis_config", "y_axis_config", "y2_axis_config", "category_axis_style_config" } } do
      local value = metric_yml.decode(metric {
        selectedChartType = "table", columnLabelFormats = {}, [names[1]] = { x_axis_label_rotation = 90 },
        [names[2]] = { yAxisScaleType = "log" }, [names[3]] = { y2AxisAxisTitle = "n" },
        [names[4]] = { categoryAxisTitle = "c" }, x_axis_time_interval = "day",
      }, { strict = true })
      assert.same({
        selectedChartType = "table", columnLabelFormats = {}, xAxisLabelRotation = "90", xAxisTimeInterval = "day",
        yAxisScaleType = "log", y2AxisAxisTitle = "n", categoryAxisTitle = "c",
      }, value.chartConfig)
    end
  end)

  it("turn labels by a text or a number, and are written as a text", function()
    for given, read in pairs { [0] = "0", [45] = "45", [90.0] = "90", ["0"] = "0", auto = "auto" } do
      assert.equal(read, metric_yml.decode(with { xAxisLabelRotation = given }).chartConfig.xAxisLabelRotation)
    end
  end)

  it("are a mistake with its path where a value is wrong [13]", function()
    assert.same({
      'chartConfig.yAxisScaleType: "Log" is not one of log, linear',
      'chartConfig.xAxisTimeInterval: "null" is not one of day, week, month, quarter, year',
      'chartConfig.xAxisLabelRotation: "30" is not one of 0, 45, 90, auto',
    }, errors_of { xAxisLabelRotation = 30, xAxisTimeInterval = "null", yAxisScaleType = "Log" })
  end)
end)

describe("what a metric documents", function()
  it("are words, of which others are warnings, and mistakes in strict mode", function()
    local changes = { barLayout = "diagonal", barSortBy = { "up" }, showLegendHeadline = "sum" }
    local expected = {
      'chartConfig.barLayout: "diagonal" is not one of horizontal, vertical',
      'chartConfig.barSortBy[1]: "up" is not one of asc, desc, none',
      'chartConfig.showLegendHeadline: "sum" is not one of current, average, total, median, min, max',
    }
    assert.same(expected, warnings_of(changes))
    assert.same(expected, errors_of(changes, { strict = true }))
  end)

  it("are ranges of numbers", function()
    for _, case in ipairs {
      { "columnSettings", { revenue = { lineWidth = 0 } }, "revenue.lineWidth: 0 is too small; expected 1 or more" },
      { "columnSettings", { revenue = { barRoundness = 51 } },
        "revenue.barRoundness: 51 is too large; expected 50 or less" },
      { "trendlines", { { type = "min", columnId = "month", trendlineLabelPositionOffset = 101 } },
        "[1].trendlineLabelPositionOffset: 101 is too large; expected 100 or less" },
      { "trendlines", { { type = "min", columnId = "month", offset = 1 << 31 } },
        "[1].offset: 2147483648 is too large; expected 2147483647 or less" },
    } do
      local joint = case[3]:sub(1, 1) == "[" and "" or "."
      assert.same({ ("chartConfig.%s%s%s"):format(case[1], joint, case[3]) }, errors_of { [case[1]] = case[2] })
    end
  end)

  it("are colours of 3, 4, 6 or 8 hexadecimal digits", function()
    for _, color in ipairs { "red", "#12", "#12345", "#1234567", "#gggggg", "264653", "#264653 " } do
      assert.same({ ("chartConfig.colors[1]: %q is no colour; expected # and 3, 4, 6 or 8 hexadecimal digits")
        :format(color) }, errors_of { colors = { color } })
    end
  end)

  it("are fraction digits in order", function()
    local format = copy(BASE.columnLabelFormats)
    format.revenue.minimumFractionDigits, format.revenue.maximumFractionDigits = 4, 2
    assert.same({ "chartConfig.columnLabelFormats.revenue.maximumFractionDigits: "
      .. "2 is below minimumFractionDigits, which is 4" }, errors_of { columnLabelFormats = format })
  end)

  it("are lists of one column, and sizes of two numbers", function()
    assert.same({ "chartConfig.barAndLineAxis.colorBy: the list has 2 columns; readers use one" },
      warnings_of { barAndLineAxis = { x = {}, y = {}, colorBy = { "month", "revenue" } } })
    local chart = chart_of "scatter"
    for _, sizes in ipairs { { 1 }, { 2, 1 }, { 1, 2, 3 } } do
      chart.scatterDotSize = sizes
      assert.same({ "chartConfig.scatterDotSize: expected two numbers, the least and the greatest" },
        lines(select(2, metric_yml.check(metric(chart)))))
    end
  end)
end)

describe("fields that a metric does not know", function()
  it("are kept, with a warning, and refused in strict mode [15]", function()
    local given = with { lineColour = "red" }
    given.chartConfig.columnLabelFormats.month.isUTC, given.chartConfig.columnLabelFormats.month.isUtc = true, nil
    local value, warnings = metric_yml.decode(given)
    assert.equal("red", metric_yml.to_json(value).chartConfig.lineColour)
    assert.is_true(value.chartConfig.columnLabelFormats.month.isUtc)
    assert.equal(1, #warnings)
    assert.equal("chartConfig.lineColour", warnings[1].path)
    assert.equal(1, #errors_of({ lineColour = "red" }, { strict = true }))
  end)
end)

describe("a metric of which anything is replaced by anything", function()
  local VALUES = { 1, -0.5, "x", "", true, false, mp.null, {}, { 1 }, { "x", "y" }, { x = 1 }, { columnId = 5 },
    { { type = "min" } }, math.huge, mp.array {}, { columnId = "x" } }

  --- Replaces one value, each with the same chance.
  local function damage(value, random)
    local holders = {}
    local function collect(holder)
      for key, item in pairs(holder) do
        holders[#holders + 1] = { holder, key }
        if type(item) == "table" then
          collect(item)
        end
      end
    end
    collect(value)
    local at = holders[random(#holders)]
    at[1][at[2]] = copy(VALUES[random(#VALUES)])
  end

  it("is read, or told what is wrong, and nothing else", function()
    math.randomseed(42)
    for i = 1, 3000 do
      local given = metric(chart_of(CHARTS[i % #CHARTS + 1]))
      for _ = 1, math.random(3) do
        damage(given, math.random)
      end
      local ok, result = pcall(metric_yml.decode, given)
      assert(ok or mp.is_error(result) and result.kind == "yaml", result)
    end
  end)
end)

describe("a metric with other SQL", function()
  local metadata = { column_metadata = {
    { name = "REVENUE", simple_type = "number", type = "float8" },
    { name = "Shop", simple_type = "text", type = "text" },
  } }

  it("has formats of the new columns, with what was stored for them", function()
    local before = metric_yml.decode(metric(chart_of "table"))
    local after = metric_yml.with_sql(before, "select 2", metadata)
    assert.equal("select 2", after.sql)
    assert.same({ "revenue", "shop" }, documents.keys(after.chartConfig.columnLabelFormats))
    assert.equal("EUR", after.chartConfig.columnLabelFormats.revenue.currency)
    assert.equal("string", after.chartConfig.columnLabelFormats.shop.style)
    assert.same({}, after.chartConfig.columnSettings)
    assert.same({}, after.chartConfig.trendlines)
  end)

  it("leaves the metric as it was", function()
    local before = metric_yml.decode(metric(chart_of "table"))
    local same = copy(before)
    metric_yml.with_sql(before, "select 2", metadata)
    assert.same(same, before)
  end)
end)

describe("the schema and the description of a metric", function()
  it("have every type of chart", function()
    local description = metric_yml.describe()
    for _, kind in ipairs(CHARTS) do
      assert.truthy(description:find(kind, 1, true))
    end
    assert.equal("https://json-schema.org/draft/2020-12/schema", metric_yml.json_schema()["$schema"])
  end)
end)
