--- Entity-relationship pictures of a described schema: as Mermaid's text, as Graphviz's, and as SVG.

local file = require "moonpool.schema.file"
local names = require "moonpool.schema.names"

local M = {}

---@param described moonpool.schema.Table
---@return table<string, string> keys "PK", "FK", "UK" by column
local function keys_of(described)
  local keys = {}
  local function add(column, key)
    keys[column] = keys[column] and keys[column] .. ", " .. key or key
  end
  for _, column in ipairs(described.primary_key or {}) do
    add(column, "PK")
  end
  local is_foreign = {}
  for _, relation in pairs(described.relations or {}) do
    for _, pair in ipairs(relation.kind == "belongs_to" and relation.on or {}) do
      is_foreign[pair[1]] = true
    end
  end
  for column in pairs(is_foreign) do
    add(column, "FK")
  end
  for _, columns in pairs(described.unique or {}) do
    if #columns == 1 and not (keys[columns[1]] or ""):find("UK") then
      add(columns[1], "UK")
    end
  end
  return keys
end

---@class moonpool.schema.Edge
---@field from string the table that refers
---@field to string
---@field label string the relation's name
---@field is_optional boolean a row may refer to none
---@field is_single boolean at most one row refers to the same

---@param described moonpool.schema.Table
---@param relation moonpool.schema.Relation
---@return boolean
local function is_optional(described, relation)
  local own = {}
  for _, pair in ipairs(relation.on) do
    own[pair[1]] = true
  end
  for _, column in ipairs(described.columns) do
    if own[column[1]] and not column.not_null then
      return true
    end
  end
  return false
end

--- Whether the same foreign key is a has_one on its other side.
---@param tables table<string, moonpool.schema.Table>
---@param name string
---@param relation moonpool.schema.Relation
---@return boolean
local function is_single(tables, name, relation)
  for _, back in pairs(tables[relation.table].relations) do
    if back.kind == "has_one" and back.table == name and back.constraint == relation.constraint then
      return true
    end
  end
  return false
end

---@param description moonpool.schema.Description
---@return moonpool.schema.Edge[]
local function edges_of(description)
  local edges = {}
  for _, name in ipairs(names.sorted(description.tables)) do
    local described = description.tables[name]
    for _, label in ipairs(names.sorted(described.relations or {})) do
      local relation = described.relations[label]
      if relation.kind == "belongs_to" then
        edges[#edges + 1] = {
          from = name, to = relation.table, label = label,
          is_optional = is_optional(described, relation),
          is_single = is_single(description.tables, name, relation),
        }
      end
    end
  end
  return edges
end

-- ---- Mermaid ----

--- A text between double quotes, in which Mermaid's signs are written by their numbers.
---@param text string
---@return string
local function mermaid_text(text)
  local quoted = text:gsub("%c", " "):gsub("[^%w_ .,:()%[%]/%-\128-\255]", function(sign)
    return ("#%d;"):format(sign:byte())
  end)
  return '"' .. quoted .. '"'
end

--- What Mermaid takes as the name of a column or type, and not as one of its own words.
---@param text string
---@return string
local function mermaid_word(text)
  local word = text:gsub("[\128-\191]", ""):gsub("[^%w_%[%]]", "_")
  if word:find("^[^%a_]") or word:lower():find("^[pfu]k%f[^%w_]") then
    word = "_" .. word
  end
  return word
end

---@param column moonpool.schema.Column
---@param keys? string
---@return string
local function mermaid_column(column, keys)
  local word = mermaid_word(column[1])
  local parts = { mermaid_word(column[2]), word, keys }
  local note = word ~= column[1] and column[1] or column.comment
  if note then
    parts[#parts + 1] = mermaid_text(note)
  end
  return table.concat(parts, " ")
end

--- Mermaid's text of an `erDiagram`.
---@param description moonpool.schema.Description
---@return string
function M.mermaid(description)
  local lines = { "erDiagram" }
  for _, name in ipairs(names.sorted(description.tables)) do
    local described = description.tables[name]
    local keys = keys_of(described)
    lines[#lines + 1] = ("  %s {"):format(mermaid_text(name))
    for _, column in ipairs(described.columns) do
      lines[#lines + 1] = "    " .. mermaid_column(column, keys[column[1]])
    end
    lines[#lines + 1] = "  }"
  end
  for _, edge in ipairs(edges_of(description)) do
    lines[#lines + 1] = ("  %s %s--%s %s : %s"):format(mermaid_text(edge.from), edge.is_single and "|o" or "}o",
      edge.is_optional and "o|" or "||", mermaid_text(edge.to), mermaid_text(edge.label))
  end
  return table.concat(lines, "\n") .. "\n"
end

-- ---- Graphviz ----

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

--- Text for Graphviz's labels, which are like HTML; no sign of control is allowed there.
---@param text string
---@return string
local function html(text)
  return (text:gsub("%c", " "):gsub('[&<>"]', ENTITIES))
end

---@param name string
---@param described moonpool.schema.Table
---@param id string
---@return string
local function dot_table(name, described, id)
  local keys, rows = keys_of(described), {}
  for i, column in ipairs(described.columns) do
    rows[i] = ('\n    <tr><td align="left" port="c%d">%s</td><td align="left"><font color="#666666">%s</font></td>'
      .. '<td align="left"><font color="#666666">%s</font></td></tr>'):format(i, html(column[1]),
        html(column[2] .. (column.modifier or "")), keys[column[1]] or " ")
  end
  return ('  %s [label=<<table border="0" cellborder="1" cellspacing="0" cellpadding="4">\n'
    .. '    <tr><td colspan="3" bgcolor="#e8eef7"><b>%s</b></td></tr>%s\n  </table>>]'):format(id, html(name),
      table.concat(rows))
end

--- Graphviz's text of a graph.
---@param description moonpool.schema.Description
---@return string
function M.dot(description)
  local lines, ids = {
    "digraph schema {",
    '  graph [rankdir=LR]',
    '  node [shape=plaintext, fontname="Helvetica", fontsize=11]',
    '  edge [fontname="Helvetica", fontsize=9, dir=both, color="#666666"]',
  }, {}
  for i, name in ipairs(names.sorted(description.tables)) do
    ids[name] = "t" .. i
    lines[#lines + 1] = dot_table(name, description.tables[name], ids[name])
  end
  for _, edge in ipairs(edges_of(description)) do
    lines[#lines + 1] = ('  %s -> %s [label=<%s>, arrowtail=%s, arrowhead=%s]'):format(ids[edge.from], ids[edge.to],
      html(edge.label), edge.is_single and "teeodot" or "crowodot", edge.is_optional and "teeodot" or "teetee")
  end
  lines[#lines + 1] = "}\n"
  return table.concat(lines, "\n")
end

local NOT_FOUND = 127 -- the shell's exit code

--- The picture itself, which Graphviz draws. Raises a string when that is missing or fails.
---@param description moonpool.schema.Description
---@return string
function M.svg(description)
  local path = os.tmpname()
  file.replace(path, M.dot(description))
  local output, code = file.output_of(("command -v dot >/dev/null || exit 127\ndot -Tsvg %s\n"):format(path))
  os.remove(path)
  if code == NOT_FOUND then
    error("SVG is drawn by Graphviz, whose program `dot` is not installed\n"
      .. "hint: install graphviz, or take --format mermaid or --format dot", 0)
  elseif code ~= 0 then
    error(("dot ended with exit code %d"):format(code), 0)
  end
  return output
end

return M
