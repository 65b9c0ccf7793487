drop table datasets_to_dataset_groups;
drop table dataset_groups;
drop table datasets;
drop table data_sources;
drop type stored_values_status_enum;
drop type dataset_type_enum;
drop type data_source_onboarding_status_enum;
