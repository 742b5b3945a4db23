-- name: session
-- purpose: the settings of each of the daemon's sessions; nothing is found by search_path, nothing waits for ever
-- param: 1 text statement_timeout in milliseconds
-- param: 2 text lock_timeout in milliseconds
-- returns: search_path text, statement_timeout text, lock_timeout text, idle text, encoding text
select set_config('search_path', '', false) as search_path,
       set_config('statement_timeout', $1, false) as statement_timeout,
       set_config('lock_timeout', $2, false) as lock_timeout,
       set_config('idle_in_transaction_session_timeout', '10000', false) as idle,
       set_config('client_encoding', 'UTF8', false) as encoding;
