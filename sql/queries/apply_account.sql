-- name: apply_account
-- purpose: make Twilio accounts what a manifest says; a column that is not in an object gets its default. A row that is so already is not in the answer
-- param: 1 jsonb array of objects whose keys are column names
-- returns: name text, created bool
insert into trunkd.twilio_account as t
    (name, labels, account_sid, api_key_sid, secret, region, edge, base_url, livekit_project, numbers_per_trunk, max_in_flight, termination_address,
     drift, requests_per_minute)
select d.name, d.labels, d.account_sid, d.api_key_sid, d.secret, coalesce(d.region, 'us1'), d.edge, d.base_url, d.livekit_project,
       coalesce(d.numbers_per_trunk, 500), coalesce(d.max_in_flight, 4), d.termination_address, coalesce(d.drift, 'repair'), d.requests_per_minute
from jsonb_populate_recordset(null::trunkd.twilio_account, $1) d
order by d.name
on conflict (name) do update
set (labels, account_sid, api_key_sid, secret, region, edge, base_url, livekit_project, numbers_per_trunk, max_in_flight, termination_address,
     drift, requests_per_minute)
  = (excluded.labels, excluded.account_sid, excluded.api_key_sid, excluded.secret, excluded.region, excluded.edge, excluded.base_url,
     excluded.livekit_project, excluded.numbers_per_trunk, excluded.max_in_flight, excluded.termination_address, excluded.drift, excluded.requests_per_minute)
where (t.labels, t.account_sid, t.api_key_sid, t.secret, t.region, t.edge, t.base_url, t.livekit_project, t.numbers_per_trunk, t.max_in_flight,
       t.termination_address, t.drift, t.requests_per_minute)
   is distinct from (excluded.labels, excluded.account_sid, excluded.api_key_sid, excluded.secret, excluded.region, excluded.edge,
                     excluded.base_url, excluded.livekit_project, excluded.numbers_per_trunk, excluded.max_in_flight, excluded.termination_address,
                     excluded.drift, excluded.requests_per_minute)
returning t.name, t.xmax = 0 as created;
