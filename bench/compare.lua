--- Runs both sides of every work in turn, round after round, and prints what each cost: bench/run calls it.
---
--- The server is bound to one CPU, the client to the same or to another. What start-up, connecting and the first turn
--- cost is measured with a count of 1 and taken off; the rest is divided by the other turns.

local mp = require "moonpool"
local core = require "moonpool.core"

local bench, build, server_folder = arg[1], arg[2], arg[3]

---@class Work
---@field name string
---@field what string
---@field cpus? integer 1: the client shares the server's CPU; 2: it has its own
---@field count? integer turns of one run
---@field per? integer what one turn has of the things that costs are given for (1)
---@field times? integer the program is run so often, and its whole cost counts
---@field ours? string command; by default the script of that name in the interpreter
---@field theirs? string command; by default the C program of that name
---@field idle? string command whose peak memory is taken off ours
---@field document? string command that writes the file {document}
---@field target { cpu?: number, time?: number, peak?: number } ratios at most; peak in MB

---@type Work[]
local WORKS = {
  { name = "select", what = "select by key, prepared", cpus = 1, count = 60000, target = { cpu = 1.25, time = 1.12 } },
  { name = "unprepared", what = "select with 2 parameters, unprepared", cpus = 1, count = 30000,
    target = { cpu = 1.45 } },
  { name = "transaction", what = "begin, update, insert, commit", cpus = 1, count = 8000, target = { cpu = 0.95 } },
  { name = "rows", what = "row of 8 columns to a table, of 100,000", cpus = 2, count = 13, per = 100000,
    target = { cpu = 3.2, peak = 105 } },
  { name = "json", what = "0.8 MB of JSON, lua-cjson", cpus = 2, count = 101, target = { cpu = 1.15 },
    ours = "{moonpool} {bench}/json.lua moonpool {count}", theirs = "{moonpool} {bench}/json.lua cjson {count}" },
  { name = "yaml", what = "1 MB of YAML read, libyaml's events", cpus = 2, count = 61,
    target = { cpu = 1.8, peak = 9 }, ours = "{moonpool} {bench}/yaml.lua decode {document} {count}",
    theirs = "{build}/bench/yaml drain {document} {count}", idle = "{moonpool} {bench}/yaml.lua idle {document}",
    document = "{moonpool} {bench}/yaml.lua make" },
  { name = "yaml_write", what = "1 MB of YAML written, libyaml's emitter", cpus = 2, count = 61,
    target = { cpu = 1.8 }, ours = "{moonpool} {bench}/yaml.lua encode {document} {count}",
    theirs = "{build}/bench/yaml emit {document} {count}", document = "{moonpool} {bench}/yaml.lua make" },
  { name = "stored", what = "stored query with a new value, as text", cpus = 1, count = 60000, target = { cpu = 1.05 },
    ours = "{moonpool} {bench}/query.lua stored {url} {count}",
    theirs = "{moonpool} {bench}/query.lua text {url} {count}" },
  { name = "built", what = "query built for each value, as text", cpus = 1, count = 60000, target = { cpu = 1.6 },
    ours = "{moonpool} {bench}/query.lua built {url} {count}",
    theirs = "{moonpool} {bench}/query.lua text {url} {count}" },
  { name = "start", what = "-e '', lua5.4", cpus = 2, times = 200, target = { time = 1.5 },
    ours = "{moonpool} -e ''", theirs = "lua5.4 -e ''" },
  { name = "connect", what = "start, connect, select, exit", cpus = 2, times = 40, target = { time = 1.3 } },
}

local OURS, THEIRS = "{moonpool} {bench}/{name}.lua {url} {count}", "{build}/bench/{name} {url} {count}"

local function fail(message)
  io.stderr:write("bench: ", message, "\n")
  os.exit(1, true)
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- ---- arguments ----

local function usage()
  io.stderr:write("usage: bench/run [--rounds N] [name ...]\n\n")
  for _, work in ipairs(WORKS) do
    io.stderr:write(("  %-12s %s\n"):format(work.name, work.what))
  end
  os.exit(2, true)
end

local function find_work(name)
  for _, work in ipairs(WORKS) do
    if work.name == name then
      return work
    end
  end
  return usage()
end

