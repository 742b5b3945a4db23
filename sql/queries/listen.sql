-- name: listen
-- purpose: be told that the inbox may have something, or that the lease is free
listen trunkd;
