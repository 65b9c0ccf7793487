-- What the sample data is about: ten subjects, each kept as a table, two views and a materialised
-- view. Dataset i is the subject (i - 1) // 4 + 1 in the form (i - 1) % 4 + 1.

local M = {}

local SUBJECTS = {
  {
    table = "orders", schema = "sales", time = "ordered_at", dimensions = { "region", "channel" },
    measures = { { "amount", "Revenue", "currency" }, { "quantity", "Units Sold", "number" } },
  },
  {
    table = "invoices", schema = "finance", time = "issued_at", dimensions = { "country", "status" },
    measures = { { "amount", "Invoiced", "currency" }, { "discount_rate", "Discount Rate", "percent" } },
  },
  {
    table = "payments", schema = "finance", time = "paid_at", dimensions = { "method", "country" },
    measures = { { "amount", "Received", "currency" }, { "fee", "Fees", "currency" } },
  },
  {
    table = "customers", schema = "crm", time = "signed_up_at", dimensions = { "segment", "country" },
    measures = { { "lifetime_value", "Lifetime Value", "currency" }, { "order_count", "Orders", "number" } },
  },
  {
    table = "tickets", schema = "support", time = "opened_at", dimensions = { "priority", "product" },
    measures = { { "minutes_to_close", "Minutes to Close", "number" },
      { "reopen_rate", "Reopen Rate", "percent" } },
  },
  {
    table = "sessions", schema = "web", time = "started_at", dimensions = { "device", "source" },
    measures = { { "page_views", "Page Views", "number" }, { "bounce_rate", "Bounce Rate", "percent" } },
  },
  {
    table = "campaigns", schema = "marketing", time = "sent_at", dimensions = { "channel", "audience" },
    measures = { { "spend", "Spend", "currency" }, { "conversion_rate", "Conversion", "percent" } },
  },
  {
    table = "products", schema = "catalog", time = "listed_at", dimensions = { "category", "brand" },
    measures = { { "stock", "Stock", "number" }, { "margin", "Margin", "percent" } },
  },
  {
    table = "shipments", schema = "logistics", time = "shipped_at", dimensions = { "carrier", "country" },
    measures = { { "cost", "Freight Cost", "currency" }, { "days_in_transit", "Transit Days", "number" } },
  },
  {
    table = "contracts", schema = "logistics", time = "signed_at", dimensions = { "term", "country" },
    measures = { { "monthly_fee", "Monthly Fee", "currency" }, { "seats", "Seats", "number" } },
  },
}

local FORMS = {
  { suffix = "", type = "table" },
  { suffix = "_current", type = "view" },
  { suffix = "_by_customer", type = "view" },
  { suffix = "_monthly", type = "materializedView" },
}

M.DATASETS = #SUBJECTS * #FORMS

--- The dataset of an index: its subject's columns under its own name.
---@param index integer
---@return table dataset
function M.dataset(index)
  local subject = SUBJECTS[(index - 1) // #FORMS + 1]
  local form = FORMS[(index - 1) % #FORMS + 1]
  return {
    name = subject.table .. form.suffix, schema = subject.schema, base = subject.table,
    type = form.type, time = subject.time, dimensions = subject.dimensions,
    measures = subject.measures,
  }
end

--- A column's name as a person writes it: `order_count` is "Order Count".
---@param name string
---@return string
function M.title(name)
  return (name:gsub("_", " "):gsub("%f[%w]%l", string.upper))
end

return M
