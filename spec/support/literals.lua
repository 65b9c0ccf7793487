--- Literals of every type, as data: spec/bindings/literals/<family>.txt.
---
---   # comment
---   sql type              the literals that follow are of it
---     literal             two blanks, then the literal to the end of the line; '' is the empty one
---   ! literal             one that the type refuses

local M = {}

local FOLDER = "spec/bindings/literals/"

---@class spec.LiteralType
---@field name string as SQL calls it
---@field good string[]
---@field bad string[]

local function add_line(types, line)
  local mark, literal = line:match("^([ !]) (.*)$")
  local current = types[#types]
  if literal == "''" then
    literal = ""
  end
  if mark == "!" then
    current.bad[#current.bad + 1] = literal
  elseif mark then
    current.good[#current.good + 1] = literal
  else
    types[#types + 1] = { name = line, good = {}, bad = {} }
  end
end

local function read_family(path)
  local types = {}
  for line in io.lines(path) do
    if line ~= "" and not line:find("^#") then
      add_line(types, line)
    end
  end
  return types
end

--- All families, in the order of their names.
---@return { name: string, types: spec.LiteralType[] }[]
function M.families()
  local families = {}
  local pipe <close> = assert(io.popen("ls " .. FOLDER .. "*.txt"))
  for path in pipe:lines() do
    families[#families + 1] = { name = path:match("([^/]+)%.txt$"), types = read_family(path) }
  end
  return families
end

--- The text as an SQL constant.
function M.quote(text)
  return "'" .. text:gsub("'", "''") .. "'"
end

return M
