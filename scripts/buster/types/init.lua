--- The documents of the analytics API: metrics, dashboards, reports, their versions and their metadata.
---
---     local types = require "buster.types"
---     local metric = types.metric_yml.decode(text)

local M = {
  metric_yml = require "buster.types.metric_yml",
  dashboard_yml = require "buster.types.dashboard_yml",
  version_history = require "buster.types.version_history",
  stored_versions = require "buster.types.stored_versions",
  data_metadata = require "buster.types.data_metadata",
  column_label_format = require "buster.types.column_label_format",
  report = require "buster.types.report",
}

--- The kinds of documents that people write as files, for `moonpool yaml`: what each is called, and its type.
M.kinds = {
  { name = "metric", type = M.metric_yml },
  { name = "dashboard", type = M.dashboard_yml },
}

return M
