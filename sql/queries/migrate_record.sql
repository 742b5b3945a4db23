-- name: migrate_record
-- purpose: note that a migration has been applied; in its own transaction
-- param: 1 int4 number
-- param: 2 text name
-- param: 3 text text of the migration
insert into trunkd.schema_version (number, name, checksum)
values ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'));
