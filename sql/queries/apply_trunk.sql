-- name: apply_trunk
-- purpose: make trunks what a manifest says; a column that is not in an object gets its default. A row that is so already is not in the answer
-- param: 1 jsonb array of objects whose keys are column names
-- returns: name text, created bool
insert into trunkd.trunk as t (name, labels, twilio_account, livekit_project, numbers_max, twilio_trunk)
select d.name, d.labels, d.twilio_account, d.livekit_project, d.numbers_max, coalesce(d.twilio_trunk, '{}')
from jsonb_populate_recordset(null::trunkd.trunk, $1) d
order by d.name
on conflict (name) do update
set (labels, twilio_account, livekit_project, numbers_max, twilio_trunk)
  = (excluded.labels, excluded.twilio_account, excluded.livekit_project, excluded.numbers_max, excluded.twilio_trunk)
where (t.labels, t.twilio_account, t.livekit_project, t.numbers_max, t.twilio_trunk)
   is distinct from (excluded.labels, excluded.twilio_account, excluded.livekit_project, excluded.numbers_max, excluded.twilio_trunk)
returning t.name, t.xmax = 0 as created;
