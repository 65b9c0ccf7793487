-- How the sample data hangs together: sizes, and for every asset its organisation, its author and
-- the assets that it holds. All tables ask here, so that they agree with each other without
-- keeping rows in memory. Assets are told apart by kind and index, counted from 1.

local Source = require "buster.sample_data.source"

local Layout = {}
Layout.__index = Layout

--- The ids of the two organisations do not depend on the seed: they mark a loaded database.
Layout.HOME = "5a3e1c90-7d42-4b6f-9c1e-0f6d2b8a4e01"
Layout.PARTNER = "5a3e1c90-7d42-4b6f-9c1e-0f6d2b8a4e02"

local function range(first, last)
  local list = {}
  for i = first, last do
    list[#list + 1] = i
  end
  return list
end

local function organization(fields)
  fields.is_home = fields.id == Layout.HOME
  return fields
end

-- Members are users who may be given something; authors are those who make assets. User 6 belongs
-- to both organisations. Datasets leaves out those of the deleted data source.
local ORGANIZATIONS = {
  home = organization {
    id = Layout.HOME, members = range(1, 25), authors = range(1, 13), admin = 1,
    data_source = 1, datasets = range(1, 31), teams = range(1, 4),
  },
  partner = organization {
    id = Layout.PARTNER, members = { 6, 26, 27, 28, 29, 30 }, authors = { 6, 26, 27, 28, 29 },
    admin = 26, data_source = 3, datasets = range(36, 40), teams = {},
  },
}

-- Which assets belong to the partner organisation: the smaller part of each kind.
local IS_PARTNER = {
  metric_file = function(i) return i % 15 == 0 end,
  dashboard_file = function(i) return i % 10 == 0 end,
  report_file = function(i) return i % 10 == 0 end,
  collection = function(i) return i > 13 end,
  chat = function(i) return i % 12 == 0 end,
}

local IS_DELETED = {
  metric_file = function(i) return i % 20 == 7 end,
  dashboard_file = function(i) return i % 20 == 17 end,
  report_file = function(i) return i == 8 end,
  collection = function(i) return i == 13 end,
  chat = function(i) return i % 20 == 9 end,
}

-- Authors that the special cases of the permissions depend on.
local AUTHORS = {
  collection = { [1] = 1, [2] = 2 },
  dashboard_file = { [1] = 3, [2] = 7 },
}

-- Of each hundred metrics: how many versions they have. The slots after the first 23 have one
-- version; the first 23 of those read two datasets. That makes 200 links to datasets.
local VERSIONS = { 30, 10, 5, 5, 4, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 }

local ITEMS_PER_DASHBOARD = { 2, 4, 5, 6, 8 }

--- Lays out the sample data.
---@param scale integer 1 for a small organisation; multiplies metrics, permissions and messages
---@param seed integer
function Layout.new(scale, seed)
  return setmetatable({
    source = Source.new(seed),
    organizations = { ORGANIZATIONS.home, ORGANIZATIONS.partner },
    counts = {
      metric_file = 300 * scale, dashboard_file = 40, report_file = 20, collection = 15, chat = 100,
      message = 600 * scale, permission = 900 * scale,
    },
  }, Layout)
end

--- The id of the row that a kind and an index stand for.
---@param kind string
---@param index integer
---@return string
function Layout:uuid(kind, index)
  return self.source:uuid(kind, index)
end

--- A stream of random numbers that is always the same for a name and an index.
---@param name string
---@param index integer
function Layout:stream(name, index)
  return self.source:stream(name, index)
end

--- The organisation that an asset belongs to.
---@param kind string
---@param index integer
---@return table
function Layout.organization(kind, index)
  return IS_PARTNER[kind](index) and ORGANIZATIONS.partner or ORGANIZATIONS.home
end

---@param kind string
---@param index integer
---@return boolean
function Layout.is_deleted(kind, index)
  return IS_DELETED[kind](index)
end

--- The index of the user who made an asset.
---@return integer
function Layout:author(kind, index)
  local fixed = AUTHORS[kind] and AUTHORS[kind][index]
  return fixed or self:stream("author of " .. kind, index):pick(self.organization(kind, index).authors)
end

--- A live asset of a kind in an organisation, one that is not among `taken`, which it joins.
---@param taken table<integer, boolean>
---@return integer index
function Layout:pick(stream, kind, owner, taken)
  local index
  repeat
    index = stream:int(1, self.counts[kind])
  until self.organization(kind, index) == owner and not IS_DELETED[kind](index) and not taken[index]
  taken[index] = true
  return index
end

local function slot(metric)
  return (metric - 1) * 37 % 100 + 1
end

--- How many versions a metric, dashboard or report has.
---@return integer
function Layout.versions(kind, index)
  if kind == "metric_file" then
    return VERSIONS[slot(index)] or 1
  end
  return 1 + index % 5
end

--- The datasets that a metric reads: one, or two that are joined.
---@return integer[]
function Layout:metric_datasets(metric)
  local owner = self.organization("metric_file", metric)
  local first = self:stream("dataset of metric", metric):int(1, #owner.datasets)
  local datasets = { owner.datasets[first] }
  local at = slot(metric) - #VERSIONS
  if at >= 1 and at <= 23 then
    datasets[2] = owner.datasets[first % #owner.datasets + 1]
  end
  return datasets
end

--- The metrics on a dashboard, in order.
---@return integer[]
function Layout:dashboard_metrics(dashboard)
  local metrics, taken = {}, {}
  local function add(metric)
    metrics[#metrics + 1] = metric
    taken[metric] = true
  end
  if dashboard <= 3 then
    add(1) -- a metric on several dashboards
  elseif dashboard == 5 then
    add(7) -- a metric that is deleted
  end
  local count = ITEMS_PER_DASHBOARD[dashboard % 5 + 1]
  if dashboard == 40 then
    count = count - 1 -- leaves room for the one that was taken off dashboard 1
  end
  local stream = self:stream("items of dashboard", dashboard)
  local owner = self.organization("dashboard_file", dashboard)
  while #metrics < count do
    metrics[#metrics + 1] = self:pick(stream, "metric_file", owner, taken)
  end
  return metrics
end

local COLLECTION_ITEMS = {
  "metric_file", "metric_file", "metric_file", "metric_file",
  "dashboard_file", "dashboard_file", "report_file", "chat",
}

-- Dashboard 1 lies in two collections, dashboard 2 in one on which its owner has a lower role, and
-- collection 3 in another collection.
local COLLECTED = {
  [1] = { [5] = { "dashboard_file", 1 }, [6] = { "dashboard_file", 2 } },
  [2] = { [5] = { "dashboard_file", 1 }, [8] = { "collection", 3 } },
}

--- The assets in a collection, eight of them.
---@return { kind: string, index: integer }[]
function Layout:collection_assets(collection)
  local assets, taken = {}, {}
  for kind in pairs(IS_PARTNER) do
    taken[kind] = {}
  end
  local stream = self:stream("assets of collection", collection)
  local owner = self.organization("collection", collection)
  for at, kind in ipairs(COLLECTION_ITEMS) do
    local fixed = COLLECTED[collection] and COLLECTED[collection][at]
    if fixed then
      assets[at] = { kind = fixed[1], index = fixed[2] }
      taken[fixed[1]][fixed[2]] = true
    else
      assets[at] = { kind = kind, index = self:pick(stream, kind, owner, taken[kind]) }
    end
  end
  return assets
end

--- The chat that a message belongs to: messages are dealt out in equal, unbroken shares.
---@return integer
function Layout:message_chat(message)
  return (message - 1) // (self.counts.message // self.counts.chat) + 1
end

--- The first and the last message of a chat.
---@return integer, integer
function Layout:chat_messages(chat)
  local share = self.counts.message // self.counts.chat
  return (chat - 1) * share + 1, chat * share
end

-- A metric that has an older version to be shown first.
function Layout:pick_revised_metric(stream, owner)
  local metric
  repeat
    metric = self:pick(stream, "metric_file", owner, {})
  until self.versions("metric_file", metric) > 1
  return metric
end

--- The files that a message produced: of six messages one has two versions of a metric, one a
--- metric, one a dashboard or a report.
---@return { kind: string, index: integer, version: integer }[]
function Layout:message_files(message)
  local owner = self.organization("chat", self:message_chat(message))
  local stream = self:stream("files of message", message)
  local place = message % 6
  if place == 1 then
    local metric = self:pick_revised_metric(stream, owner)
    local latest = self.versions("metric_file", metric)
    return {
      { kind = "metric_file", index = metric, version = latest - 1 },
      { kind = "metric_file", index = metric, version = latest },
    }
  elseif place == 2 or place == 4 then
    local kind = place == 2 and "metric_file" or stream:pick { "dashboard_file", "report_file" }
    local index = self:pick(stream, kind, owner, {})
    return { { kind = kind, index = index, version = self.versions(kind, index) } }
  end
  return {}
end

--- Every asset: those that can be shared and have exactly one owner.
---@return fun(): string?, integer?
function Layout:assets()
  return coroutine.wrap(function()
    for _, kind in ipairs { "metric_file", "dashboard_file", "report_file", "collection", "chat" } do
      for index = 1, self.counts[kind] do
        coroutine.yield(kind, index)
      end
    end
  end)
end

return Layout
