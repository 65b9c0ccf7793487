drop table dataset_groups_permissions;
drop table dataset_permissions;
drop table datasets_to_permission_groups;
drop table permission_groups_to_users;
drop table permission_groups_to_identities;
drop table permission_groups;
drop type identity_type_enum;
