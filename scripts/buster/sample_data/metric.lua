-- The document of one sample metric: its SQL, its chart, and what its last result looked like.
-- All seven chart types, names in three spellings, text with colons, quotes, per-cent signs and
-- letters from everywhere: what real metrics have and careless code breaks.

local mp = require "moonpool"
local subjects = require "buster.sample_data.subjects"

local M = {}

local CHARTS = { "bar", "line", "scatter", "pie", "combo", "metric", "table" }

local TITLES = {
  "%s: EU", "\"%s\" per quarter", "%s (%% of total)", "Überblick: %s", "It's %s?", "%s — 月次",
}

local TIME_FRAMES = { "all_time", "Last 30 days", "Last 12 months", "Q2 2025", "Year to date: 2025" }

local COLORS = { "#264653", "#2A9D8F", "#E9C46A", "#F4A261", "#E76F51" }

local function chart_type(metric)
  return CHARTS[metric % #CHARTS + 1]
end

local function dataset_of(layout, metric)
  return subjects.dataset(layout:metric_datasets(metric)[1])
end

local function plain_title(metric, dataset)
  local first, second = dataset.measures[1][2], dataset.measures[2][2]
  local by = subjects.title(dataset.dimensions[metric % 2 + 1])
  local titles = {
    bar = first .. " by " .. by, line = "Monthly " .. first, scatter = first .. " against " .. second,
    pie = first .. " Share by " .. by, combo = first .. " and " .. second,
    metric = "Total " .. first, table = subjects.title(dataset.name) .. " Overview",
  }
  return titles[chart_type(metric)]
end

--- The name of a metric.
---@param metric integer
---@return string
function M.name(layout, metric)
  local plain = plain_title(metric, dataset_of(layout, metric))
  local pattern = TITLES[metric % 10 + 1]
  return pattern and pattern:format(plain) or plain
end

-- Result columns are called as their authors liked: order_count, "Order Count" or "ORDER_COUNT".
local function spell(metric, name)
  local style = metric % 3
  if style == 0 then
    return name
  end
  return style == 1 and subjects.title(name) or name:upper()
end

local function measure_column(metric, measure)
  return {
    name = spell(metric, "total_" .. measure[1]), expression = ("sum(a.%s)"):format(measure[1]),
    title = measure[2], style = measure[3], simple_type = "number", type = "float8",
  }
end

local function columns_of(metric, dataset)
  local dimension = dataset.dimensions[metric % 2 + 1]
  local time = {
    name = spell(metric, "month"), expression = ("date_trunc('month', a.%s)"):format(dataset.time),
    style = "date", simple_type = "date", type = "timestamptz",
  }
  local group = {
    name = spell(metric, dimension), expression = "a." .. dimension,
    style = "string", simple_type = "text", type = "text",
  }
  local first = measure_column(metric, dataset.measures[1])
  local second = measure_column(metric, dataset.measures[2])
  local by_chart = {
    bar = { group, first }, line = { time, first }, scatter = { group, first, second },
    pie = { group, first }, combo = { time, first, second }, metric = { first },
    table = { group, time, first, second },
  }
  return by_chart[chart_type(metric)]
end

local function sql_of(columns, datasets)
  local selected, grouped = {}, {}
  for at, column in ipairs(columns) do
    selected[at] = ("  %s as \"%s\""):format(column.expression, column.name)
    if column.simple_type ~= "number" then
      grouped[#grouped + 1] = tostring(at)
    end
  end
  local lines = { "select", table.concat(selected, ",\n") }
  lines[#lines + 1] = ("from %s.%s as a"):format(datasets[1].schema, datasets[1].name)
  if datasets[2] then
    lines[#lines + 1] = ("join %s.%s as b using (customer_id)"):format(
      datasets[2].schema, datasets[2].name)
  end
  if #grouped > 0 then
    local list = table.concat(grouped, ", ")
    lines[#lines + 1] = "group by " .. list
    lines[#lines + 1] = "order by " .. list
  end
  return table.concat(lines, "\n") .. "\n"
end

local function number_format(column)
  local format = {
    columnType = "number", style = column.style, displayName = column.title,
    numberSeparatorStyle = ",", minimumFractionDigits = 0, maximumFractionDigits = 2,
    replaceMissingDataWith = 0,
  }
  if column.style == "currency" then
    format.currency = "EUR"
  elseif column.style == "percent" then
    format.suffix = " %"
    format.multiplier = 100
  else
    format.compactNumbers = true
  end
  return format
end

local function label_format(column)
  if column.simple_type == "number" then
    return number_format(column)
  end
  local format = {
    columnType = column.style, style = column.style,
    numberSeparatorStyle = mp.null, replaceMissingDataWith = mp.null,
  }
  if column.simple_type == "date" then
    format.dateFormat = "MMM YYYY"
    format.isUtc = false
  end
  return format
end

local function names(...)
  local list = {}
  for at, column in ipairs { ... } do
    list[at] = column.name
  end
  return list
end

-- What each chart type has of its own. c: the columns, in the order of the SQL.
local DECORATE = {
  bar = function(chart, c)
    chart.barAndLineAxis = { x = names(c[1]), y = names(c[2]) }
    chart.barLayout = "vertical"
    chart.barSortBy = { "desc" }
    chart.barGroupType = "stack"
    chart.barShowTotalAtTop = true
    chart.xAxisLabelRotation = "45"
  end,
  line = function(chart, c)
    chart.barAndLineAxis = { x = names(c[1]), y = names(c[2]) }
    chart.columnSettings = { [c[2].name] = { lineStyle = "area", lineType = "smooth", lineWidth = 2 } }
    chart.xAxisTimeInterval = "month"
    chart.xAxisAxisTitle = "Month: calendar"
    chart.yAxisStartAxisAtZero = true
    chart.goalLines = {
      { show = true, value = 100000, goalLineLabel = "Target: 2025", goalLineColor = "#E76F51" },
    }
    chart.trendlines = {
      { show = true, type = "linear_regression", columnId = c[2].name, lineStyle = "dashed" },
    }
  end,
  scatter = function(chart, c)
    chart.scatterAxis = { x = names(c[2]), y = names(c[3]), category = names(c[1]) }
    chart.scatterDotSize = { 3, 15 }
    chart.yAxisScaleType = "log"
  end,
  pie = function(chart, c)
    chart.pieChartAxis = { x = names(c[1]), y = names(c[2]) }
    chart.pieDisplayLabelAs = "percent"
    chart.pieInnerLabelAggregate = "sum"
    chart.pieInnerLabelTitle = "Total: all"
    chart.pieDonutWidth = 40
  end,
  combo = function(chart, c)
    chart.comboChartAxis = { x = names(c[1]), y = names(c[2]), y2 = names(c[3]) }
    chart.columnSettings = { [c[3].name] = { columnVisualization = "line", lineWidth = 3 } }
    chart.y2AxisShowAxisTitle = true
  end,
  metric = function(chart, c)
    chart.metricColumnId = c[1].name
    chart.metricValueAggregate = "sum"
    chart.metricHeader = c[1].title
    chart.metricSubHeader = { columnId = c[1].name, useValue = true, aggregate = "max" }
  end,
  table = function(chart, c)
    chart.tableColumnOrder = names(table.unpack(c))
    chart.tableColumnWidths = { [c[1].name] = 180 }
    chart.tableHeaderBackgroundColor = "#264653"
  end,
}

local function chart_config(metric, columns, stream)
  local chart = { selectedChartType = chart_type(metric), columnLabelFormats = {} }
  for _, column in ipairs(columns) do
    chart.columnLabelFormats[column.name] = label_format(column)
  end
  if metric % 2 == 0 then
    chart.colors = { stream:pick(COLORS), stream:pick(COLORS) }
    chart.showLegend = true
    chart.showLegendHeadline = metric % 4 == 0 and "average" or false
  end
  DECORATE[chart.selectedChartType](chart, columns)
  return chart
end

local function column_metadata(column, rows, stream)
  local low, high = "APAC", "Zürich"
  if column.simple_type == "number" then
    low = stream:int(0, 900)
    high = low + stream:int(1, 90000) / 4
  elseif column.simple_type == "date" then
    low, high = "2024-06-01T00:00:00Z", "2025-05-01T00:00:00Z"
  end
  return {
    name = column.name, simple_type = column.simple_type, type = column.type,
    unique_values = stream:int(1, rows), min_value = low, max_value = high,
  }
end

local function data_metadata(columns, stream)
  local rows = stream:int(1, 100)
  local metadata = { column_count = #columns, row_count = rows, column_metadata = {} }
  for at, column in ipairs(columns) do
    metadata.column_metadata[at] = column_metadata(column, rows, stream)
  end
  return metadata
end

--- The latest content of a metric and the metadata of its result.
---@param metric integer
---@return table content
---@return table data_metadata
function M.document(layout, metric)
  local stream = layout:stream("document of metric", metric)
  local datasets = {}
  for at, index in ipairs(layout:metric_datasets(metric)) do
    datasets[at] = subjects.dataset(index)
  end
  local columns = columns_of(metric, datasets[1])
  local content = {
    name = M.name(layout, metric),
    description = ("What \"%s\" says about the business, 100 %% of it"):format(datasets[1].base),
    timeFrame = stream:pick(TIME_FRAMES),
    sql = sql_of(columns, datasets),
    chartConfig = chart_config(metric, columns, stream),
  }
  return content, data_metadata(columns, stream)
end

--- An older version of a content: the same metric under a working title, without a description.
---@param content table
---@param version integer
---@return table content
function M.draft(content, version)
  return {
    name = ("Draft %d: %s"):format(version, content.name), description = mp.null,
    timeFrame = "all_time", sql = content.sql, chartConfig = content.chartConfig,
  }
end

return M
