--- From a value to a document: canonical names, in the order of the shape, as YAML, as JSON, or as a value for jsonb.
--- Whatever is written was checked.

local core = require "moonpool.core"
local decode = require "moonpool.shape.decode"
local mistakes = require "moonpool.shape.mistakes"
local values = require "moonpool.shape.values"

local M = {}

-- ---- JSON in order ----

local write

local function write_all(out, count, indent, open, close, write_item)
  if count == 0 then
    out[#out + 1] = open .. close
    return
  end
  out[#out + 1] = open
  for i = 1, count do
    out[#out + 1] = "\n" .. indent .. "  "
    write_item(i)
    out[#out + 1] = i < count and "," or "\n" .. indent .. close
  end
end

function write(out, value, indent)
  local kind = values.kind(value)
  if kind == "list" or kind == "empty" and core.array.is(value) then
    write_all(out, #value, indent, "[", "]", function(i) write(out, value[i], indent .. "  ") end)
  elseif kind == "map" or kind == "empty" then
    local keys = values.keys(value)
    write_all(out, #keys, indent, "{", "}", function(i)
      out[#out + 1] = core.json.encode(keys[i]) .. ": "
      write(out, rawget(value, keys[i]), indent .. "  ")
    end)
  else
    out[#out + 1] = core.json.encode(value)
  end
end

--- A value as JSON: two blanks of indent, the keys of ordered maps in their order and of others sorted, and a line feed
--- at the end.
---@param value any
---@return string
function M.json(value)
  local out = {}
  write(out, value, "")
  out[#out + 1] = "\n"
  return table.concat(out)
end

-- ---- documents ----

--- The value as it is to be written. Raises the error of all its mistakes.
---@param record moonpool.shape.Record
---@param value any
---@return any
function M.plain(record, value)
  local result, log = decode.walk(record, value, { writing = true })
  if log.count > 0 then
    error(mistakes.error(record.name or "such document", log))
  end
  return result
end

---@param record moonpool.shape.Record
---@param value any
---@param format "yaml"|"json"
---@param options? table of the YAML writer
---@return string
function M.text(record, value, format, options)
  local plain = M.plain(record, value)
  return format == "json" and M.json(plain) or core.yaml.encode(plain, options)
end

return M