---@return Work[] works, integer rounds
local function read_arguments(arguments)
  local works, rounds = {}, 5
  local i = 1
  while i <= #arguments do
    if arguments[i] == "--rounds" then
      i = i + 1
      rounds = math.tointeger(arguments[i]) or usage()
    else
      works[#works + 1] = find_work(arguments[i])
    end
    i = i + 1
  end
  if rounds < 1 then
    usage()
  end
  return #works > 0 and works or WORKS, rounds
end

-- ---- the server ----

local TABLES = [[
  create table accounts (id int primary key, name text not null, balance bigint not null);
  insert into accounts select n, 'account ' || n, n % 1000 + 100 from generate_series(1, 10000) n;
  create table tellers (id int primary key, balance bigint not null);
  create table payments (id bigserial primary key, teller int not null, amount bigint not null);
  create table samples (number int not null, id bigint not null, ratio float8 not null, label text not null,
    at timestamptz not null, active bool not null, key uuid not null, amount numeric(12,2) not null);
  insert into samples
    select n, n * 1000003::bigint, n / 7.0, 'sample number ' || n,
           timestamptz '2026-01-01 00:00:00Z' + n * interval '1.000001 s', n % 3 = 0, md5(n::text)::uuid,
           n % 100000 + (n % 100) / 100.0
    from generate_series(1, 100000) n;
]]

local function run(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read "a"
  if not pipe:close() then
    fail("this command failed: " .. command)
  end
  return output
end

local function start_server()
  local place = core.local_start { folder = server_folder, throw_away = true, quiet = true }
  run(("%s/bench/measure 0 pin %d"):format(quote(build), place.pid))
  local db <close> = mp.connect(place.url)
  db:script(TABLES)
  db:script "vacuum analyze accounts"
  db:script "vacuum analyze samples"
  return place.url
end

-- ---- measuring ----

---@class Cost
---@field time number seconds
---@field cpu number seconds
---@field peak number MB
---@field output string what the program printed

local function complete(work, command, url, count)
  return (command:gsub("{(%l+)}", {
    moonpool = quote(build .. "/moonpool"), bench = quote(bench), build = quote(build), name = work.name,
    url = quote(url), count = tostring(count), document = quote(server_folder .. "/document"),
  }))
end

---@return Cost
local function measure(work, command, url, count)
  local line = ("%s/bench/measure %d %d %s"):format(quote(build), work.cpus - 1, work.times or 1,
    complete(work, command, url, count))
  local output, time, cpu, peak = run(line):match "^(.-)(%S+) (%S+) (%S+)\n$"
  return { time = tonumber(time), cpu = tonumber(cpu), peak = tonumber(peak) / 1024, output = output }
end

--- One run of one side, as the cost of one thing.
---@return Cost
local function measure_side(work, command, url)
  if work.times then
    local cost = measure(work, command, url, 1)
    cost.time, cost.cpu = cost.time / work.times, cost.cpu / work.times
    return cost
  end
  local base, cost = measure(work, command, url, 1), measure(work, command, url, work.count)
  local things = (work.count - 1) * (work.per or 1)
  return { time = (cost.time - base.time) / things, cpu = (cost.cpu - base.cpu) / things, peak = base.peak,
    output = base.output .. cost.output }
end

--- The side that goes first changes from round to round, so that neither has the warmer machine.
local function measure_work(work, url, round)
  local ours, theirs
  if work.document then
    run(complete(work, work.document .. " >{document}", url, 1))
  end
  if round % 2 == 0 then
    ours = measure_side(work, work.ours or OURS, url)
  end
  theirs = measure_side(work, work.theirs or THEIRS, url)
  ours = ours or measure_side(work, work.ours or OURS, url)
  if ours.output ~= theirs.output then
    fail(("the results of %s differ:\n  ours:   %s\n  theirs: %s"):format(work.name, ours.output, theirs.output))
  end
  if work.idle then
    ours.peak = ours.peak - measure(work, work.idle, url, 1).peak
  end
  return { ours = ours, theirs = theirs }
end

-- ---- the table ----

local function sorted(rounds, fn)
  local list = {}
  for i, round in ipairs(rounds) do
    list[i] = fn(round)
  end
  table.sort(list)
  return list
end

local function median(list)
  local middle = (#list + 1) // 2
  return #list % 2 == 1 and list[middle] or (list[middle] + list[middle + 1]) / 2
end

local function duration(seconds)
  local units = { { 1e-3, 1e3, "ms" }, { 1e-6, 1e6, "µs" } }
  for _, unit in ipairs(units) do
    if seconds >= unit[1] then
      return ("%.2f %s"):format(seconds * unit[2], unit[3])
    end
  end
  return ("%.0f ns"):format(seconds * 1e9)
end

--- The median of the ratios, and the least and the largest.
local function ratio(rounds, field)
  local list = sorted(rounds, function(round) return round.ours[field] / round.theirs[field] end)
  return median(list), ("%.2f (%.2f-%.2f)"):format(median(list), list[1], list[#list])
end

local function middle_of(rounds, side, field)
  return median(sorted(rounds, function(round) return round[side][field] end))
end

local function verdict(target, reached)
  local missed = {}
  for _, field in ipairs { "cpu", "time", "peak" } do
    if target[field] and reached[field] > target[field] then
      missed[#missed + 1] = field
    end
  end
  return #missed == 0 and "met" or "missed: " .. table.concat(missed, ", ")
end

local COLUMNS = {
  "work", "", "CPU", "theirs", "CPU ratio", "target", "time ratio", "target", "peak MB", "theirs", "target", "",
}

local function row_of(work, rounds)
  local target = work.target
  local cpu, cpu_text = ratio(rounds, "cpu")
  local time, time_text = ratio(rounds, "time")
  local peak = middle_of(rounds, "ours", "peak")
  return {
    work.name, work.what,
    duration(middle_of(rounds, "ours", "cpu")), duration(middle_of(rounds, "theirs", "cpu")),
    cpu_text, target.cpu or "", time_text, target.time or "",
    ("%.1f"):format(peak), ("%.1f"):format(middle_of(rounds, "theirs", "peak")), target.peak or "",
    verdict(target, { cpu = cpu, time = time, peak = peak }),
  }
end

local function show(works, costs)
  local rows = { columns = COLUMNS, count = #works }
  for i, work in ipairs(works) do
    rows[i] = row_of(work, costs[work.name])
  end
  mp.show(rows)
end

-- ---- all of it ----

local works, rounds = read_arguments(table.move(arg, 4, #arg, 1, {}))
local url = start_server()
local costs = {}
for round = 1, rounds do
  for _, work in ipairs(works) do
    io.stderr:write(("bench: round %d of %d, %s\n"):format(round, rounds, work.name))
    costs[work.name] = costs[work.name] or {}
    table.insert(costs[work.name], measure_work(work, url, round))
  end
end
show(works, costs)
