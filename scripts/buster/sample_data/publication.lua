-- Who outside its permissions may open an asset: everybody (public), or its whole organisation.

local Source = require "buster.sample_data.source"

local M = {}

-- The hash of the password "moonpool", for every sample asset that asks for one.
local PASSWORD_HASH <const> = "$argon2id$v=19$m=65536,t=2,p=1$lQ2JpJEP1yh2737huvCjPg"
  .. "$Ph4TApdIyAGyb9XOvC3m5I4fCZYFeoFfQnC0BlcjQk0"

local NEVER_IN_OUR_TIME <const> = 50 * 365

local LEVELS = { "can_view", "can_edit", "full_access" }

-- Every how many assets of a kind one is public, and one is shared with the workspace.
local PUBLIC_EVERY = { metric_file = 25, dashboard_file = 8, report_file = 10, chat = 20 }
local SHARED_EVERY = { metric_file = 10, dashboard_file = 5, report_file = 5, collection = 4, chat = 10 }

--- Public in turn: openly, with a password, expired, and with both a password and a later end.
---@param row table the asset's row, which gets the columns
function M.make_public(row, kind, index)
  row.publicly_accessible = index % PUBLIC_EVERY[kind] == 3
  if not row.publicly_accessible then
    return
  end
  row.publicly_enabled_by = row.created_by
  local turn = index // PUBLIC_EVERY[kind] % 4
  if turn >= 2 then
    row.public_expiry_date = Source.in_days(turn == 2 and -30 or NEVER_IN_OUR_TIME)
  end
  if turn % 2 == 1 and kind ~= "chat" then
    row.public_password = PASSWORD_HASH
  end
end

--- Shared with the workspace at each level in turn.
---@param row table the asset's row, which gets the columns
function M.share_with_workspace(row, kind, index)
  row.workspace_sharing = "none"
  if index % SHARED_EVERY[kind] == 1 then
    row.workspace_sharing = LEVELS[index // SHARED_EVERY[kind] % #LEVELS + 1]
    row.workspace_sharing_enabled_by = row.created_by
    row.workspace_sharing_enabled_at = row.updated_at
  end
end

return M
