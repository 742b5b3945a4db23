-- name: installation
-- purpose: who we are, and whether this is the database that was installed or a copy of it
-- returns: tag text, system_identifier text, database_name text, timeline int4, system_identifier_now text, database_name_now text, timeline_now int4
select i.tag, i.system_identifier, i.database_name, i.timeline, i.system_identifier_now, i.database_name_now, i.timeline_now
from trunkd.read_installation i;
