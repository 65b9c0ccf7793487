-- Sample chats, their messages, and the files that the messages produced.

local mp = require "moonpool"
local Source = require "buster.sample_data.source"
local metric_document = require "buster.sample_data.metric"
local publication = require "buster.sample_data.publication"
local subjects = require "buster.sample_data.subjects"

local timestamp, in_days = Source.timestamp, Source.in_days
local MINUTE <const> = 60

local QUESTIONS = {
  "How did %s develop this year?", "Show me %s by country: top 10", "Why is \"%s\" down 5 %%?",
  "Wie viele %s hatten wir im Mai?", "Put %s on a dashboard, please",
}

local function question(layout, message)
  local stream = layout:stream("question", message)
  return stream:pick(QUESTIONS):format(subjects.dataset(stream:int(1, subjects.DATASETS)).base)
end

local function chat_started(layout, chat)
  return layout:stream("time of chat", chat):days_ago(250)
end

local function most_recent_file(layout, chat)
  local first, last = layout:chat_messages(chat)
  for message = last, first, -1 do
    local files = layout:message_files(message)
    if #files > 0 then
      return files[#files]
    end
  end
end

local function chat_row(layout, chat)
  local started = chat_started(layout, chat)
  local author = layout:uuid("user", layout:author("chat", chat))
  local file = most_recent_file(layout, chat)
  local row = {
    id = layout:uuid("chat", chat), title = question(layout, (layout:chat_messages(chat))),
    organization_id = layout.organization("chat", chat).id, created_by = author, updated_by = author,
    created_at = timestamp(started), updated_at = timestamp(started + 90 * MINUTE),
    most_recent_file_id = layout:uuid(file.kind, file.index), most_recent_file_type = file.kind,
    most_recent_version_number = file.version,
    chat_type = chat % 10 == 5 and "data_engineer" or "analyst",
  }
  if layout.is_deleted("chat", chat) then
    row.deleted_at = in_days(-1)
    row.updated_at = row.deleted_at
  end
  publication.make_public(row, "chat", chat)
  publication.share_with_workspace(row, "chat", chat)
  return row
end

local function chats(layout, emit)
  for chat = 1, layout.counts.chat do
    emit(chat_row(layout, chat))
  end
end

local function name_of(layout, file)
  if file.kind == "metric_file" then
    return metric_document.name(layout, file.index)
  end
  return file.kind == "dashboard_file" and "Dashboard" or "Report"
end

local function response_messages(layout, files, stream)
  local list = {}
  for at, file in ipairs(files) do
    list[at] = {
      type = "file", id = layout:uuid(file.kind, file.index), file_type = file.kind,
      file_name = name_of(layout, file), version_number = file.version,
      metadata = { { status = "completed", message = "Created in 3 seconds" } },
    }
  end
  list[#list + 1] = {
    type = "text", id = stream:uuid(), is_final_message = true,
    message = #files > 0 and "Here it is: see the file." or "It grew by 5 %, as \"planned\".",
  }
  return list
end

local function files_reasoning(layout, files, stream)
  local ids, by_id = {}, {}
  for _, file in ipairs(files) do
    local id = layout:uuid(file.kind, file.index)
    if not by_id[id] then
      ids[#ids + 1] = id
    end
    by_id[id] = {
      id = id, file_type = file.kind, file_name = name_of(layout, file), status = "completed",
      version_number = file.version, metadata = mp.array {},
      file = { text = "name: " .. name_of(layout, file), modified = { { 1, 1 } } },
    }
  end
  return {
    type = "files", id = stream:uuid(), title = "Wrote files", secondary_title = "2 seconds",
    status = "completed", file_ids = ids, files = by_id,
  }
end

local function pills_reasoning(stream)
  local dataset = subjects.dataset(stream:int(1, subjects.DATASETS))
  return {
    type = "pills", id = stream:uuid(), title = "Found datasets", secondary_title = "1 second",
    status = "completed",
    pill_containers = {
      {
        title = "Datasets",
        pills = { { id = stream:uuid(), text = dataset.name, type = "dataset" } },
      },
    },
  }
end

local function reasoning(layout, files, stream)
  local list = {
    {
      type = "text", id = stream:uuid(), title = "Thinking", secondary_title = "2 seconds",
      message = "The question is about one table.", message_chunk = mp.null, status = "completed",
      finished_reasoning = true,
    },
    pills_reasoning(stream),
  }
  if #files > 0 then
    list[#list + 1] = files_reasoning(layout, files, stream)
  end
  return list
end

-- A message that is still streaming has no answer yet.
local function answer(row, layout, message)
  local stream = layout:stream("answer", message)
  local files = layout:message_files(message)
  row.is_completed = message % 40 ~= 3
  if not row.is_completed then
    row.response_messages, row.reasoning, row.raw_llm_messages = mp.array {}, mp.array {}, mp.array {}
    return
  end
  row.response_messages = response_messages(layout, files, stream)
  row.reasoning = reasoning(layout, files, stream)
  row.raw_llm_messages = {
    { role = "user", content = row.request_message },
    { role = "assistant", content = row.response_messages[#row.response_messages].message },
  }
  row.final_reasoning_message = ("Reasoned for %d seconds"):format(stream:int(2, 60))
  if message % 10 == 0 then
    row.post_processing_message = { summary = "No assumptions made", confidence = "high" }
  end
end

local function message_time(layout, message)
  local chat = layout:message_chat(message)
  local place = message - layout:chat_messages(chat)
  return chat_started(layout, chat) + place * MINUTE
end

local function message_row(layout, message)
  local chat = layout:message_chat(message)
  local sent = message_time(layout, message)
  local row = {
    id = layout:uuid("message", message), chat_id = layout:uuid("chat", chat),
    request_message = question(layout, message), title = question(layout, message),
    created_by = layout:uuid("user", layout:author("chat", chat)),
    created_at = timestamp(sent), updated_at = timestamp(sent + MINUTE),
  }
  answer(row, layout, message)
  if message % 7 == 0 then
    row.feedback = message % 21 == 0 and "negative" or "positive"
  end
  if message % 50 == 0 then
    row.deleted_at = timestamp(sent + 60 * MINUTE)
    row.updated_at = row.deleted_at
  end
  return row
end

local function messages(layout, emit)
  for message = 1, layout.counts.message do
    emit(message_row(layout, message))
  end
end

local function messages_to_files(layout, emit)
  for message = 1, layout.counts.message do
    local sent = timestamp(message_time(layout, message) + MINUTE)
    for place, file in ipairs(layout:message_files(message)) do
      emit {
        id = layout:stream("file of message", message * 2 + place):uuid(),
        message_id = layout:uuid("message", message), file_id = layout:uuid(file.kind, file.index),
        file_type = file.kind, version_number = file.version, is_duplicate = message % 30 == 2,
        created_at = sent, updated_at = sent,
      }
    end
  end
end

return {
  {
    name = "chats",
    columns = "id title organization_id created_at updated_at deleted_at created_by updated_by"
      .. " publicly_accessible publicly_enabled_by public_expiry_date most_recent_file_id"
      .. " most_recent_file_type most_recent_version_number workspace_sharing"
      .. " workspace_sharing_enabled_by workspace_sharing_enabled_at chat_type",
    rows = chats,
  },
  {
    name = "messages",
    columns = "id request_message response_messages reasoning title raw_llm_messages"
      .. " final_reasoning_message chat_id created_at updated_at deleted_at created_by feedback"
      .. " is_completed post_processing_message",
    rows = messages,
  },
  {
    name = "messages_to_files",
    columns = "id message_id file_id created_at updated_at is_duplicate version_number file_type",
    rows = messages_to_files,
  },
}
