# shellcheck shell=bash disable=SC2154  # what contrib/quickstart knows
# Real calls, for `contrib/quickstart --calls`: LiveKit's own servers and two real agents beside the quickstart, and sipp in place of
# Twilio's callers. What does it is the tests' own lane, tests/livekit.

calls_tool=$top/tests/livekit/calls.py
calls=$place/calls          # the servers' configuration and logs, and who was rung

# Before anything is ended or begun: without this there are no calls.
get_calls() {
    local status=0
    begin "getting LiveKit's servers and livekit-agents: some minutes, the first time only" ""
    livekit_programs=$("$top/tests/livekit/build") || status=$?
    [ "$status" -ne 77 ] || skip_calls "$livekit_programs"
    [ "$status" -eq 0 ] || return 1
    livekit_agents=$("$calls_tool" install) || status=$?
    [ "$status" -ne 77 ] || skip_calls "$livekit_agents"
    [ "$status" -eq 0 ]
}

skip_calls() {
    step=
    echo "$1"
    echo "contrib/quickstart shows everything but real calls."
    exit 77
}

# They need some seconds, while which PostgreSQL starts.
start_calls() {
    begin "starting Redis, livekit-server, livekit-sip and two agents" "$logs/calls.log"
    mkdir "$calls"
    chmod 700 "$calls"
    CALLS_KEY=$api_key CALLS_SECRET=$api_secret launch "$calls_tool" \
        serve "$calls" "$livekit_programs" "$livekit_agents" support-agent sales-agent
}

await_calls() {
    local i
    begin "waiting for the agents to be at LiveKit's door" "$logs/calls.log"
    for ((i = 0; i < 1200; i++)); do
        if [ -e "$calls/ready" ]; then
            livekit_url=$(jq -r .url "$calls/ready") sip_host=$(jq -r .sip_host "$calls/ready") callee=$(jq -r .callee "$calls/ready")
            return 0
        fi
        is_running calls.py || break
        sleep 0.05
    done
    return 1
}

livekit_state() { "$calls_tool" state "$calls"; }       # as the simulator's /_sim/state shows it

origination_url_of() { # NUMBER: of the trunk that it is on, as Twilio says it
    local trunk
    trunk=$(routing_of "$1")
    curl -sS --fail -u "$account_sid:$auth_token" "$twilio_url/v1/Trunks/$trunk/OriginationUrls" | jq -r '.origination_urls[0].sip_url'
}

# ring NUMBER AGENT: one call, which that agent must answer, in a room that knows our objects
ring() {
    local url told ids
    url=$(origination_url_of "$1")
    begin "ringing $1 as Twilio does, by the URL that trunkd wrote to its trunk: $url"
    told=$("$calls_tool" ring "$calls" "$url" "$1") || { echo "nobody answered, see $calls" >&2; return 1; }
    jq -r '"  answered by \(.agent), which was told: \(.metadata | if . == "" then "nothing" else . end)", "  room \(.room); the caller is in it with",
           (.attributes | to_entries | sort_by(.key)[] | "    \(.key) = \(.value)")' <<<"$told"
    ids=$(sql -c "select livekit_inbound_trunk_id || ' ' || livekit_dispatch_rule_id from trunkd.number where phone_number = '$1'")
    [ "$(jq -r '"\(.agent) \(.attributes["sip.trunkID"]) \(.attributes["sip.ruleID"])"' <<<"$told")" = "$2 $ids" ] \
        || { echo "that should have been $2, trunk and rule $ids" >&2; return 1; }
}

# silent NUMBER URL: one call that must not get through
silent() {
    begin "ringing $1 there once more: $2"
    if "$calls_tool" ring "$calls" "$2" "$1" 3 >/dev/null; then echo "somebody answered" >&2; return 1; fi
    say "nobody answers"
}

# dial NUMBER: an outbound call. Twilio's address is in the trunk that trunkd made; the account's override leads it to sipp meanwhile.
dial() {
    local told
    begin "letting the account's calls out go to $callee, with SQL: update trunkd.twilio_account set termination_address = ..."
    sql -c "update trunkd.twilio_account set termination_address = '$callee' where name = 'main'"
    trunkctl wait "$1" >/dev/null
    begin "calling from $1: CreateSIPParticipant on its outbound trunk, to a server that demands the credential that trunkd made"
    told=$("$calls_tool" dial "$calls" "$1") || { echo "that was not answered, see $calls" >&2; return 1; }
    jq -r '"  answered: user \(.user) had the right password; the callee was shown \(.shown)"' <<<"$told"
    [ "$(jq -r .shown <<<"$told")" = "$1" ] || { echo "that should have been $1" >&2; return 1; }
    sql -c "update trunkd.twilio_account set termination_address = null where name = 'main'"
    trunkctl wait "$1" >/dev/null
}
