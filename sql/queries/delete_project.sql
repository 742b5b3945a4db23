-- name: delete_project
-- purpose: take rows away; what was made for them is removed by the daemon
-- param: 1 jsonb array of names
-- returns: name text
delete from trunkd.livekit_project t where t.name in (select jsonb_array_elements_text($1)) returning t.name as name;
