drop table messages_to_files;
drop table messages;
drop table chats;
drop type message_feedback_enum;
drop type chat_type_enum;
