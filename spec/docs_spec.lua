--- The pages of docs/ and the README say the truth: their Lua blocks and console sessions run, page by page, on a
--- database with the sample data, and print what the page says.
---
---   ```lua       runs; `--> text`, behind a statement or on a line of its own, is a line that is printed
---   ```lua that begins with `-- raises`   must raise; what its error shows follows as `--> text`
---   ```lua that begins with `-- file: x`  is written into the page's folder under that name
---   ```yaml that begins with `# file: x`, too
---   ```c that begins with `/* file: x */`, too; the page then finds an installed libmoonpool
---   ```console   `$ command` runs in a shell; the lines that follow are what it prints
---   any other    is for reading

local prefix = require "spec.support.prefix"
local sample = require "spec.support.sample"

local PRELUDE = 'local mp, db, raises, shell = dofile "spec/support/page.lua"'

local function read_lines(path)
  local lines = {}
  for line in io.lines(path) do
    lines[#lines + 1] = line
  end
  return lines
end

local function write_file(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

--- Cuts a page into its fenced blocks.
---@return { language: string, first: integer, last: integer }[] first and last: the lines of the fences
local function blocks_of(lines)
  local blocks, open = {}, nil
  for number, line in ipairs(lines) do
    local language = line:match("^```(%a*)")
    if language and open then
      open.last = number
      blocks[#blocks + 1], open = open, nil
    elseif language then
      open = { language = language, first = number }
    end
  end
  assert(not open, "a block is not closed")
  return blocks
end

--- The page as a Lua script, in which each line keeps its number; and what the script has to print.
---@class Page
---@field script string[]
---@field expected { text: string, line: integer }[]
---@field files table<string, string>
---@field environment? string what its shell exports

local function expect(page, number, text)
  page.expected[#page.expected + 1] = { text = text:gsub("%s+$", ""), line = number }
end

local function add_file(page, name, lines, block)
  page.files[name] = table.concat(lines, "\n", block.first + 2, block.last - 1) .. "\n"
end

local function add_lua(page, lines, block)
  local raises = lines[block.first + 1]:match("^%-%- raises")
  for number = block.first + 1, block.last - 1 do
    page.script[number] = lines[number]
    local text = lines[number]:match("%-%-> ?(.*)$")
    if text then
      expect(page, number, text)
    end
  end
  if raises then
    page.script[block.first] = ("raises(%d, function()"):format(block.first)
    page.script[block.last] = "end)"
  end
end

local function add_console(page, lines, block)
  for number = block.first + 1, block.last - 1 do
    local command = lines[number]:match("^%$ (.*)$")
    if command then
      page.script[number] = ("shell(%q)"):format(command)
    else
      expect(page, number, lines[number])
    end
  end
end

---@return Page
local function read_page(path)
  local lines = read_lines(path)
  local page = { script = {}, expected = {}, files = {} }
  for number = 1, #lines do
    page.script[number] = ""
  end
  page.script[1] = PRELUDE
  for _, block in ipairs(blocks_of(lines)) do
    local name = lines[block.first + 1]:match("^%-%- file: (%S+)$")
    local source = lines[block.first + 1]:match("^/%* file: (%S+) %*/$")
    local document = lines[block.first + 1]:match("^# file: (%S+)$")
    if block.language == "lua" and name then
      add_file(page, name, lines, block)
    elseif block.language == "c" and source then
      add_file(page, source, lines, block)
      page.environment = prefix.environment(prefix.path("build/release"))
    elseif block.language == "yaml" and document then
      add_file(page, document, lines, block)
    elseif block.language == "lua" then
      add_lua(page, lines, block)
    elseif block.language == "console" then
      add_console(page, lines, block)
    end
  end
  return page
end

--- A folder that looks like a project with nothing in it but the page's files.
local function with_folder(page, fn)
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute(("mkdir %s && ln -s \"$PWD/migrations\" \"$PWD/scripts\" \"$PWD/spec\" %s"):format(folder, folder)))
  local cleaner <close> = setmetatable({}, { __close = function() os.execute("rm -rf " .. folder) end })
  for name, text in pairs(page.files) do
    write_file(folder .. "/" .. name, text)
  end
  return fn(folder, cleaner)
end

local function run_page(page)
  return with_folder(page, function(folder)
    write_file(folder .. "/page.lua", table.concat(page.script, "\n") .. "\n")
    return sample.run(sample.database(), "page.lua", folder, page.environment)
  end)
end

local function assert_prints(path, page, output)
  local at = 0
  for line in output:gmatch("([^\n]*)\n") do
    at = at + 1
    local expected = page.expected[at] or { text = "<nothing more>", line = #page.script }
    local actual = line:gsub("%s+$", "")
    assert(expected.text == actual, ("%s:%d says  %s\nbut it is  %s\n\nthe whole output:\n%s")
      :format(path, expected.line, expected.text, actual, output))
  end
  local missing = page.expected[at + 1]
  assert(not missing, missing and ("%s:%d says  %s\nbut nothing more was printed; the whole output:\n%s")
    :format(path, missing.line, missing.text, output))
end

local function pages()
  local pipe <close> = assert(io.popen("ls README.md docs/*.md"))
  local paths = {}
  for path in pipe:lines() do
    paths[#paths + 1] = path
  end
  return paths
end

for _, path in ipairs(pages()) do
  it(path .. " says what happens", function()
    local page = read_page(path)
    local output, exit_code = run_page(page)
    assert_prints(path, page, output)
    assert.equal(0, exit_code, output)
  end)
end

describe("the documents", function()
  it("link to files that exist", function()
    for _, path in ipairs(pages()) do
      local folder = path:match("^(.*/)") or ""
      for line in io.lines(path) do
        for target in line:gmatch("%]%(([^)#]+)[^)]*%)") do
          if not target:find("^https?:") then
            assert(os.execute(("test -e %s%s"):format(folder, target)), ("%s: there is no %s"):format(path, target))
          end
        end
      end
    end
  end)
end)
