--- Documentation of a shape, as Markdown: a section for each object, a table of its fields.

local decode = require "moonpool.shape.decode"
local encode = require "moonpool.shape.encode"

local M = {}

---@class moonpool.shape.Page
---@field sections { record: moonpool.shape.Record, tag?: string, labels?: string[] }[]
---@field seen table

local words

local function cell(text)
  return (text:gsub("%s+", " "):gsub("|", "\\|"))
end

local function code(text)
  return "`" .. text .. "`"
end

local function codes(list)
  local shown = {}
  for i, item in ipairs(list) do
    shown[i] = code(item)
  end
  return table.concat(shown, ", ")
end

local function range(low, high, unit)
  unit = unit or ""
  if low and high then
    return (", %s to %s%s"):format(low, high, unit)
  elseif low then
    return (", from %s%s"):format(low, unit)
  end
  return high and (", up to %s%s"):format(high, unit) or ""
end

local function link(page, record)
  if not page.seen[record] then
    page.seen[record] = true
    page.sections[#page.sections + 1] = record
  end
  return ("[%s](#%s)"):format(record.name, record.name:lower())
end

local SIMPLE = {
  integer = "integer", number = "number", boolean = "true or false", uuid = "uuid", timestamp = "moment",
  any = "any value",
}

local function scalar(record)
  if record.kind == "enum" then
    return (record.advisory and "text, known are " or "one of ") .. codes(record.labels)
  elseif record.kind == "string" then
    return (record.expected or "text") .. (record.blank == false and ", not blank" or "")
      .. range(record.min_length, record.max_length, " characters")
  end
  return SIMPLE[record.kind] .. range(record.min, record.max)
end

local function alternatives(page, record)
  local list = {}
  for i, alternative in ipairs(record.alternatives) do
    list[i] = words(page, alternative)
  end
  return table.concat(list, ", or ")
end

local function variants(page, record)
  if record.name then
    return link(page, record)
  end
  local list = {}
  for i, label in ipairs(record.labels) do
    list[i] = ("%s: %s"):format(code(label), link(page, record.variants[i]))
  end
  return ("by %s, %s"):format(code(record.tag), table.concat(list, ", "))
end

--- What a value has to be.
function words(page, record)
  if record.kind == "list" then
    local count = range(record.min_items, record.max_items, " items")
    return ("list%s of %s"):format(count ~= "" and (" (%s)"):format(count:sub(3)) or "", words(page, record.item))
  elseif record.kind == "map" then
    return "map of " .. words(page, record.value)
  elseif record.kind == "any_of" then
    return alternatives(page, record)
  elseif record.kind == "lazy" then
    return words(page, decode.resolve(record))
  elseif record.kind == "object" then
    return link(page, record)
  elseif record.kind == "tagged" then
    return variants(page, record)
  end
  return scalar(record)
end

local function when_absent(options)
  if options.required then
    return "required"
  elseif options.default ~= nil and type(options.default) ~= "function" then
    return "default " .. code((encode.json(options.default):gsub("%s+", " "):gsub(" $", "")))
  end
  return ""
end

local function field_row(page, field)
  local aliases = table.move(field.names, 2, #field.names, 1, {})
  local description = field.options.description
  local nested = field.group and field.group.nested[1]
  local notes = {
    description or nil,
    #aliases > 0 and "also read: " .. codes(aliases) or nil,
    nested and "also read in " .. code(nested) or nil,
  }
  local kept = {}
  for i = 1, 3 do
    kept[#kept + 1] = notes[i]
  end
  return ("| %s | %s | %s | %s |"):format(code(field.name), cell(words(page, field.record)),
    cell(when_absent(field.options)), cell(table.concat(kept, "; ")))
end

local UNKNOWN = {
  keep = "Other fields stay as they are.", refuse = "Other fields are refused.", ignore = "Other fields are left out.",
}

local function add_object(page, lines, record)
  lines[#lines + 1] = "| field | what | | |"
  lines[#lines + 1] = "|---|---|---|---|"
  for _, field in ipairs(record.plan.fields) do
    lines[#lines + 1] = field_row(page, field)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = UNKNOWN[record.unknown]
end

local function add_tagged(page, lines, record)
  lines[#lines + 1] = ("| %s | the other fields |"):format(code(record.tag))
  lines[#lines + 1] = "|---|---|"
  for i, label in ipairs(record.labels) do
    lines[#lines + 1] = ("| %s | %s |"):format(code(label), link(page, record.variants[i]))
  end
end

local function add_section(page, lines, record)
  lines[#lines + 1] = "## " .. record.name
  lines[#lines + 1] = ""
  if record.description then
    lines[#lines + 1] = record.description
    lines[#lines + 1] = ""
  end
  (record.kind == "tagged" and add_tagged or add_object)(page, lines, record)
  lines[#lines + 1] = ""
end

--- Markdown that says what a document has to be.
---@param record moonpool.shape.Record
---@return string
function M.make(record)
  local page, lines = { sections = {}, seen = {} }, {}
  local text = words(page, record)
  if not page.sections[1] or page.sections[1] ~= record then
    table.insert(lines, text:sub(1, 1):upper() .. text:sub(2) .. ".")
    table.insert(lines, "")
  end
  local i = 1
  while page.sections[i] do
    add_section(page, lines, page.sections[i])
    i = i + 1
  end
  return table.concat(lines, "\n")
end

return M
