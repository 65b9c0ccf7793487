-- A document of dashboards of about 1 MB: yaml.lua make; read or written: yaml.lua decode|encode <file> <count>; what
-- there is before that: yaml.lua idle <file>.
local WIDTHS = { { 12 }, { 6, 6 }, { 4, 4, 4 }, { 3, 3, 3, 3 }, { 8, 4 } }

local METRIC = [[
    - name: Monthly revenue %d
      timeFrame: Last %d months
      sql: |
        select date_trunc('month', o.created_at) as month, sum(o.total) as "Total Revenue"
        from orders o where o.region = %d
        group by 1
      chartConfig:
        selectedChartType: bar
        colors:
          - "#264653"
          - "#2A9D8F"
        barAndLineAxis:
          x:
            - month
          y:
            - total revenue
        columnLabelFormats:
          total revenue:
            columnType: number
            style: currency
            currency: EUR
            minimumFractionDigits: 0
            multiplier: %.2f
            numberSeparatorStyle: ","
            replaceMissingDataWith: null
            isUTC: false
]]

--- A dashboard as people write them, with the metrics that it shows: nested maps with few different sets of keys, names
--- with quotes, some text that is not ASCII, SQL in literal blocks.
local function make_dashboard(number)
  local out = {}
  local function add(format, ...) out[#out + 1] = format:format(...) end
  add("- name: \"Überblick: Umsatz %d\"\n", number)
  add("  description: Revenue and orders by region, plan %d%% of last year\n  rows:\n", number)
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
  for metric = 1, 4 do add(METRIC, metric, metric, metric, metric / 8) end
  return table.concat(out)
end

local function make()
  local out, size = {}, 0
  while size < 1000000 do
    out[#out + 1] = make_dashboard(#out + 1)
    size = size + #out[#out]
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
if verb == "idle" then
  return
end
if verb == "decode" then
  for _ = 2, count do yaml.decode(text) end
else
  local value = yaml.decode(text)
  for _ = 2, count do yaml.encode(value) end
  text = yaml.encode(value)
end
print(count_nodes(yaml.decode(text)))
