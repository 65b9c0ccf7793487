--- What all types of documents share: the six verbs of their shape as functions, and maps that keep their order.

local complain = require "moonpool.query.complain"
local mp = require "moonpool"
local values = require "moonpool.shape.values"

local M = {}

M.map, M.keys, M.usage = values.map, values.keys, complain.usage

---@class buster.types.Document
---@field shape moonpool.Shape
---@field decode fun(document: any, options?: table): any, moonpool.shape.Mistake[]
---@field check fun(document: any, options?: table): moonpool.shape.Mistake[], moonpool.shape.Mistake[]
---@field encode fun(value: any, format?: "yaml"|"json", options?: table): string
---@field to_json fun(value: any): any
---@field json_schema fun(): table
---@field describe fun(): string

--- A type of document.
---@param shape moonpool.Shape
---@return buster.types.Document
function M.new(shape)
  local document = { shape = shape }
  for _, verb in ipairs { "decode", "check", "encode", "to_json", "json_schema", "describe" } do
    document[verb] = function(...)
      return shape[verb](shape, ...)
    end
  end
  return document
end

local NAMES = { table = "a table", string = "a text" }

--- Raises a usage error where a value is not what a function works with.
---@param what string how a message begins, such as "the history is"
---@param value any
---@param kind "table"|"string"
function M.need(what, value, kind)
  if type(value) ~= kind then
    complain.usage(("%s %s; expected %s"):format(what, values.describe(value), NAMES[kind]))
  end
end

--- A copy of a map with some fields of other values; one that is mp.null is taken out.
---@param map table
---@param changes table<string, any>
---@return table
function M.with(map, changes)
  local list, there = {}, {}
  for _, key in ipairs(values.keys(map)) do
    local value = map[key]
    if changes[key] ~= nil then
      value = changes[key]
    end
    there[key] = true
    if changes[key] ~= mp.null then
      list[#list + 1] = { key, value }
    end
  end
  for _, key in ipairs(values.keys(changes)) do
    if not there[key] and changes[key] ~= mp.null then
      list[#list + 1] = { key, changes[key] }
    end
  end
  return values.map(list)
end

--- A copy of a list with one more item.
---@param list any[]
---@param item any
---@return any[]
function M.append(list, item)
  local copy = table.move(list, 1, #list, 1, {})
  copy[#copy + 1] = item
  return mp.array(copy)
end

return M
