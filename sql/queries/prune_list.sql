-- name: prune_list
-- purpose: what carries these labels, so that what no manifest names any more can be deleted
-- param: 1 jsonb labels that it must carry
-- returns: kind int4, name text
select m.kind, m.name from trunkd.manifest m where m.labels @> $1 order by m.kind, m.name;
