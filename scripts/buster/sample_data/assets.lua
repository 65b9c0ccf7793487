-- Sample metrics, dashboards, reports and collections, and how they hold each other.

local mp = require "moonpool"
local Source = require "buster.sample_data.source"
local metric_document = require "buster.sample_data.metric"
local publication = require "buster.sample_data.publication"

local timestamp, in_days = Source.timestamp, Source.in_days
local HOUR <const> = 3600

-- What all assets have: id, organisation, author, times, and whether it is deleted.
local function asset_row(layout, kind, index, days)
  local created = layout:stream("time of " .. kind, index):days_ago(days)
  local row = {
    id = layout:uuid(kind, index), organization_id = layout.organization(kind, index).id,
    created_by = layout:uuid("user", layout:author(kind, index)), created_at = timestamp(created),
    updated_at = timestamp(created + 30 * HOUR),
  }
  if layout.is_deleted(kind, index) then
    row.deleted_at = in_days(0)
    row.updated_at = row.deleted_at
  end
  return row, created
end

local function file_name(name)
  return name:lower():gsub("[^%w\128-\255]+", "_"):gsub("^_+", ""):gsub("_+$", "") .. ".yml"
end

-- Versions as they are stored: by number, the last one equal to the row's content.
local function history(count, created, content_of)
  local versions = {}
  for number = 1, count do
    versions[tostring(number)] = {
      version_number = number, updated_at = timestamp(created + (number - 1) * HOUR),
      content = content_of(number),
    }
  end
  return versions
end

-- Two metrics that no reader can decode: a chart type that does not exist; SQL that is missing and
-- a label format that is no object.
local function spoil(metric, content)
  if metric == 4 then
    content.chartConfig = { selectedChartType = "radar", columnLabelFormats = {} }
  elseif metric == 9 then
    content.sql = nil
    content.chartConfig.columnLabelFormats = { month = "date" }
  end
end

local function evaluate(row, stream)
  local score = stream:int(30, 99) / 100
  row.evaluation_score = score
  row.evaluation_summary = score >= 0.5 and "Reads the right tables" or "Sums a rate: look again"
  row.evaluation_obj = { correctness = score, remarks = { "columns checked" } }
end

local VERIFICATIONS = { "verified", "backlogged", "inReview", "requested", "notRequested" }

