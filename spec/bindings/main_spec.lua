--- The executable against lua5.4: the same command lines run through both, and must look the same from outside.
--- What Moonpool adds to lua5.4 has examples of its own at the end.

local command_line = require "spec.support.shell"

local function read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function write_file(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function capture(command)
  local pipe <close> = assert(io.popen(command))
  return (pipe:read("a"):gsub("\n$", ""))
end

local quote = command_line.quote

local build = command_line.build()
local executable = build .. "/moonpool"

local files = {
  ["arguments.lua"] = [[for i = -5, 5 do print(i, arg[i]) end print(#arg, select("#", ...), ...)]],
  ["shebang.lua"] = "#!/usr/bin/env lua\nprint('line', debug.getinfo(1, 'l').currentline)",
  ["syntax.lua"] = "local x = 1\nlocal = 2\n",
  ["fails.lua"] = [[
local function inner() error("it failed") end
local function outer() inner() end
outer()]],
  ["in_coroutine.lua"] = [[
local function work() error("inside") end
local co = coroutine.wrap(function() work() end)
co()]],
  ["library.lua"] = [[print("loading", ...) return { value = 7 }]],
  ["hello.lua"] = [[print("hello")]],
  ["-dash.lua"] = [[print("dashed", arg[0])]],
  ["exits.lua"] = [[
setmetatable({}, { __gc = function() print("collected") end })
os.exit(tonumber(arg[1]) or arg[1] == "true", arg[2] == "close")]],
  ["closes.lua"] = [[
local kept <close> = setmetatable({}, { __close = function(_, e) print("closed", e) end })
error("boom", 0)]],
  ["finalizer.lua"] = [[setmetatable({}, { __gc = function() error("late") end })]],
  ["reads.lua"] = [[print(io.read("n", "l", "L", "a"))]],
  ["paths.lua"] = [[print(package.path, package.cpath)]],
  ["init.lua"] = [[print("initialised", arg[0], arg[1])]],
  ["recursion.lua"] = [[local function f() return 1 + f() end f()]],
  ["binary.lua"] = string.dump(load("print('binary', ...)", "=binary")),
  ["empty.lua"] = "",
  ["only_comment.lua"] = "#!nothing else",
}

-- Each: what it shows, the arguments, and optionally standard input and environment.
local cases = {
  { "runs a statement", "-e 'print(1)'" },
  { "runs a statement glued to its option", "'-eprint(1)'" },
  { "runs statements in their order", "-e 'x = 1' -e 'x = x + 1' -e 'print(x)'" },
  { "runs an empty statement", "-e ''" },
  { "wants a statement after -e", "-e" },
  { "wants a statement and no option after -e", "-e -v" },
  { "reports a statement that does not compile", "-e 'print('" },
  { "reports a statement that fails", "-e 'error(\"no\")'" },
  { "stops at the first statement that fails", "-e 'error(\"no\")' -e 'print(2)'" },
  { "requires a library", "-l library -e 'print(library.value)'", env = "LUA_PATH=?.lua" },
  { "requires a library glued to its option", "-llibrary -e 'print(library.value)'", env = "LUA_PATH=?.lua" },
  { "requires a library into another global", "-l m=math -e 'print(m.pi)'" },
  { "reports a library that is not there", "-l no_such_library" },
  { "wants a name after -l", "-l" },
  { "shows the version", "-v" },
  { "shows the version before the script", "-v hello.lua" },
  { "shows the version before statements", "-v -e 'print(1)'" },
  { "refuses an unknown option", "-x" },
  { "refuses an unknown option before it runs others", "-e 'print(1)' -x" },
  { "refuses letters after a flag", "-vi" },
  { "refuses an unknown long option", "--nothing" },
  { "ends the options with --", "-- hello.lua" },
  { "takes a script whose name starts with a dash", "-- -dash.lua" },
  { "runs a script", "hello.lua" },
  { "gives a script its arguments", "arguments.lua one 'two words' -v" },
  { "gives a script the options before it", "-W -e '' -- arguments.lua one" },
  { "gives statements the table arg", "-e 'print(arg[0], arg[1], arg[-1], #arg)'" },
  { "refuses a table arg that is none", "-e 'arg = 1' hello.lua" },
  { "passes the arguments that arg holds by then", "-e 'arg[1] = \"new\"' arguments.lua old" },
  { "skips a first line that starts with #", "shebang.lua" },
  { "runs a file that is one comment", "only_comment.lua" },
  { "runs an empty file", "empty.lua" },
  { "runs a compiled file", "binary.lua a b" },
  { "reports a script that does not exist", "missing.lua" },
  { "reports a script that is a folder", "." },
  { "reports a script that does not compile", "syntax.lua" },
  { "reports a script that fails, with its calls", "fails.lua" },
  { "reports an error inside of a coroutine", "in_coroutine.lua" },
  { "reports a stack that is too deep", "recursion.lua" },
  { "reports an error value that is a table", "-e 'error({})'" },
  { "reports an error value that is nil", "-e 'error()'" },
  { "reports an error value that is a number", "-e 'error(42)'" },
  { "lets an error value speak for itself",
    "-e 'error(setmetatable({}, { __tostring = function() return \"spoken\" end }))'" },
  { "closes variables when a script fails", "closes.lua" },
  { "runs standard input", "", input = "print('from input', ...)" },
  { "runs standard input as the script -", "- a b", input = "print('from input', ...)" },
  { "names standard input in errors", "-", input = "local x\nerror('here')" },
  { "takes - after -- as a file", "-- -", input = "print(1)" },
  { "does not run standard input after a statement", "-e 'print(1)'", input = "print(2)" },
  { "leaves standard input to the script", "reads.lua", input = "12 rest\nline\nall\nof it" },
  { "exits with a number", "exits.lua 7" },
  { "exits with a failure", "exits.lua false" },
  { "exits with success and a closed state", "exits.lua true close" },
  { "keeps warnings off", "-e 'warn(\"quiet\")'" },
  { "turns warnings on with -W", "-W -e 'warn(\"a\", \"b\")'" },
  { "turns warnings on and off from the script",
    "-e 'warn(\"@on\") warn(\"1\") warn(\"@off\") warn(\"2\") warn(\"@on\") warn(\"@what\") warn(\"3\")'" },
  { "warns about a finalizer that fails", "-W finalizer.lua" },
  { "runs LUA_INIT", "hello.lua", env = "LUA_INIT='print(1)'" },
  { "prefers LUA_INIT_5_4", "hello.lua", env = "LUA_INIT='print(1)' LUA_INIT_5_4='print(2)'" },
  { "runs the file of LUA_INIT", "hello.lua x", env = "LUA_INIT=@init.lua" },
  { "reports LUA_INIT that fails", "hello.lua", env = "LUA_INIT='error(\"bad\")'" },
  { "reports a file of LUA_INIT that is missing", "hello.lua", env = "LUA_INIT=@missing.lua" },
  { "ignores the environment with -E", "-E paths.lua", env = "LUA_INIT='print(1)' LUA_PATH=x LUA_CPATH=y" },
  { "takes the paths of the environment", "paths.lua", env = "LUA_PATH='a;;b' LUA_CPATH=c" },
  { "prefers the paths of the version", "paths.lua", env = "LUA_PATH_5_4=a LUA_PATH=b LUA_CPATH_5_4=c LUA_CPATH=d" },
  { "leaves the default paths as they are", "paths.lua" },
  { "lists where it looked for a library", "-e 'require \"no.such.library\"'" },
  { "prints values in interactive mode", "-i", input = "1 + 1\n=2, nil, 'x'\nnil\nreturn 5\n" },
  { "reads statements over several lines", "-i", input = "for i = 1, 2 do\nprint(i)\nend\ns = [[a\n\nb]]\n=s\n" },
  { "goes on after errors in interactive mode", "-i",
    input = "x x\nerror('e')\nerror({})\nlocal y <const> = 1 y = 2\n1\n" },
  { "respects the prompts", "-e '_PROMPT = \"one \" _PROMPT2 = \"two \"' -i", input = "print(\n1)\n" },
  { "starts interactive mode after the script", "-i hello.lua", input = "arg[0]\n" },
  { "shows a script's failure and no prompt", "-i fails.lua", input = "1\n" },
  { "reports a print that fails", "-i", input = "print = nil\n1\n" },
  { "collects in generational mode", "-e 'print(collectgarbage(\"incremental\"))'" },
}

describe("the executable", function()
  local scratch

  setup(function()
    scratch = capture("mktemp -d")
    for name, text in pairs(files) do
      write_file(scratch .. "/" .. name, text)
    end
    -- Under one name, since messages begin with argv[0].
    for folder, target in pairs { stock = capture("command -v lua5.4"), moonpool = executable } do
      assert(os.execute(("mkdir %s/%s && ln -s %s %s/%s/lua"):format(scratch, folder, target, scratch, folder)))
    end
  end)

  teardown(function()
    os.execute("rm -rf " .. quote(scratch))
  end)

  --- Runs shell text in the scratch folder. Returns what was written to both outputs, and how it ended.
  local function shell(text)
    local out, err = os.tmpname(), os.tmpname()
    local _, how, code = os.execute(("cd %s && unset LUA_INIT LUA_PATH LUA_CPATH; { %s\n} >%s 2>%s")
      :format(scratch, text, out, err))
    local result = { out = read_file(out), err = read_file(err), ended = how .. " " .. code }
    os.remove(out)
    os.remove(err)
    return result
  end

  local function run(folder, case)
    write_file(scratch .. "/" .. folder .. "/input", case.input or "")
    local result = shell(("PATH=%s/%s:$PATH %s lua %s <%s/input")
      :format(scratch, folder, case.env or "", case[2], folder))
    result.err = result.err:gsub("usage: .*", ""):gsub("0x%x+", "ADDRESS"):gsub("skipping %d+", "skipping N")
    return result
  end

  for _, case in ipairs(cases) do
    it(case[1], function()
      assert.are.same(run("stock", case), run("moonpool", case))
    end)
  end

  it("names itself in errors as it was called", function()
    local result = shell(quote(executable) .. " missing.lua")

    assert.are.equal(executable .. ": cannot open missing.lua: No such file or directory\n", result.err)
  end)

  it("shows the usage of the options after a wrong one", function()
    local result = shell(quote(executable) .. " -x")

    assert.matches("usage: .- %[options%] %[script %[args%]%]\n.*%-e stat .*%-W .*%-%-help", result.err)
    assert.are.equal("exit 1", result.ended)
  end)

  describe("on Ctrl-C", function()
    -- The script tells its own process number, so that the signal comes when the loop runs and not before.
    local function interrupt(script, signals)
      write_file(scratch .. "/loop.lua", script)
      return shell(([[
        mkfifo ready; %s loop.lua >ready & child=$!
        { sleep 10; kill -KILL $child; } & guard=$!
        read line <ready
        for n in %s; do kill -INT $child; sleep 0.2; done
        wait $child; code=$?
        kill $guard; rm ready; exit $code]]):format(quote(executable), signals))
    end

    it("stops the script", function()
      local result = interrupt("print('go') io.stdout:flush() while true do end", "1")

      assert.matches("^[^\n]*: interrupted!\nstack traceback:\n", result.err)
      assert.are.equal("exit 1", result.ended)
    end)

    it("lets the script clean up", function()
      local result = interrupt([[
        local kept <close> = setmetatable({}, { __close = function() io.stderr:write("closed\n") end })
        print("go") io.stdout:flush() while true do end]], "1")

      assert.matches("^closed\n", result.err)
    end)

    it("kills at the second time", function()
      local result = interrupt([[
        local function spin() while true do end end
        pcall(function() print("go") io.stdout:flush() spin() end)
        pcall(spin)]], "1 2")

      assert.are.equal("exit 130", result.ended)
      assert.are.equal("", result.err)
    end)
  end)

  describe("on a terminal", function()
    local function on_terminal(keys)
      write_file(scratch .. "/keys", keys)
      local command = "{ sleep 0.3; cat keys; sleep 0.3; } | TERM=xterm LC_ALL=C.UTF-8 script -qec %s /dev/null"
      return shell(command:format(quote(executable))).out
    end

    it("shows the version and asks for statements", function()
      assert.matches("^Lua 5%.4.*> .*\r?\n42\r?\n", on_terminal("6 * 7\n\4"))
    end)

    it("takes characters of several bytes", function()
      assert.matches("\n5\r?\n", on_terminal("#'ä€'\n\4"))
    end)

    it("brings back the last line", function()
      local out = on_terminal("print('on' .. 'ce')\n\27[A\n\4")

      local _, count = out:gsub("\nonce", "")
      assert.are.equal(2, count)
    end)
  end)

  describe("and what belongs to it", function()
    it("links neither libpq nor libedit", function()
      local libraries = capture("ldd " .. quote(executable))

      assert.matches("libc%.so", libraries)
      assert.not_matches("libpq", libraries)
      assert.not_matches("libedit", libraries)
    end)

    it("loads C modules of the system", function()
      local result = shell(quote(executable) .. [[ -e 'print(require("cjson").encode({ 1, 2 }))']])

      assert.are.equal("[1,2]\n", result.out)
    end)

    it("runs busted", function()
      write_file(scratch .. "/one_spec.lua", "it('adds', function() assert.are.equal(2, 1 + 1) end)")

      local result = shell(quote(executable) .. " $(command -v busted) -o TAP one_spec.lua")

      assert.matches("^ok 1 ", result.out)
    end)

    it("finds its files through a symbolic link", function()
      local result = run("moonpool", { "", [[-e 'print(select(2, require("moonpool.command")))']] })

      assert.are.equal(build .. "/scripts/moonpool/command/init.lua\n", result.out)
    end)

    it("finds its files in a prefix", function()
      assert(os.execute(([[cd %s && mkdir -p prefix/bin prefix/share/lua/5.4 && cp %s prefix/bin/ &&
        cp -r %s/scripts/. prefix/share/lua/5.4/]]):format(scratch, quote(executable), quote(build))))

      local result = shell([[prefix/bin/moonpool -e 'print(select(2, require("moonpool.command")))']])

      assert.are.equal(scratch .. "/prefix/bin/../share/lua/5.4/moonpool/command/init.lua\n", result.out)
    end)

    it("says where it looked for a module of its own", function()
      local result = shell(quote(executable) .. [[ -e 'require "moonpool.no_such_module"']])

      assert.matches("no file '" .. build:gsub("%p", "%%%0") .. "/scripts/moonpool/no_such_module.lua'", result.err)
    end)

    it("keeps its hands off the modules of others", function()
      local result = shell(quote(executable) .. [[ -e 'print(#package.searchers, package.searchers[5]("cjson"))']])

      assert.are.equal("5\n", result.out)
    end)
  end)

  describe("verbs", function()
    local function verb_files()
      local names = {}
      for path in capture("ls scripts/moonpool/command/*.lua"):gmatch("[^\n]+") do
        local name = path:match("([%w_]+)%.lua$")
        names[#names + 1] = name ~= "init" and name or nil
      end
      table.sort(names)
      return names
    end

    it("are listed by --help, each that has a file", function()
      local listed = {}
      local result = shell(quote(executable) .. " --help")
      for name in (result.out:match("Verbs, [^\n]*\n(.-)\n\n") or ""):gmatch("%f[^\n\0]  (%l+) ") do
        listed[#listed + 1] = name
      end

      assert.are.same({ verbs = verb_files(), err = "", ended = "exit 0" },
        { verbs = listed, err = result.err, ended = result.ended })
    end)

    --- Puts a verb in front of the real one, through the path.
    local function run_verb(arguments, body)
      os.execute("mkdir -p " .. scratch .. "/moonpool/command")
      write_file(scratch .. "/moonpool/command/migrate.lua",
        ("return { summary = 's', usage = 'how to use\\n', run = function(arguments) %s end }"):format(body))
      return shell(("LUA_PATH='./?.lua;;' LUA_INIT='print(1)' %s %s"):format(quote(executable), arguments))
    end

    it("get the arguments behind them, and give the exit code", function()
      local result = run_verb("migrate up -e 'two words'", "print(#arguments, table.unpack(arguments)) return 3")

      assert.are.same({ out = "3\tup\t-e\ttwo words\n", err = "", ended = "exit 3" }, result)
    end)

    it("succeed when they return nothing", function()
      assert.are.equal("exit 0", run_verb("migrate", "").ended)
    end)

    it("show their usage with --help", function()
      assert.are.same({ out = "how to use\n", err = "", ended = "exit 0" }, run_verb("migrate --help", "error('ran')"))
    end)

    it("report their failure", function()
      local result = run_verb("migrate", "error(setmetatable({}, { __tostring = function() return 'no server' end }))")

      assert.are.same({ out = "", err = executable .. ": no server\n", ended = "exit 1" }, result)
    end)

    it("leave a script of the same name to its folder", function()
      write_file(scratch .. "/migrate", "print('a script')")

      assert.are.equal("a script\n", shell(quote(executable) .. " ./migrate").out)
    end)
  end)

  it("tells its own version and that of Lua", function()
    assert.matches("^Moonpool %d+%.%d+%.%d+ %(Lua 5%.4%.%d+%)\n$", shell(quote(executable) .. " --version").out)
  end)

  it("uses freed memory again", function()
    write_file(scratch .. "/memory.lua", [[
      local function resident()
        for line in io.lines("/proc/self/status") do
          local size = line:match("^VmRSS:%s+(%d+)")
          if size then return tonumber(size) end
        end
      end
      local function fill()
        local list = {}
        for i = 1, 100000 do list[i] = { name = "row " .. i, i, i + 0.5 } end
        list = nil
        collectgarbage()
      end
      fill()
      local first = resident()
      for _ = 1, 10 do fill() end
      print(resident() <= first * 1.25, resident(), first)]])

    assert.matches("^true", shell("ASAN_OPTIONS=quarantine_size_mb=0 " .. quote(executable) .. " memory.lua").out)
  end)
end)
