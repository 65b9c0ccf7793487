--- `moonpool doctor`: which server, over which way, and what is wrong there.

local M = {
  summary = "look at the server and the way to it, and tell what is wrong",
  usage = [==[
usage: moonpool doctor [--json] [--database-url <url>]

  --json                 print everything as one JSON object
  --database-url <url>   the database; DATABASE_URL, libpq's variables or the private server if not given

Tells which server scripts would use and why, who answers there, what `prepare` and `pipeline` should be, how far the
clocks differ, and which settings hurt, each with how to mend it. It changes nothing and prints no password. Exit codes:
0 no problem (there may be warnings), 1 something that fails, 2 wrong usage.
]==],
}

local FAILED, WRONG_USAGE = 1, 2

---@param arguments string[]
---@return { json?: boolean, url?: string }? call nil: it is wrong
---@return string? why
local function parse(arguments)
  local call, i = {}, 1
  while i <= #arguments do
    local name, value = arguments[i]:match("^(%-%-[^=]+)=(.*)$")
    name = name or arguments[i]
    if name == "--json" and not value then
      call.json = true
    elseif name == "--database-url" then
      if not value then
        i = i + 1
        value = arguments[i]
      end
      if not value or value == "" then
        return nil, "--database-url needs a value"
      end
      call.url = value
    else
      return nil, name:sub(1, 1) == "-" and ("there is no option " .. name) or ("it takes no %q"):format(name)
    end
    i = i + 1
  end
  return call
end

---@param session moonpool.doctor.Session
---@return string
local function way(session)
  if session.is_socket then
    return ("socket %s/.s.PGSQL.%s"):format(session.host, session.port)
  end
  return ("%s, port %s"):format(session.host, session.port)
end

---@param proxy moonpool.doctor.Proxy
---@return string
local function describe_proxy(proxy)
  if not proxy.is_there then
    return "none"
  end
  local text = (proxy.name or "a pooler that does not say its name") .. ", by " .. (proxy.pooling or "session")
  return text .. " (" .. table.concat(proxy.evidence, "; ") .. ")"
end

---@param clock { difference: number, uncertainty: number }
---@return string
local function describe_clock(clock)
  local direction = clock.difference > 0 and "ahead of" or "behind"
  return ("the server is %.3f s %s us (± %.3f s)"):format(math.abs(clock.difference), direction, clock.uncertainty)
end

--- The lines that have something to tell, as { name, text }.
---@param report moonpool.doctor.Facts
---@return string[][]
local function lines_of(report)
  local versions = report.versions
  local lines = {
    { "moonpool", ("%s (libpq %s, libuv %s, %s)"):format(versions.moonpool, versions.libpq, versions.libuv,
      versions.lua) },
    { "found by", #report.found_by > 0 and table.concat(report.found_by, ", ") or "libpq's defaults" },
  }
  local session, server = report.session, report.server
  if report.error then
    return lines
  end
  local recommended = report.recommended
  for _, line in ipairs {
    { "server", way(session) },
    { "version", server.version:match("^%S+ %S+") },
    { "database", ("%s, as %s"):format(session.database, server.user) },
    { "encoding", ("%s, client %s"):format(server.encoding, session.client_encoding) },
    { "tls", session.tls and ("%s, %s"):format(session.tls, session.cipher)
      or (session.is_socket and "none (a socket)" or "none") },
    { "pooler", describe_proxy(report.proxy) },
    { "prepare", ("%s is right, %s is set"):format(recommended.prepare, report.pool.prepare) },
    { "pipeline", ("%s is right, %s is set"):format(recommended.pipeline, report.pool.pipeline) },
    { "pool", ("up to %d connections; the server takes %s and has %d"):format(report.pool.max_size,
      server.settings.max_connections, server.used) },
    { "clock", describe_clock(report.clock) },
  } do
    lines[#lines + 1] = line
  end
  return lines
end

---@param text string
---@return string
local function indent(text)
  return (text:gsub("\n", "\n           "))
end

---@param report moonpool.doctor.Facts
local function print_text(report)
  for _, line in ipairs(lines_of(report)) do
    print(("%-10s %s"):format(line[1], line[2]))
  end
  for _, finding in ipairs(report.findings) do
    print(("\n%-10s %s\n%-10s %s"):format(finding.level, indent(finding.what), "  mend", indent(finding.mend)))
  end
  if #report.findings == 0 then
    print("\nnothing is wrong")
  end
end

---@param report moonpool.doctor.Facts
local function print_json(report)
  local mp = require "moonpool"
  mp.array(report.found_by)
  mp.array(report.findings)
  if report.proxy then
    mp.array(report.proxy.evidence)
  end
  print(mp.json.encode(report))
end

---@param url? string
---@return moonpool.doctor.Facts
local function examine(url)
  local findings = require "moonpool.doctor.findings"
  local report = require("moonpool.doctor.facts").gather(url)
  report.findings = findings.judge(report)
  report.recommended = not report.error and findings.recommend(report) or nil
  return report
end

---@param arguments string[]
---@return integer exit_code
function M.run(arguments)
  local call, why = parse(arguments)
  if not call then
    io.stderr:write("moonpool doctor: ", why, "\nhint: `moonpool doctor --help` shows how it is used\n")
    return WRONG_USAGE
  end
  local ok, report = pcall(examine, call.url)
  if not ok then
    io.stderr:write("moonpool doctor: ", tostring(report), "\n")
    return FAILED
  end
  if call.json then
    print_json(report)
  else
    print_text(report)
  end
  return report.findings[1] and report.findings[1].level == "problem" and FAILED or 0
end

return M
