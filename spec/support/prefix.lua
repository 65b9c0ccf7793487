--- An installed Moonpool, in a folder of its own: what users build their hosts against.

local shell = require "spec.support.shell"

local M = {}

local quote = shell.quote
local capture = shell.line

local installed = {} -- prefix by build folder

--- Installs a build, once per process; it is removed as that ends.
---@param build? string by default that of this run
---@return string prefix
function M.path(build)
  build = build or os.getenv("MOONPOOL_BUILD") or "build/release"
  if not installed[build] then
    local folder = capture("mktemp -d /tmp/moonpool-prefix.XXXXXX")
    installed[build] = setmetatable({ path = folder }, {
      __gc = function() os.execute("rm -rf " .. quote(folder)) end,
    })
    local text = capture(("cmake --install %s --prefix %s 2>&1 || echo FAILED"):format(quote(build), quote(folder)))
    assert(not text:find("FAILED$"), text)
  end
  return installed[build].path
end

--- What a shell exports so that `pkg-config` and programs find the installation in `prefix`.
---@param prefix string
---@return string
function M.environment(prefix)
  return ("PKG_CONFIG_PATH=%s LD_LIBRARY_PATH=%s CMAKE_PREFIX_PATH=%s"):format(
    quote(prefix .. "/lib/pkgconfig"), quote(prefix .. "/lib"), quote(prefix))
end

--- What a compiler needs besides, for a build with a sanitizer.
---@param prefix string
---@return string
function M.flags(prefix)
  local has_asan = capture(("nm -D %s/lib/libmoonpool.so | grep -c __asan_init"):format(quote(prefix))) ~= "0"
  return has_asan and "-fsanitize=address,undefined" or ""
end

return M
