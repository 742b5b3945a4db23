-- name: migrate_applied
-- purpose: what has been applied, and whether it is the text that we have; only where migrate_is_new says no
-- param: 1 int4 number
-- param: 2 text text of our migration of that number
-- returns: name text, is_same bool
select v.name, v.checksum = encode(sha256(convert_to($2, 'UTF8')), 'hex') as is_same
from trunkd.schema_version v where v.number = $1;
