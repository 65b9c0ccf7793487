--- libmoonpool as it is installed: what it shows, and hosts that are built against it as a stranger would.

local cluster = require "spec.support.cluster"
local prefix = require "spec.support.prefix"
local shell = require "spec.support.shell"

local quote = shell.quote

local function capture(command)
  local pipe <close> = assert(io.popen("{ " .. command .. "\n} 2>&1"))
  local output = pipe:read("a")
  local _, _, code = pipe:close()
  return output, code
end

local function line_of(command)
  return (capture(command):gsub("%s+$", ""))
end

local function write_file(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local function read_file(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

--- A host that runs one file.
local RUNNER = [[
#include <moonpool.h>
#include <stdio.h>

int main(int argc, char **argv) {
  mp_error *error = NULL;
  mp_pool *pool = mp_pool_open(NULL, &error);
  mp_runtime *runtime = mp_runtime_open(pool, NULL, &error);
  const bool done = argc == 2 && mp_run_file(runtime, argv[1], &error);
  if (!done) puts(mp_error_text(error));
  mp_error_free(error);
  mp_runtime_close(runtime);
  mp_pool_close(pool);
  return done ? 0 : 1;
}
]]

describe("libmoonpool", function()
  local home, folder, flags

  setup(function()
    home = prefix.path()
    flags = prefix.flags(home)
    folder = line_of "mktemp -d"
    write_file(folder .. "/runner.c", RUNNER)
  end)

  teardown(function() os.execute("rm -rf " .. quote(folder)) end)

  --- Runs a command in the scratch folder, which is found as an installation in `place` is.
  local function run(command, place)
    return capture(("cd %s && export DATABASE_URL=%s MOONPOOL_NO_ENV=1 %s\n%s"):format(quote(folder),
      quote(cluster.url()), prefix.environment(place or home), command))
  end

  local function assert_prints(expected, command, place)
    local output, code = run(command, place)
    assert.same({ expected, 0 }, { output, code })
  end

  local function compile(program, source, more)
    assert_prints("", ("cc %s -Wall -Wextra -Wpedantic -Werror %s $(pkg-config --cflags --libs moonpool) -o %s %s")
      :format(flags, quote(source), program, more or ""))
  end

  it("shows the functions of its header, and nothing else", function()
    local declared, shown = {}, {}
    for name in read_file(home .. "/include/moonpool.h"):gmatch("\nMOONPOOL_API [^(]-([%w_]+)%(") do
      declared[#declared + 1] = name
    end
    local symbols = capture(("nm -D --defined-only --format=posix %s/lib/libmoonpool.so"):format(quote(home)))
    for name, version in symbols:gmatch("([%w_]+)@*([%w_.]*) [TDBRVWi] ") do
      assert.equal("MOONPOOL_0.1", version)
      shown[#shown + 1] = name
    end
    table.sort(declared)
    table.sort(shown)
    assert.is_true(#declared > 20)
    assert.same(declared, shown)
  end)

  it("has a header that any C and C++ compiler takes, alone", function()
    write_file(folder .. "/alone.c", "#include <moonpool.h>\nint main(void) { return mp_nil().type; }\n")
    local strict = "-Wall -Wextra -Wpedantic -Wconversion -Werror -fsyntax-only $(pkg-config --cflags moonpool)"
    for _, language in ipairs { "cc -std=c99", "cc -std=c11", "g++ -x c++ -std=c++11",
      "g++ -x c++ -std=c++20", "clang++ -x c++ -std=c++20 -Wzero-as-null-pointer-constant" } do
      assert_prints("", ("%s %s alone.c"):format(language, strict))
    end
    local included = run("cc -M $(pkg-config --cflags moonpool) alone.c")
    assert.not_matches("lua[%w.]*%.h", (included:gsub("share/lua", "")))
    assert.not_matches("libpq", included)
  end)

  it("has an example that may fail again and again", function()
    local lines = {}
    for line in read_file(home .. "/include/moonpool.h"):match("^(.-)%*/"):gmatch("\n %*     ([^\n]*)") do
      lines[#lines + 1] = line
    end
    local text = table.concat(lines, "\n")
    local opening, use, closing = text:match("^(.*\n)( *if .*\n})\n(.*)$")
    opening = opening:gsub('"postgres:[^"]*"', "NULL"):gsub("users", "no_users")
    write_file(folder .. "/example.c", ("#include <moonpool.h>\n#include <stdio.h>\nint main(void) {\n%s" ..
      "for (int i = 0; i < 3; i++) {\n%s\n}\n%s\n}\n"):format(opening, use, closing))
    compile("example", "example.c", "-std=c99")
    local failure = 'users:3: relation "no_users" does not exist (42P01)\n' ..
      "line 1: select name from no_users\n                         ^\n"
    assert_prints(failure:rep(3), "./example")
  end)

  it("comes with the documents that its header names", function()
    local place = home .. "/share/doc/moonpool/"
    for page in read_file(home .. "/include/moonpool.h"):gmatch("docs/[%w-]+%.md") do
      assert.is_truthy(io.open(place .. page), page)
    end
    for _, page in ipairs { "README.md", "docs/README.md", "docs/embedding.md" } do
      local folder_of_page = (place .. page):match("^.*/")
      for link in read_file(place .. page):gmatch("%]%(([%w/._-]+)[^)]*%)") do
        assert_prints("", ("test -e %s"):format(quote(folder_of_page .. link)))
      end
    end
    assert_prints("", ("test -s %s/LICENSE && test -s %s/share/man/man1/moonpool.1"):format(quote(place), quote(home)))
  end)

  it("is found by pkg-config", function()
    compile("host", line_of "realpath examples/host.c")
    assert_prints("2026: 3, the last on 2026-11-13\n2027: 1, the last on 2027-08-13\n", "./host 2026 2027")
    local output, code = run("./host 0")
    assert.same({ "host: calendar:3: date field value out of range: 0-01-13 (22008)\n", 1 }, { output, code })
  end)

  it("is found by CMake", function()
    local configure = ("cmake -G Ninja -S %s -B made -DCMAKE_C_FLAGS=%s -DCMAKE_CXX_FLAGS=%s >log")
      :format(quote(line_of "realpath examples"), quote(flags), quote(flags))
    assert_prints("", configure .. " && cmake --build made >log")
    assert_prints("the century has 36525 days\n2026: 3, the last on 2026-11-13\n", "made/threads && made/host 2026")
  end)

  it("is refused by CMake where another minor version is asked for", function()
    os.execute("mkdir " .. quote(folder .. "/earlier"))
    write_file(folder .. "/earlier/CMakeLists.txt",
      "cmake_minimum_required(VERSION 3.25)\nproject(earlier LANGUAGES NONE)\nfind_package(Moonpool 0.0 REQUIRED)\n")
    local output, code = run("cmake -G Ninja -S earlier -B earlier/made")
    assert.equal(1, code)
    assert.matches("MoonpoolConfig.cmake, version: 0.1.0", output, 1, true)
  end)

  it("takes its Lua files from where it is, wherever that is", function()
    compile("runner", "runner.c")
    write_file(folder .. "/where.lua", [[
      local mp = require "moonpool"
      print(debug.getinfo(mp.show).source, mp.connect():value("select 1"))]])
    assert_prints(("@%s/share/lua/5.4/moonpool/show.lua\t1\n"):format(home), "./runner where.lua")
    local moved = folder .. "/moved"
    os.execute(("cp -a %s %s"):format(quote(home), quote(moved)))
    assert_prints(("@%s/share/lua/5.4/moonpool/show.lua\t1\n"):format(moved),
      ("cc %s runner.c $(pkg-config --cflags --libs moonpool) -o moved/runner && moved/runner where.lua"):format(flags),
      moved)
    local system = folder .. "/system" -- as in Debian's /usr
    os.execute(("mkdir -p %s/lib/machine && cp -a %s/share %s && cp -a %s/lib/*.so.* %s/lib/machine"):format(
      quote(system), quote(home), quote(system), quote(home), quote(system)))
    assert_prints(("@%s/share/lua/5.4/moonpool/show.lua\t1\n"):format(system),
      ("LD_LIBRARY_PATH=%s/lib/machine ./runner where.lua"):format(quote(system)))
  end)

  it("says so where its Lua files are not", function()
    compile("runner", "runner.c")
    os.execute(("mkdir %s/bare && cp -a %s/lib %s/bare/lib"):format(quote(folder), quote(home), quote(folder)))
    local output, code = run("./runner where.lua", folder .. "/bare")
    assert.equal("Moonpool's Lua files were not found beside the library, nor under share/lua/5.4\n", output)
    assert.equal(1, code)
  end)

  it("lives in a program that has a Lua of its own", function()
    write_file(folder .. "/tasks.lua", [[
      local mp = require "moonpool"
      local db = mp.connect()
      print(mp.all { function() return db:value("select 6 * 7") end })
      print(pcall(require, "cjson"))]])
    compile("with_lua", "runner.c", "-rdynamic -Wl,--whole-archive -l:liblua5.4.a -Wl,--no-whole-archive -lm -ldl")
    assert.matches("^42\ntrue\ttable: ", (run("./with_lua tasks.lua")))
  end)
end)
