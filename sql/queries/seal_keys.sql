-- name: seal_keys
-- purpose: public keys to seal with, newest first
-- returns: key_id text, public_key text
select k.key_id, k.public_key from trunkd.seal_key k order by k.created_at desc, k.key_id;
