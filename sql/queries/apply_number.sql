-- name: apply_number
-- purpose: make phone numbers what a manifest says; a column that is not in an object gets its default. A row that is so already is not in the answer
-- param: 1 jsonb array of objects whose keys are column names
-- returns: name text, created bool
insert into trunkd.phone_number as t
    (phone_number, labels, label, supports_inbound, supports_outbound, provider, twilio_account, livekit_project, trunk, agent, takeover,
     inbound_trunk, outbound_trunk, twilio_trunk)
select d.phone_number, d.labels, coalesce(d.label, ''), coalesce(d.supports_inbound, true), coalesce(d.supports_outbound, false),
       coalesce(d.provider, 'twilio'), d.twilio_account, d.livekit_project, d.trunk, d.agent, coalesce(d.takeover, false),
       coalesce(d.inbound_trunk, '{}'), coalesce(d.outbound_trunk, '{}'), d.twilio_trunk
from jsonb_populate_recordset(null::trunkd.phone_number, $1) d
order by d.phone_number
on conflict (phone_number) do update
set (labels, label, supports_inbound, supports_outbound, provider, twilio_account, livekit_project, trunk, agent, takeover,
     inbound_trunk, outbound_trunk, twilio_trunk)
  = (excluded.labels, excluded.label, excluded.supports_inbound, excluded.supports_outbound, excluded.provider, excluded.twilio_account,
     excluded.livekit_project, excluded.trunk, excluded.agent, excluded.takeover, excluded.inbound_trunk, excluded.outbound_trunk,
     excluded.twilio_trunk)
where (t.labels, t.label, t.supports_inbound, t.supports_outbound, t.provider, t.twilio_account, t.livekit_project, t.trunk, t.agent, t.takeover,
       t.inbound_trunk, t.outbound_trunk, t.twilio_trunk)
   is distinct from (excluded.labels, excluded.label, excluded.supports_inbound, excluded.supports_outbound, excluded.provider,
                     excluded.twilio_account, excluded.livekit_project, excluded.trunk, excluded.agent, excluded.takeover, excluded.inbound_trunk,
                     excluded.outbound_trunk, excluded.twilio_trunk)
returning t.phone_number as name, t.xmax = 0 as created;
