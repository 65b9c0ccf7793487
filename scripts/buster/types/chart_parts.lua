--- What charts of several types are made of: columns, colours, axes, goal lines, trend lines, settings of a column.

local shape = require "moonpool.shape"
local column = require "buster.types.column"

local M = {}

local INT32 = 1 << 31

--- An integer that readers with 32 bits can hold.
function M.int32(description)
  return shape.integer { min = -INT32, max = INT32 - 1, description = description }
end

--- The name of a column, in lower case.
function M.column(options)
  options = options or {}
  options.convert = column.lower
  return shape.string(options)
end

---@param description? string
function M.columns(description)
  return shape.list(M.column(), { description = description })
end

--- A map by columns, whose names become lower case.
function M.by_column(value, options)
  options.keys = column.lower
  return shape.map(value, options)
end

local DIGITS = { [3] = true, [4] = true, [6] = true, [8] = true }

local function check_color(value)
  local digits = value:match "^#(%x+)$"
  if not digits or not DIGITS[#digits] then
    return ("%q is no colour; expected # and 3, 4, 6 or 8 hexadecimal digits"):format(value)
  end
end

local HEX = "^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$"

--- A colour; other words that may stand for one are given.
---@param description? string
---@param word? string
function M.color(description, word)
  return shape.string {
    description = description, regex = word and ("^%s$|%s"):format(word, HEX) or HEX,
    check = function(value)
      if value ~= word then
        return check_color(value)
      end
    end,
  }
end

--- One of the documented words; others are a warning.
function M.word(labels, description)
  labels.advisory, labels.description = true, description
  return shape.enum(labels)
end

M.AGGREGATES = { "sum", "average", "median", "max", "min", "count" }

-- ---- axes ----

local function y_axis(name, prefix)
  return shape.object(name, {
    { prefix .. "ShowAxisLabel", shape.boolean { description = "Whether the axis has labels; true if absent" } },
    { prefix .. "ShowAxisTitle", shape.boolean { description = "Whether the axis has a title; true if absent" } },
    { prefix .. "AxisTitle", shape.string { description = "The title; made from the columns if absent" } },
    { prefix .. "StartAxisAtZero", shape.boolean { description = "Whether the axis begins at 0" } },
    { prefix .. "ScaleType", shape.enum { "log", "linear", description = "linear if absent" } },
  }, { snake_case = true })
end

local x_axis = shape.object("XAxis", {
  { "xAxisTimeInterval", shape.enum { "day", "week", "month", "quarter", "year",
    description = "The step between dates" } },
  { "xAxisShowAxisLabel", shape.boolean { description = "Whether the axis has labels; true if absent" } },
  { "xAxisShowAxisTitle", shape.boolean { description = "Whether the axis has a title; true if absent" } },
  { "xAxisAxisTitle", shape.string { description = "The title; made from the columns if absent" } },
  { "xAxisLabelRotation", shape.enum { "0", "45", "90", "auto", lenient = true,
    description = "Degrees by which labels are turned, as a text or a number; auto if absent" } },
  { "xAxisDataZoom", shape.boolean { description = "Whether a reader may zoom; false if absent" } },
}, { snake_case = true })

local category_axis = shape.object("CategoryAxis", {
  { "categoryAxisTitle", shape.string { description = "The title of the categories" } },
}, { snake_case = true })

--- The four groups of settings, which stand in the chart itself, or in maps of their own.
M.axes = {
  shape.flatten(y_axis("YAxis", "yAxis"), { nested = { "yAxisConfig", "y_axis_config" } }),
  shape.flatten(y_axis("Y2Axis", "y2Axis"), { nested = { "y2AxisConfig", "y2_axis_config" } }),
  shape.flatten(x_axis, { nested = { "xAxisConfig", "x_axis_config" } }),
  shape.flatten(category_axis, { nested = { "categoryAxisStyleConfig", "category_axis_style_config" } }),
}

-- ---- lines in a chart ----

M.goal_line = shape.object("GoalLine", {
  { "show", shape.boolean { description = "false if absent" } },
  { "value", shape.number { description = "Where the line is" } },
  { "showGoalLineLabel", shape.boolean { description = "true if absent" } },
  { "goalLineLabel", shape.string { description = "Goal if absent" } },
  { "goalLineColor", M.color "#000000 if absent" },
}, { snake_case = true })

M.trendline = shape.object("Trendline", {
  { "type", M.word({ "average", "linear_regression", "logarithmic_regression", "exponential_regression",
    "polynomial_regression", "min", "max", "median" }, "How the line is found"), { required = true } },
  { "columnId", M.column { required = true, description = "The column that the line is for" } },
  { "show", shape.boolean { description = "true if absent" } },
  { "showTrendlineLabel", shape.boolean { description = "true if absent" } },
  { "trendlineLabel", shape.string { description = "The label" } },
  { "trendLineColor", M.color("A colour, or inherit; #000000 if absent", "inherit") },
  { "trendlineLabelPositionOffset", shape.number { min = 0, max = 100, description = "Per cent; 85 if absent" } },
  { "projection", shape.boolean { description = "Whether the line goes on; false if absent" } },
  { "lineStyle", M.word({ "solid", "dotted", "dashed", "dashdot" }, "solid if absent") },
  { "offset", M.int32 "0 if absent" },
  { "polynomialOrder", M.int32 "2 if absent" },
  { "aggregateAllCategories", shape.boolean { description = "true if absent" } },
  { "id", shape.string { description = "Names the line" } },
}, { snake_case = true })

M.column_settings = shape.object("ColumnSettings", {
  { "showDataLabels", shape.boolean { description = "false if absent" } },
  { "showDataLabelsAsPercentage", shape.boolean { description = "false if absent" } },
  { "columnVisualization", M.word({ "bar", "line", "dot" }, "bar if absent") },
  { "lineWidth", shape.number { min = 1, max = 20, description = "2 if absent" } },
  { "lineStyle", M.word({ "area", "line" }, "line if absent") },
  { "lineType", M.word({ "normal", "smooth", "step" }, "normal if absent") },
  { "lineSymbolSize", shape.number { min = 0, max = 50, description = "0 if absent" } },
  { "barRoundness", shape.number { min = 0, max = 50, description = "8 if absent" } },
  { "lineSymbolSizeDot", shape.number { min = 0, max = 50, description = "The size of dots; 10 if absent" } },
}, { snake_case = true })

return M
