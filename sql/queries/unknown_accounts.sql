-- name: unknown_accounts
-- purpose: which of these are neither a Twilio account nor a LiveKit project
-- param: 1 jsonb array of names
-- returns: name text
select l.name from jsonb_array_elements_text($1) with ordinality as l (name, place)
where not exists (select from trunkd.account_state a where a.name = l.name) order by l.place;
