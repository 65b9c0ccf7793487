-- Everything random in the sample data comes from here: named streams of numbers and ids that
-- depend on the seed alone. A row's stream does not depend on the rows before it, so any row can
-- be made on its own, and the same seed always gives the same data.

local Source = {}
Source.__index = Source

local Stream = {}
Stream.__index = Stream

-- The instant that counts as "now": 2025-06-01T09:00:00Z. All times are told relative to it.
local NOW <const> = 1748768400
local DAY <const> = 86400

-- SplitMix64: small, fast, and good enough for data that only has to look plausible.
local GOLDEN <const> = 0x9E3779B97F4A7C15

local function mix(z)
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return z ~ (z >> 31)
end

-- FNV-1a: turns a stream's name into a number.
local function hash(name)
  local h = 0xCBF29CE484222325
  for i = 1, #name do
    h = (h ~ name:byte(i)) * 0x100000001B3
  end
  return h
end

--- A number from the whole range of integers.
---@return integer
function Stream:next()
  self.state = self.state + GOLDEN
  return mix(self.state)
end

--- A whole number from `low` to `high`, both included.
---@param low integer
---@param high integer
---@return integer
function Stream:int(low, high)
  return low + (self:next() >> 1) % (high - low + 1)
end

--- One element of a list.
---@generic T
---@param list T[]
---@return T
function Stream:pick(list)
  return list[self:int(1, #list)]
end

--- A random (version 4) uuid.
---@return string
function Stream:uuid()
  local a, b = self:next(), self:next()
  return string.format("%08x-%04x-4%03x-%04x-%012x",
    a >> 32, (a >> 16) & 0xffff, a & 0xfff, 0x8000 | (b >> 48) & 0x3fff, b & 0xffffffffffff)
end

--- 64 hexadecimal digits: what a SHA-256 digest looks like.
---@return string
function Stream:digest()
  return string.format("%016x%016x%016x%016x", self:next(), self:next(), self:next(), self:next())
end

--- A time of day in working hours, some whole days before the fixed instant.
---@param most integer greatest number of days back
---@return integer seconds since 1970
function Stream:days_ago(most)
  return NOW - self:int(1, most) * DAY + self:int(-3600, 8 * 3600)
end

--- Opens a source of streams.
---@param seed integer
function Source.new(seed)
  return setmetatable({ seed = seed, names = {} }, Source)
end

--- The stream of a name and an index; calling it again starts the same stream again.
---@param name string
---@param index integer
function Source:stream(name, index)
  local named = self.names[name]
  if not named then
    named = mix(hash(name) ~ mix(self.seed))
    self.names[name] = named
  end
  return setmetatable({ state = mix(named + index * GOLDEN) }, Stream)
end

--- The id of the row that a name and an index stand for.
---@param name string
---@param index integer
---@return string
function Source:uuid(name, index)
  return self:stream(name, index):uuid()
end

--- Writes seconds since 1970 as PostgreSQL reads them.
---@param seconds integer
---@return string
function Source.timestamp(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds) --[[@as string]]
end

--- A time relative to the fixed instant.
---@param days integer negative for the past
---@return string
function Source.in_days(days)
  return Source.timestamp(NOW + days * DAY)
end

return Source
