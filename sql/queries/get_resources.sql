-- name: get_resources
-- purpose: the ledger, one line per external object; secrets stay where they are
-- param: 1 jsonb array of owners; null for all
-- param: 2 jsonb not used: objects at a provider carry no labels
-- returns: name text, row text, age int8, id text
select v.owner as name, row_to_json(v)::text as "row", null::int8 as age, concat_ws(' ', v.owner, v.kind, nullif(v.slot, ''), 'in', v.account) as id
from (select r.owner_type, r.owner, r.kind, r.slot, r.account, r.known, r.open, r.external_id, r.parent_id, r.attempts, r.refusal, r.message
      from trunkd.read_resource r) v
where (($1)::jsonb is null or v.owner in (select jsonb_array_elements_text($1))) and ($2)::jsonb is not null
order by v.owner_type, v.owner, v.kind, v.slot, v.account;
