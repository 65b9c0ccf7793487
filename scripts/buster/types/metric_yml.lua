--- A metric: its SQL and its chart, as `metric_files.content` holds it and people write it in YAML.

local mp = require "moonpool"
local shape = require "moonpool.shape"
local chart_config = require "buster.types.chart_config"
local column_label_format = require "buster.types.column_label_format"
local document = require "buster.types.document"

local M = document.new(shape.object("MetricYml", {
  { "name", shape.string { required = true, blank = false, description = "The title of the metric" } },
  { "description", shape.string { write_null = true, description = "What the metric tells" } },
  { "timeFrame", shape.string { default = "all_time",
    description = 'The period that the SQL covers, in words: "Last 30 days", "Q2 2024", or all_time' } },
  { "sql", shape.string { required = true, blank = false, description = "The query whose result is drawn" } },
  { "chartConfig", chart_config, { required = true, description = "How the result is drawn" } },
}, { snake_case = true }))

--- Fields by which a document is known to be a metric.
M.recognised_by = { "sql", "chartConfig", "chart_config", "timeFrame", "time_frame" }

--- The metric with another query. Each column of the new result has a format: its default, with what was stored for it.
--- Settings of columns and trend lines are emptied.
---@param metric table
---@param sql string
---@param metadata table the DataMetadata of the new result
---@return table metric
---@return moonpool.shape.Mistake[] warnings
function M.with_sql(metric, sql, metadata)
  document.need("the metric is", metric, "table")
  document.need("the metric's chartConfig is", metric.chartConfig, "table")
  local chart = document.with(metric.chartConfig, {
    columnLabelFormats = column_label_format.merge(metric.chartConfig.columnLabelFormats, metadata),
    columnSettings = document.map {},
    trendlines = mp.array {},
  })
  return M.decode(document.with(metric, { sql = sql, chartConfig = chart }))
end

return M
