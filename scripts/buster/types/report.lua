--- A report: text with metrics in it, as `report_files.content` holds it.

local document = require "buster.types.document"
local shape = require "moonpool.shape"

local M = document.new(shape.string { description = "Markdown, with <metric metricId=\"...\"/> for each metric" })

local UUID = "^" .. ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12) .. "$"

--- The options with which a text is taken as it is, and not for YAML.
local function as_value(options)
  local copy = { value = true }
  for name, value in pairs(options or {}) do
    copy[name] = value
  end
  return copy
end

--- The text, when the database can hold it.
---@param text string
---@param options? table
---@return string
---@return moonpool.shape.Mistake[] warnings
function M.decode(text, options)
  return M.shape:decode(text, as_value(options))
end

---@param text string
---@param options? table
---@return moonpool.shape.Mistake[] mistakes
---@return moonpool.shape.Mistake[] warnings
function M.check(text, options)
  return M.shape:check(text, as_value(options))
end

--- The text itself: a report is no document in YAML.
---@param text string
---@return string
function M.encode(text)
  return (M.decode(text))
end

--- The metric of a tag whose attributes begin at a byte, and where the tag ends.
local function read_tag(text, at)
  local id
  while true do
    at = text:find("%S", at)
    local name, quote = text:match("^([%w_:.-]+)%s*=%s*([\"'])", at)
    if name then
      local first = text:find(quote, at, true) + 1
      local last = text:find(quote, first, true)
      if not last then
        return id, #text + 1
      elseif name == "metricId" then
        id = id or text:sub(first, last - 1)
      end
      at = last + 1
    elseif not at or text:find("^[<>]", at) then
      return id, at or #text + 1
    else
      at = at + 1
    end
  end
end

--- The ids of the metrics in a report, each once, in the order of the text.
---@param text string
---@return string[] ids in lower case
function M.metrics(text)
  document.need("the report is", text, "string")
  local ids, seen, at = {}, {}, 1
  while true do
    local _, last = text:find("<metric%f[%s/>]", at)
    if not last then
      return ids
    end
    local id
    id, at = read_tag(text, last + 1)
    id = id and id:find(UUID) and id:lower()
    if id and not seen[id] then
      seen[id], ids[#ids + 1] = true, id
    end
  end
end

return M
