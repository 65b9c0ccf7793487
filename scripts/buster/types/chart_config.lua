--- The chart of a metric: one of seven types, told by `selectedChartType`.

local shape = require "moonpool.shape"
local column_label_format = require "buster.types.column_label_format"
local parts = require "buster.types.chart_parts"

local BASE = {
  { "columnLabelFormats", parts.by_column(column_label_format.shape, { required = true,
    description = "How each column of the result is shown. There is one for every column" }) },
  { "columnSettings", parts.by_column(parts.column_settings, { description = "How columns are drawn" }) },
  { "colors", shape.list(parts.color(), { description = "The colours, in quotes, since # begins a comment" }) },
  { "showLegend", shape.boolean { description = "Decided by the reader if absent" } },
  { "gridLines", shape.boolean { description = "true if absent" } },
  { "showLegendHeadline", shape.any_of {
    shape.boolean {},
    parts.word { "current", "average", "total", "median", "min", "max" },
    expected = "true, false, current, average, total, median, min or max",
    description = "What the legend says of each series; false if absent",
  } },
  { "goalLines", shape.list(parts.goal_line, { description = "Horizontal lines" }) },
  { "trendlines", shape.list(parts.trendline, { description = "Lines that follow a column" }) },
  { "disableTooltip", shape.boolean { description = "false if absent" } },
}

-- ---- columns must be known ----

local AXES = { "barAndLineAxis", "scatterAxis", "pieChartAxis", "comboChartAxis" }
local LISTS = { "x", "y", "y2", "category", "tooltip", "size", "colorBy" }

