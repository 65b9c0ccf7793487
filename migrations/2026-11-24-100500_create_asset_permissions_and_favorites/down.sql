drop table user_favorites;
drop table asset_permissions;
drop type asset_permission_role_enum;
