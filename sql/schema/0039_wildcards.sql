-- What somebody else made in a project and takes the calls of all: an inbound trunk without numbers takes every number that has no trunk of
-- its own there (one that is not linked yet, or was just deleted), a dispatch rule without trunks every call that no other rule takes. Both
-- are found by the complete scan and kept in detail; `trunkctl doctor` shows them.
create view trunkd.wildcard as
select s.name as account, w.kind, w.id as external_id, w.name
from trunkd.account_status s
cross join lateral jsonb_to_recordset(case when jsonb_typeof(s.detail -> 'wildcards') = 'array' then s.detail -> 'wildcards' else '[]' end)
     as w (kind text, id text, name text);
comment on view trunkd.wildcard is 'Objects of others in a LiveKit project that take everybody''s calls';
grant select on trunkd.wildcard to trunkd_reader, trunkd_app, trunkd_admin;

alter view trunkd.health rename to health_besides;
revoke select on trunkd.health_besides from trunkd_reader, trunkd_app, trunkd_admin;
create view trunkd.health as
select h.what, h.level, h.words, h.remedy, h.place from trunkd.health_besides h
union all
select 'project ' || w.account, 'warning',
       format('%s %s%s, which trunkd did not make, takes every call that no other %s takes',
              case w.kind when 'livekit.inbound_trunk' then 'inbound trunk' else 'dispatch rule' end, w.external_id,
              case when coalesce(w.name, '') <> '' then format(' (%s)', w.name) else '' end,
              case w.kind when 'livekit.inbound_trunk' then 'trunk' else 'rule' end),
       case w.kind when 'livekit.inbound_trunk' then 'give it the numbers it is for, or delete it; until then calls to a number that is not linked yet go there'
            else 'name the trunks it is for, or delete it' end, 4
from trunkd.wildcard w;
comment on view trunkd.health is 'Whether all is well, thing by thing: level is ok, warning or error';
grant select on trunkd.health to trunkd_reader, trunkd_app, trunkd_admin;
