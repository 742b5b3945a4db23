-- name: apply_project
-- purpose: make LiveKit projects what a manifest says; a column that is not in an object gets its default. A row that is so already is not in the answer
-- param: 1 jsonb array of objects whose keys are column names
-- returns: name text, created bool
insert into trunkd.livekit_project as t (name, labels, url, api_key, secret, sip_host, max_in_flight, drift, requests_per_minute)
select d.name, d.labels, d.url, d.api_key, d.secret, d.sip_host, coalesce(d.max_in_flight, 5), coalesce(d.drift, 'repair'), d.requests_per_minute
from jsonb_populate_recordset(null::trunkd.livekit_project, $1) d
order by d.name
on conflict (name) do update
set (labels, url, api_key, secret, sip_host, max_in_flight, drift, requests_per_minute)
  = (excluded.labels, excluded.url, excluded.api_key, excluded.secret, excluded.sip_host, excluded.max_in_flight, excluded.drift, excluded.requests_per_minute)
where (t.labels, t.url, t.api_key, t.secret, t.sip_host, t.max_in_flight, t.drift, t.requests_per_minute)
   is distinct from (excluded.labels, excluded.url, excluded.api_key, excluded.secret, excluded.sip_host, excluded.max_in_flight, excluded.drift, excluded.requests_per_minute)
returning t.name, t.xmax = 0 as created;
