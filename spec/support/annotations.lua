--- Checks the LuaCATS annotations of a generated file without a language server: each line has a form that there is,
--- and each type that it names is there.

local M = {}

local BUILT_IN = {}
for name in ("any boolean integer number string table"):gmatch("%a+") do
  BUILT_IN[name] = true
end

--- The text without string literals, which become "s".
local function without_strings(text)
  return (text:gsub("\\.", ""):gsub('"[^"]*"', '"s"'))
end

--- The names of types in a type's text.
local function each_name(text)
  return without_strings(text):gsub('"s"', ""):gmatch("[%w_.\128-\255]+")
end

--- The types of the module itself, by its files.
local function own_types()
  local types = {}
  local pipe <close> = assert(io.popen("cat $(find scripts/moonpool -name '*.lua')"))
  for name in pipe:read("a"):gmatch("%-%-%-@%l+ (moonpool%.[%w_.]+)") do
    types[name] = true
  end
  return types
end

---@param text string of a generated file
---@return table<string, { fields: string[], parent?: string }> classes
---@return table<string, true> aliases
---@return string[] uses texts of types
local function parse(text)
  local classes, aliases, uses, class = {}, {}, {}, nil
  local function add(kind, name)
    assert(not classes[name] and not aliases[name], "twice: " .. name)
    kind[name] = kind == classes and { fields = {} } or true
    return kind[name]
  end
  for line in text:gmatch("([^\n]*)\n") do
    local annotation = line:match("^%s*%-%-%-%s*(@.*)$")
    local kind, rest = (annotation or ""):match("^@(%l+) (.*)$")
    if kind == "class" then
      local name, parent = rest:match("^([%w_.\128-\255]+):? ?([%w_.]*)$")
      class = add(classes, assert(name, line))
      uses[#uses + 1] = parent
    elseif kind == "alias" then
      local name = rest:match("^([%w_.\128-\255]+)")
      add(aliases, assert(name, line))
      local labels = without_strings(rest:sub(#name + 1))
      assert(labels == "" or labels == " string" or labels:find('^ "s"') and not labels:find('[^ |"s]'), line)
    elseif kind == "field" then
      local name, type = without_strings(rest):match("^([%a_][%w_]*)%?? ([^#]*)")
      if not name then
        name, type = without_strings(rest):match('^(%["s"%])%?? ([^#]*)')
      end
      assert(name, line)
      class.fields[#class.fields + 1] = name
      uses[#uses + 1] = type
    elseif kind == "type" then
      uses[#uses + 1] = rest
    else
      assert(not annotation, line)
    end
  end
  return classes, aliases, uses
end

---@param text string of a generated file
---@param description moonpool.schema.Description what it is of
function M.check(text, description)
  local classes, aliases, uses = parse(text)
  local own = own_types()
  for _, use in ipairs(uses) do
    for name in each_name(use) do
      assert(classes[name] or aliases[name] or own[name] or BUILT_IN[name], "there is no type " .. name)
    end
  end
  local rows, columns = 0, 0
  for name, class in pairs(classes) do
    rows = rows + (name:find("%.Row$") and 1 or 0)
    columns = columns + (name:find("%.Columns$") and #class.fields or 0)
  end
  for _, described in pairs(description.tables) do
    rows, columns = rows - 1, columns - #described.columns
  end
  assert(rows == 0 and columns == 0, "a table or a column has no annotation")
end

return M
