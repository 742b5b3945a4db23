-- name: describe_resources
-- purpose: the objects that carry a phone number's calls, its own and those of its trunk; or those of a trunk
-- param: 1 text phone number, or name of a trunk
-- returns: owner_type text, kind text, slot text, account text, known text, open text, external_id text, refusal text, message text, symmetric_rtp bool, agents jsonb
select r.owner_type, r.kind, coalesce(nullif(r.slot, ''), r.applied ->> 'target', '') as slot, r.account, r.known, r.open, r.external_id, r.refusal, r.message,
       case when r.kind = 'twilio.trunk' and r.known = 'live' then r.applied ? 'symmetric_rtp_enabled' end as symmetric_rtp,
       case when r.kind = 'livekit.dispatch_rule' and r.known = 'live' then (r.applied ->> 'agents')::jsonb end as agents
from trunkd.read_resource r
where (r.owner_type = 'number' and r.owner = $1)
   or (r.owner_type = 'trunk' and r.owner in (
        select t.id::text from trunkd.number v join trunkd.trunk_state t on v.trunk in (t.name, t.id::text) where v.phone_number = $1
        union all select t.id::text from trunkd.trunk_state t where t.name = $1))
order by r.kind, r.slot, r.account;