local function metric_row(layout, metric)
  local row, created = asset_row(layout, "metric_file", metric, 480)
  local content, metadata = metric_document.document(layout, metric)
  local versions = layout.versions("metric_file", metric)
  spoil(metric, content)
  row.name, row.file_name = content.name, file_name(content.name)
  row.content, row.data_metadata = content, metadata
  row.version_history = history(versions, created, function(number)
    return number == versions and content or metric_document.draft(content, number)
  end)
  row.verification = VERIFICATIONS[metric % #VERIFICATIONS + 1]
  row.data_source_id = layout:uuid("data_source", layout.organization("metric_file", metric).data_source)
  if metric % 6 == 0 then
    evaluate(row, layout:stream("evaluation", metric))
  end
  publication.make_public(row, "metric_file", metric)
  publication.share_with_workspace(row, "metric_file", metric)
  return row
end

local function metric_files(layout, emit)
  for metric = 1, layout.counts.metric_file do
    emit(metric_row(layout, metric))
  end
end

-- Each version of a metric reads the same datasets.
local function metric_files_to_datasets(layout, emit)
  for metric = 1, layout.counts.metric_file do
    for version = 1, layout.versions("metric_file", metric) do
      for _, dataset in ipairs(layout:metric_datasets(metric)) do
        emit {
          metric_file_id = layout:uuid("metric_file", metric), metric_version_number = version,
          dataset_id = layout:uuid("dataset", dataset), created_at = in_days(-60),
        }
      end
    end
  end
end

local SIZES = {
  { { 12 } },
  { { 6, 6 }, { 4, 8 }, { 9, 3 } },
  { { 4, 4, 4 }, { 3, 6, 3 } },
  { { 3, 3, 3, 3 } },
}

-- Lays metrics out in rows of one to four.
local function dashboard_rows(layout, metrics, stream)
  local rows, at = {}, 1
  while at <= #metrics do
    local width = math.min(stream:int(1, 4), #metrics - at + 1)
    local items = {}
    for place = 1, width do
      items[place] = { id = layout:uuid("metric_file", metrics[at + place - 1]) }
    end
    rows[#rows + 1] = {
      id = #rows + 1, items = items, columnSizes = stream:pick(SIZES[width]),
      rowHeight = stream:int(0, 2) > 0 and 320 + 10 * stream:int(0, 23) or nil,
    }
    at = at + width
  end
  return rows
end

local DASHBOARD_NAMES = {
  "Board meeting", "Sales: week", "Support \"desk\"", "Web & Growth", "Größe und Wachstum",
  "100 % of finance", "Logistics", "It's month end",
}

local function dashboard_content(layout, dashboard)
  local stream = layout:stream("rows of dashboard", dashboard)
  return {
    name = ("%s %d"):format(DASHBOARD_NAMES[dashboard % #DASHBOARD_NAMES + 1], dashboard),
    description = dashboard % 4 ~= 0 and "What to look at first: the trends" or mp.null,
    rows = dashboard_rows(layout, layout:dashboard_metrics(dashboard), stream),
  }
end

-- The version of a dashboard when it had its first row only.
local function dashboard_draft(content)
  return { name = content.name, description = mp.null, rows = { content.rows[1] } }
end

local function dashboard_files(layout, emit)
  for dashboard = 1, layout.counts.dashboard_file do
    local row, created = asset_row(layout, "dashboard_file", dashboard, 450)
    local versions = layout.versions("dashboard_file", dashboard)
    row.content = dashboard_content(layout, dashboard)
    row.name, row.file_name = row.content.name, file_name(row.content.name)
    row.version_history = history(versions, created, function(number)
      return number == versions and row.content or dashboard_draft(row.content)
    end)
    publication.make_public(row, "dashboard_file", dashboard)
    publication.share_with_workspace(row, "dashboard_file", dashboard)
    emit(row)
  end
end

local function dashboard_link(layout, dashboard, metric)
  return {
    metric_file_id = layout:uuid("metric_file", metric),
    dashboard_file_id = layout:uuid("dashboard_file", dashboard),
    created_by = layout:uuid("user", layout:author("dashboard_file", dashboard)),
    created_at = in_days(-50), updated_at = in_days(-50),
  }
end

local function metric_files_to_dashboard_files(layout, emit)
  local taken = {}
  for dashboard = 1, layout.counts.dashboard_file do
    for _, metric in ipairs(layout:dashboard_metrics(dashboard)) do
      emit(dashboard_link(layout, dashboard, metric))
      taken[metric] = taken[metric] or dashboard == 1
    end
  end
  local owner = layout.organization("dashboard_file", 1)
  local removed = layout:pick(layout:stream("taken off", 1), "metric_file", owner, taken)
  local link = dashboard_link(layout, 1, removed)
  link.deleted_at, link.updated_at = in_days(-10), in_days(-10)
  emit(link)
end

-- Two metrics in the text, by both forms of the tag.
local function report_text(layout, report, name)
  local stream = layout:stream("text of report", report)
  local owner, taken = layout.organization("report_file", report), {}
  local first = layout:pick(stream, "metric_file", owner, taken)
  local second = layout:pick(stream, "metric_file", owner, taken)
  return ("# %s\n\nThe figures, *as of today*:\n\n<metric metricId=\"%s\"/>\n\n"
    .. "And what follows from them: 5 %% more.\n\n<metric width=\"full\" metricId=\"%s\"></metric>\n")
    :format(name, layout:uuid("metric_file", first), layout:uuid("metric_file", second))
end

local function report_files(layout, emit)
  for report = 1, layout.counts.report_file do
    local row, created = asset_row(layout, "report_file", report, 300)
    local versions = layout.versions("report_file", report)
    row.name = ("Review %d: what changed"):format(report)
    row.content = report_text(layout, report, row.name)
    row.version_history = history(versions, created, function(number)
      return number == versions and row.content or ("# %s\n\nDraft %d\n"):format(row.name, number)
    end)
    publication.make_public(row, "report_file", report)
    publication.share_with_workspace(row, "report_file", report)
    emit(row)
  end
end

local COLLECTION_NAMES = {
  "Management", "Finance: monthly", "Support", "Growth", "Für alle", "Archive", "Web", "Pricing",
  "Hiring", "Partners", "Experiments", "Audit 2025", "Old project", "Freight", "Customs",
}

local function collections(layout, emit)
  for collection, name in ipairs(COLLECTION_NAMES) do
    local row = asset_row(layout, "collection", collection, 400)
    row.name, row.updated_by = name, row.created_by
    row.description = collection % 3 == 0 and "Kept tidy by its owner" or nil
    publication.share_with_workspace(row, "collection", collection)
    emit(row)
  end
end

-- The chat was taken out of the first collection; the deleted collection keeps its live rows.
local function collections_to_assets(layout, emit)
  for collection = 1, layout.counts.collection do
    local author = layout:uuid("user", layout:author("collection", collection))
    for place, asset in ipairs(layout:collection_assets(collection)) do
      local is_removed = collection == 1 and place == 8
      emit {
        collection_id = layout:uuid("collection", collection), asset_type = asset.kind,
        asset_id = layout:uuid(asset.kind, asset.index), created_by = author, updated_by = author,
        created_at = in_days(-40), updated_at = in_days(is_removed and -3 or -40),
        deleted_at = is_removed and in_days(-3) or nil,
      }
    end
  end
end

local SHARED_COLUMNS <const> = " organization_id created_by created_at updated_at deleted_at"
  .. " workspace_sharing workspace_sharing_enabled_by workspace_sharing_enabled_at"
local PUBLIC_COLUMNS <const> = " version_history publicly_accessible publicly_enabled_by"
  .. " public_expiry_date public_password"

return {
  {
    name = "metric_files",
    columns = "id name file_name content verification evaluation_obj evaluation_summary"
      .. " evaluation_score data_metadata data_source_id" .. SHARED_COLUMNS .. PUBLIC_COLUMNS,
    rows = metric_files,
  },
  {
    name = "metric_files_to_datasets",
    columns = "metric_file_id dataset_id metric_version_number created_at",
    rows = metric_files_to_datasets,
  },
  {
    name = "dashboard_files",
    columns = "id name file_name content" .. SHARED_COLUMNS .. PUBLIC_COLUMNS,
    rows = dashboard_files,
  },
  {
    name = "metric_files_to_dashboard_files",
    columns = "metric_file_id dashboard_file_id created_at updated_at deleted_at created_by",
    rows = metric_files_to_dashboard_files,
  },
  {
    name = "report_files",
    columns = "id name content" .. SHARED_COLUMNS .. PUBLIC_COLUMNS,
    rows = report_files,
  },
  {
    name = "collections",
    columns = "id name description updated_by" .. SHARED_COLUMNS,
    rows = collections,
  },
  {
    name = "collections_to_assets",
    columns = "collection_id asset_id asset_type created_at updated_at deleted_at created_by"
      .. " updated_by",
    rows = collections_to_assets,
  },
}