local function visit_list(list, path, visit)
  for i, name in ipairs(list or {}) do
    path[#path + 1] = i
    visit(name, path)
    path[#path] = nil
  end
end

local function visit_keys(map, field, visit)
  for name in pairs(map or {}) do
    visit(name, { field, name })
  end
end

--- Columns that stand in an object of a field: in a title, or in a trend line.
local function visit_holder(holder, path, visit)
  if type(holder) == "table" and holder.columnId then
    path[#path + 1] = "columnId"
    visit(holder.columnId, path)
  end
end

--- Calls visit(column, path) for every place of a chart that names a column.
local function visit_columns(chart, visit)
  for _, axis in ipairs(AXES) do
    for _, key in ipairs(LISTS) do
      visit_list(chart[axis] and chart[axis][key], { axis, key }, visit)
    end
  end
  if chart.metricColumnId then
    visit(chart.metricColumnId, { "metricColumnId" })
  end
  visit_holder(chart.metricHeader, { "metricHeader" }, visit)
  visit_holder(chart.metricSubHeader, { "metricSubHeader" }, visit)
  visit_list(chart.tableColumnOrder, { "tableColumnOrder" }, visit)
  visit_keys(chart.tableColumnWidths, "tableColumnWidths", visit)
  visit_keys(chart.columnSettings, "columnSettings", visit)
  for i, line in ipairs(chart.trendlines or {}) do
    visit_holder(line, { "trendlines", i }, visit)
  end
end

local function check_columns(chart, _, warn)
  visit_columns(chart, function(name, path)
    if type(name) == "string" and not chart.columnLabelFormats[name] then
      warn(path, ("no column %q is in columnLabelFormats"):format(name), "give it a format there, or mend the name")
    end
  end)
end

--- Lists that hold one column by convention.
local function check_single(chart, _, warn)
  for _, axis in ipairs(AXES) do
    for _, key in ipairs { "colorBy", "size" } do
      local list = chart[axis] and chart[axis][key]
      if list and #list > 1 then
        warn({ axis, key }, ("the list has %d columns; readers use one"):format(#list))
      end
    end
  end
end

local function check_dots(chart, _, warn)
  local sizes = chart.scatterDotSize
  if sizes and (#sizes ~= 2 or sizes[1] > sizes[2]) then
    warn("scatterDotSize", "expected two numbers, the least and the greatest")
  end
end

-- ---- types of charts ----

local function concat(...)
  local list = {}
  for _, part in ipairs { ... } do
    table.move(part, 1, #part, #list + 1, list)
  end
  return list
end

--- A rule that sees the chart's own fields only: others, of charts of other types perhaps, were not looked at.
local function rule_of_own(fields, needs, check)
  return { needs = needs, check = function(chart, report, warn)
    local own = {}
    for _, field in ipairs(fields) do
      own[field[1]] = chart[field[1]]
    end
    check(own, report, warn)
  end }
end

--- A chart: what it has of its own, then what all have.
local function chart(name, fields, rule)
  local all = concat(fields, BASE)
  local rules = { rule_of_own(all, { "columnLabelFormats" }, check_columns), rule_of_own(all, {}, check_single), rule }
  return shape.object(name, concat(all, parts.axes), { snake_case = true, rules = rules })
end

local function axis(name, optional)
  local fields = {
    { "x", parts.columns "Columns along the x-axis", { required = true } },
    { "y", parts.columns "Columns that are drawn", { required = true } },
  }
  for _, field in ipairs(optional) do
    fields[#fields + 1] = { field[1], parts.columns(field[2]) }
  end
  return shape.object(name, fields, { snake_case = true })
end

local CATEGORY = { "category", "Columns that make a series of each value" }
local TOOLTIP = { "tooltip", "Columns in the tooltip" }
local COLOR_BY = { "colorBy", "The column whose values colour a series" }

local bar_and_line = chart("BarAndLineChart", {
  { "barAndLineAxis", axis("BarAndLineAxis", { CATEGORY, TOOLTIP, COLOR_BY }), { required = true } },
  { "barLayout", parts.word({ "horizontal", "vertical" }, "vertical if absent") },
  { "barSortBy", shape.list(parts.word { "asc", "desc", "none", convert = require("buster.types.column").lower },
    { description = "An order for each column along the x-axis" }) },
  { "barGroupType", parts.word({ "stack", "group", "percentage-stack" }, "group if absent") },
  { "barShowTotalAtTop", shape.boolean { description = "false if absent" } },
  { "lineGroupType", parts.word({ "stack", "percentage-stack" }, "Lines stand alone if absent") },
})

local scatter = chart("ScatterChart", {
  { "scatterAxis", axis("ScatterAxis", { CATEGORY, { "size", "The column that sizes the dots" }, TOOLTIP }),
    { required = true } },
  { "scatterDotSize", shape.list(shape.number {}, { description = "Least and greatest size; 3 and 15 if absent" }) },
}, { needs = { "scatterDotSize" }, check = check_dots })

local pie = chart("PieChart", {
  { "pieChartAxis", axis("PieChartAxis", { TOOLTIP }), { required = true } },
  { "pieDisplayLabelAs", parts.word({ "percent", "number" }, "number if absent") },
  { "pieShowInnerLabel", shape.boolean { description = "true if absent" } },
  { "pieInnerLabelAggregate", parts.word({ table.unpack(parts.AGGREGATES) }, "sum if absent") },
  { "pieInnerLabelTitle", shape.string { description = "The text in the middle" } },
  { "pieLabelPosition", parts.word({ "inside", "outside", "none" }, "none if absent") },
  { "pieDonutWidth", shape.number { min = 0, max = 65, description = "Per cent; 40 if absent" } },
  { "pieMinimumSlicePercentage", shape.number { min = 0, max = 100, description = "0 if absent" } },
  { "pieSortBy", parts.word({ "value", "key" }, "value if absent; null: as they come"), { nullable = true } },
})

local combo = chart("ComboChart", {
  { "comboChartAxis", axis("ComboChartAxis", {
    { "y2", "Columns on the second y-axis" }, CATEGORY, TOOLTIP, COLOR_BY,
  }), { required = true } },
})

local derived_title = shape.object("DerivedTitle", {
  { "columnId", parts.column { description = "The column that the title is made of" } },
  { "useValue", shape.boolean { description = "Whether its value is shown, instead of its name" } },
  { "aggregate", parts.word({ "first", table.unpack(parts.AGGREGATES) }, "sum if absent") },
}, { snake_case = true })

local function title(description)
  return shape.any_of { shape.string {}, derived_title, expected = "a text, or a map with columnId",
    description = description }
end

local metric = chart("MetricChart", {
  { "metricColumnId", parts.column { required = true, description = "The column whose value is shown" } },
  { "metricValueAggregate", parts.word({ "first", table.unpack(parts.AGGREGATES) }, "sum if absent") },
  { "metricHeader", title "The text above" },
  { "metricSubHeader", title "The text below" },
  { "metricValueLabel", shape.string { description = "The text at the value" } },
})

local table_chart = chart("TableChart", {
  { "tableColumnOrder", parts.columns "The order of columns" },
  { "tableColumnWidths", parts.by_column(shape.number { min = 0 }, { description = "Widths in pixels" }) },
  { "tableHeaderBackgroundColor", parts.color() },
  { "tableHeaderFontColor", parts.color() },
  { "tableColumnFontColor", parts.color() },
})

return shape.tagged("selectedChartType", {
  { "bar", bar_and_line }, { "line", bar_and_line }, { "scatter", scatter }, { "pie", pie }, { "combo", combo },
  { "metric", metric }, { "table", table_chart },
}, { name = "ChartConfig" })
