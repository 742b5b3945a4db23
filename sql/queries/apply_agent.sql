-- name: apply_agent
-- purpose: make agents what a manifest says; a column that is not in an object gets its default. A row that is so already is not in the answer
-- param: 1 jsonb array of objects whose keys are column names
-- returns: name text, created bool
insert into trunkd.agent as t (name, labels, dispatch_name, metadata, room_prefix, dispatch_rule)
select d.name, d.labels, d.dispatch_name, coalesce(d.metadata, ''), coalesce(d.room_prefix, 'call'), coalesce(d.dispatch_rule, '{}')
from jsonb_populate_recordset(null::trunkd.agent, $1) d
order by d.name
on conflict (name) do update
set (labels, dispatch_name, metadata, room_prefix, dispatch_rule)
  = (excluded.labels, excluded.dispatch_name, excluded.metadata, excluded.room_prefix, excluded.dispatch_rule)
where (t.labels, t.dispatch_name, t.metadata, t.room_prefix, t.dispatch_rule)
   is distinct from (excluded.labels, excluded.dispatch_name, excluded.metadata, excluded.room_prefix, excluded.dispatch_rule)
returning t.name, t.xmax = 0 as created;
