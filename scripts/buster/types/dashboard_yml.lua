--- A dashboard: rows of metrics, as `dashboard_files.content` holds it and people write it in YAML.

local mp = require "moonpool"
local shape = require "moonpool.shape"
local document = require "buster.types.document"

local LEAST_HEIGHT, MOST_HEIGHT = 320, 550 -- pixels
local MOST_ITEMS = 4
local GRID = 12 -- columns of the grid that a row fills
local LEAST_SIZE = 3

local item = shape.object("RowItem", {
  { "id", shape.uuid { required = true, description = "The id of a metric" } },
})

-- ---- rules of a row ----

--- A row by its id, where it has one.
local function name_of(row)
  return row.id and row.id > 0 and ("row id %d"):format(row.id) or nil
end

local function check_count(row, report)
  local sizes, items = #(row.columnSizes or {}), #(row.items or {})
  if sizes ~= items and sizes > 0 and items > 0 then
    report("columnSizes", ("the number of sizes (%d) is not the number of items (%d)"):format(sizes, items),
      "give one size for each item")
  end
end

local function check_sum(row, report)
  local sum = 0
  for _, size in ipairs(row.columnSizes) do
    sum = sum + size
  end
  if sum ~= GRID then
    report("columnSizes", ("the sum of the sizes is %d; expected exactly %d"):format(sum, GRID))
  end
end

local row = shape.object("Row", {
  { "id", shape.integer { default = 0, min = 0, max = (1 << 32) - 1, lenient = true, -- some writers store a text
    description = "Tells the row from others; 0, or nothing, to be given the next one that is free" } },
  { "items", shape.list(item, { required = true, min_items = 1, max_items = MOST_ITEMS,
    description = "The metrics, from left to right" }) },
  { "columnSizes", shape.list(shape.integer { min = LEAST_SIZE, max = GRID }, { required = true, min_items = 1,
    max_items = MOST_ITEMS, description = "The width of each item; together they are 12" }) },
  { "rowHeight", shape.integer { min = LEAST_HEIGHT, max = MOST_HEIGHT, description = "Pixels" } },
}, {
  snake_case = true,
  label = name_of,
  rules = {
    { needs = {}, check = check_count },
    { needs = { "columnSizes" }, check = check_sum },
  },
})

-- ---- ids of rows ----

--- The rows of a document that may be wrong.
local function rows_of(dashboard)
  local rows = type(dashboard) == "table" and dashboard.rows
  return type(rows) == "table" and rows or {}
end

local function id_of(value)
  local id = type(value) == "table" and value.id
  return math.type(id) == "integer" and id or nil
end

local function check_ids(dashboard, report)
  local first = {}
  for i, value in ipairs(rows_of(dashboard)) do
    local id = id_of(value)
    if id and id ~= 0 and first[id] then
      report({ "rows", i, "id" }, ("rows %d and %d have the same id, %d"):format(first[id], i, id),
        "give one of them another id, or leave it out")
    elseif id then
      first[id] = i
    end
  end
end

--- Rows without an id get the greatest before them and one, or the next that no other row has.
local function assign_ids(dashboard)
  local taken, greatest = {}, 0
  for _, value in ipairs(dashboard.rows) do
    taken[value.id] = true
  end
  for _, value in ipairs(dashboard.rows) do
    if value.id == 0 then
      local id = greatest + 1
      while taken[id] do
        id = id + 1
      end
      value.id, taken[id] = id, true
    end
    greatest = math.max(greatest, value.id)
  end
end

-- ---- the document ----

local NEW_NAME = "New Dashboard"

--- An empty name becomes that of a new dashboard; one of blanks is a mistake.
local function name_or_new(value)
  return value == "" and NEW_NAME or value
end

local M = document.new(shape.object("DashboardYml", {
  { "name", shape.string { required = true, blank = false, convert = name_or_new,
    description = "The title of the dashboard; New Dashboard if it is empty" } },
  { "description", shape.string { write_null = true, description = "What the dashboard tells" } },
  { "rows", shape.list(row, { required = true, description = "From top to bottom" }) },
}, { snake_case = true, rules = { { needs = {}, check = check_ids }, assign_ids } }))

--- Fields by which a document is known to be a dashboard.
M.recognised_by = { "rows" }

--- The id that a new row gets.
---@param dashboard table
---@return integer
function M.next_row_id(dashboard)
  local greatest = 0
  for _, value in ipairs(rows_of(dashboard)) do
    greatest = math.max(greatest, id_of(value) or 0)
  end
  return greatest + 1
end

--- The dashboard with one more row. Raises what is wrong with it, an error of kind "yaml".
---@param dashboard table
---@param items (string|{ id: string })[] ids of metrics
---@param row_height? integer pixels
---@param column_sizes integer[]
---@return table dashboard
function M.add_row(dashboard, items, row_height, column_sizes)
  if type(dashboard) ~= "table" or type(dashboard.rows) ~= "table" then
    dashboard = M.decode(dashboard)
  end
  local list = items
  if type(items) == "table" then
    list = {}
    for i, value in ipairs(items) do
      list[i] = type(value) == "string" and document.map { { "id", value } } or value
    end
    list = mp.array(list)
  end
  local new = document.with({}, {
    id = M.next_row_id(dashboard), items = list, columnSizes = column_sizes, rowHeight = row_height,
  })
  return M.decode(document.with(dashboard, { rows = document.append(dashboard.rows, new) }))
end

return M
