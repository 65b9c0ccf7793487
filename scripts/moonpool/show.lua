--- Prints rows as an aligned table, and any other value so that a person can read it.

local core = require "moonpool.core"

local M = {}

local WIDEST = 60 -- characters of one cell; longer ones are cut

local function is_null(value)
  return value == nil or value == core.null
end

--- One line for one value.
local function text_of(value)
  if is_null(value) then
    return value == nil and "" or "null"
  end
  if type(value) == "table" then
    local ok, text = pcall(core.json.encode, value)
    return ok and text or tostring(value)
  end
  return tostring(value)
end

local function to_line(text)
  return (text:gsub("[%c\127]", function(byte)
    local known = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
    return known[byte] or ("\\x%02x"):format(byte:byte())
  end))
end

--- Characters, not columns on a screen; a string that is not UTF-8 counts its bytes.
local function width_of(text)
  return utf8.len(text) or #text
end

local function cut(text)
  if width_of(text) <= WIDEST then
    return text
  end
  local last = utf8.len(text) and utf8.offset(text, WIDEST) or WIDEST
  return text:sub(1, last - 1) .. "…"
end

local function is_number(value)
  return type(value) == "number" or core.numeric.is(value)
end

local function pad(text, width, right)
  local blanks = (" "):rep(width - width_of(text))
  return right and blanks .. text or text .. blanks
end

--- The columns of rows that did not come from a query: all names, sorted.
local function collect_columns(rows)
  local seen, columns = {}, {}
  for _, row in ipairs(rows) do
    for name in pairs(row) do
      if not seen[name] then
        seen[name] = true
        columns[#columns + 1] = name
      end
    end
  end
  table.sort(columns, function(a, b) return tostring(a) < tostring(b) end)
  return columns
end

local function layout(rows, columns, keys)
  local cells, widths, right = {}, {}, {}
  for j, name in ipairs(columns) do
    widths[j] = width_of(to_line(tostring(name)))
    right[j] = #rows > 0
  end
  for i, row in ipairs(rows) do
    cells[i] = {}
    for j, key in ipairs(keys) do
      local value = row[key]
      local text = cut(to_line(text_of(value)))
      cells[i][j] = text
      widths[j] = math.max(widths[j], width_of(text))
      right[j] = right[j] and (is_null(value) or is_number(value))
    end
  end
  return cells, widths, right
end

local function join(texts, widths, right)
  local parts = {}
  for j, text in ipairs(texts) do
    parts[j] = pad(text, widths[j], right[j])
  end
  return (table.concat(parts, "  "):gsub("%s+$", ""))
end

local function is_row_list(value)
  if type(value) ~= "table" then
    return false
  end
  return type(value.columns) == "table" and value.count ~= nil or type(value[1]) == "table" and not core.array.is(value)
end

local function keys_of(rows, columns)
  local first = rows[1]
  if rows.columns and type(first) == "table" and first[1] ~= nil then
    local positions = {}
    for j = 1, #columns do
      positions[j] = j
    end
    return positions
  end
  return columns
end

--- The table as text, with a line's end after each line.
---@param rows moonpool.Rows|table[]
---@return string
function M.format(rows)
  local columns = rows.columns or collect_columns(rows)
  local cells, widths, right = layout(rows, columns, keys_of(rows, columns))
  local names, rules = {}, {}
  for j, name in ipairs(columns) do
    names[j] = to_line(tostring(name))
    rules[j] = ("-"):rep(widths[j])
  end
  local lines = { join(names, widths, right), table.concat(rules, "  ") }
  for i = 1, #rows do
    lines[#lines + 1] = join(cells[i], widths, right)
  end
  lines[#lines + 1] = ("(%d %s)"):format(#rows, #rows == 1 and "row" or "rows")
  return table.concat(lines, "\n") .. "\n"
end

--- Prints rows as an aligned table: numbers to the right, long cells cut, NULL empty. Another value is printed as text.
---@param value any rows of a query, a list of tables, one row, or any value
function M.show(value)
  if is_row_list(value) then
    io.stdout:write(M.format(value))
  elseif type(value) == "table" and not core.array.is(value) and next(value) ~= nil and value[1] == nil
    and not core.is_error(value) then
    io.stdout:write(M.format { value })
  else
    io.stdout:write(to_line(core.is_error(value) and tostring(value) or text_of(value)), "\n")
  end
end

return M
