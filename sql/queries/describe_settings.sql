-- name: describe_settings
-- purpose: what is written in an object's row, as JSON with its columns, for those who may read what the daemon reads
-- param: 1 text its table
-- param: 2 text its name, or phone number
-- returns: row text
select row_to_json(n)::text as "row" from trunkd.read_number n where $1 = 'phone_number' and n.phone_number = $2
union all
select row_to_json(t)::text from trunkd.read_trunk t where $1 = 'trunk' and t.name = $2
union all
select row_to_json(a)::text from trunkd.read_agent a where $1 = 'agent' and a.name = $2
union all
select row_to_json(a)::text from trunkd.read_twilio_account a where $1 = 'twilio_account' and a.name = $2
union all
select row_to_json(p)::text from trunkd.read_livekit_project p where $1 = 'livekit_project' and p.name = $2;
