-- A document of dashboards of about 1 MB: yaml.lua make; read or written: yaml.lua decode|encode <file> <count>.
local WIDTHS = { { 12 }, { 6, 6 }, { 4, 4, 4 }, { 3, 3, 3, 3 }, { 8, 4 } }

--- A dashboard as people write them, with the metrics that it shows: nested maps with few different sets of keys, names
--- with quotes, some text that is not ASCII, SQL in literal blocks.
local function add_dashboard(out, number)
  local function add(format, ...) out[#out + 1] = format:format(...) end
  add("- name: \"Überblick: Umsatz %d\"\n  description: Revenue and orders by region, plan %d%% of last year\n", number, number)
  add("  rows:\n")
  for row = 1, 6 do
    local widths = WIDTHS[(number + row) % #WIDTHS + 1]
    add("    - id: %d\n      rowHeight: %d\n      columnSizes:\n", row, 320 + row * 10)
    for _, width in ipairs(widths) do add("        - %d\n", width) end
    add("      items:\n")
    for item = 1, #widths do
      add("        - id: 7c9e6679-7425-40de-944b-%012x\n", number * 100 + row * 10 + item)
    end
  end
  add("  metrics:\n")
  for metric = 1, 4 do
    add("    - name: Monthly revenue %d\n      timeFrame: Last %d months\n      sql: |\n", metric, metric)
    add("        select date_trunc('month', o.created_at) as month, sum(o.total) as \"Total Revenue\"\n")
    add("        from orders o where o.region = %d\n        group by 1\n", metric)
    add("      chartConfig:\n        selectedChartType: bar\n        colors:\n          - \"#264653\"\n          - \"#2A9D8F\"\n")
    add("        barAndLineAxis:\n          x:\n            - month\n          y:\n            - total revenue\n")
    add("        columnLabelFormats:\n          total revenue:\n            columnType: number\n            style: currency\n")
    add("            currency: EUR\n            minimumFractionDigits: 0\n            multiplier: %.2f\n", metric / 8)
    add("            numberSeparatorStyle: \",\"\n            replaceMissingDataWith: null\n            isUTC: false\n")
  end
end

local function make()
  local out, size, number = {}, 0, 0
  while size < 1000000 do
    number = number + 1
    local from = #out
    add_dashboard(out, number)
    for i = from + 1, #out do size = size + #out[i] end
  end
  return table.concat(out)
end

--- Lists, maps, keys and other values: what libyaml has an event for.
local function count_nodes(value)
  if type(value) ~= "table" then
    return 1
  end
  local mp = require "moonpool"
  local nodes, is_list = 1, mp.array.is(value)
  for _, item in pairs(value) do
    nodes = nodes + (is_list and 0 or 1) + count_nodes(item)
  end
  return nodes
end

local verb, path, count = arg[1], arg[2], tonumber(arg[3])
if verb == "make" then
  io.write(make())
  return
end
local yaml = require("moonpool").yaml
local text = assert(io.open(path, "rb")):read "a"
if verb == "decode" then
  for _ = 2, count do yaml.decode(text) end
  print(count_nodes(yaml.decode(text)))
elseif verb == "encode" then
  local value = yaml.decode(text)
  for _ = 2, count do yaml.encode(value) end
  print(count_nodes(yaml.decode(yaml.encode(value))))
elseif verb == "hold" then
  local value = yaml.decode(text)
  print(value[1].name ~= nil)
end
