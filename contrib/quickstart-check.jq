# Compares what the simulator holds with the ledger, id by id and both ways, and what is set on each object with what was asked for.
# Input: $state[0], the simulator's; $ledger[0], as contrib/quickstart reads it. Lines out: "= what was compared", "! a difference".

def kinds: {
    "twilio.trunk":                 { list: "trunks",                 side: "twilio" },
    "twilio.recording":             { list: "recordings",             side: "twilio", parent: "trunk_sid" },
    "twilio.origination_url":       { list: "origination_urls",       side: "twilio", parent: "trunk_sid" },
    "twilio.credential_list":       { list: "credential_lists",       side: "twilio" },
    "twilio.credential":            { list: "credentials",            side: "twilio", parent: "credential_list_sid" },
    "twilio.trunk_credential_list": { list: "trunk_credential_lists", side: "twilio", parent: "trunk_sid" },
    "twilio.connection_policy":     { list: "connection_policies",    side: "twilio" },
    "twilio.connection_policy_target": { list: "connection_policy_targets", side: "twilio", parent: "connection_policy_sid" },
    "twilio.trunk_phone_number":    { list: "phone_numbers",          side: "twilio" },
    "livekit.inbound_trunk":        { list: "inbound_trunks",         side: "livekit" },
    "livekit.outbound_trunk":       { list: "outbound_trunks",        side: "livekit" },
    "livekit.dispatch_rule":        { list: "dispatch_rules",         side: "livekit" } };

def id: .sid // .sip_trunk_id // .sip_dispatch_rule_id;
def tenant($l; $side; $account): if $side == "twilio" then $l.accounts[$account] else ($l.projects[$account] | .api_key?) end;

$state[0] as $s | $ledger[0] as $l

# Every object there, by "kind tenant parent id". A number counts as an attach when it is on a trunk.
| [ kinds | to_entries[] | .key as $kind | .value as $k
    | $s[$k.side] | to_entries[] | .key as $tenant | (.value[$k.list] // [])[]
    | select($kind != "twilio.trunk_phone_number" or (.trunk_sid // "") != "")
    | { key: "\($kind) \($tenant) \(if $k.parent then .[$k.parent] else "" end) \(id)", value: . }
  ] as $there

# Every row of the ledger, by the same key.
| [ $l.ledger[] | kinds[.kind] as $k
    | { key: "\(.kind) \(tenant($l; $k.side; .account)) \(if $k.parent then .parent_id else "" end) \(.external_id)", value: . }
  ] as $known

| ($there | from_entries) as $object | ($known | from_entries) as $row
| [ $known[].value ] as $rows
| def row_of($kind; $owner; $account): first($rows[] | select(.kind == $kind and .owner == $owner and .account == $account));
  def object_of($kind; $r): first($there[] | select((.key | startswith("\($kind) ")) and (.value | id) == $r.external_id) | .value);
  def shown($what; $is; $wanted): if $is == $wanted then empty else "\($what) is \($is | tojson), not \($wanted | tojson)" end;

# What should be set on the object of a row.
  def settings($r; $o):
    ($l.numbers[] | select(.phone_number == $r.owner)) as $n
    | if $r.kind == "livekit.inbound_trunk" then
        shown("numbers"; $o.numbers; [$r.owner])
      elif $r.kind == "livekit.outbound_trunk" and $n.provider == "sip" then
        ($l.carriers[$r.owner] // {}) as $carrier        # the password is known to nobody here
        | shown("numbers"; $o.numbers; [$r.owner]),
          shown("address"; $o.address; $carrier.address),
          shown("auth_username"; $o.auth_username // ""; $carrier.auth_username // "")
      elif $r.kind == "livekit.outbound_trunk" then
        (first($rows[] | select(.kind == "twilio.trunk" and .external_id == $n.twilio_trunk_sid)) // {}) as $trunk
        | (object_of("twilio.trunk"; $trunk) // {}) as $t
        | [$rows[] | select(.kind == "twilio.credential" and .owner == $trunk.owner) | object_of("twilio.credential"; .)] as $credentials
        | (first($credentials[] | select(.username == $o.auth_username)) // $credentials[0] // {}) as $credential    # two during a rotation
        | shown("numbers"; $o.numbers; [$r.owner]),
          shown("address"; $o.address; $t.domain_name),
          shown("auth_username"; $o.auth_username; $credential.username),
          (if $o.auth_password == $credential.password and $o.auth_password then empty else "the password is not that of the credential" end)
      elif $r.kind == "livekit.dispatch_rule" then
        ($l.agents[$n.agent // ""] // {}) as $a
        | shown("trunk_ids"; $o.trunk_ids; [$n.livekit_inbound_trunk_id]),
          shown("agent_name"; $o.room_config.agents[0].agent_name; $a.dispatch_name),
          shown("metadata"; $o.room_config.agents[0].metadata // ""; $a.metadata),
          shown("room_prefix"; $o.rule.dispatch_rule_individual.room_prefix // ""; $a.room_prefix)
      elif $r.kind == "twilio.trunk_phone_number" then
        shown("phone_number"; $o.phone_number; $r.owner), shown("trunk_sid"; $o.trunk_sid; $n.twilio_trunk_sid)
      else empty end;

# What each number must have while it is wanted.
  def needed($n):
    if $n.label == null then []      # its row is gone
    else (if $n.supports_inbound then ["livekit.inbound_trunk"] else [] end)
       + (if $n.supports_inbound and $n.agent then ["livekit.dispatch_rule"] else [] end)
       + (if $n.supports_inbound and $n.agent and $n.provider == "twilio" then ["twilio.trunk_phone_number"] else [] end)
       + (if $n.supports_outbound then ["livekit.outbound_trunk"] else [] end) end;

  [ ($there[] | select($row[.key] == null) | "the ledger does not know: \(.key)"),
    ($known[] | select($object[.key] == null) | "the providers do not hold: \(.key)"),
    ($rows[] | select(.known != "live" or .open != "") | "not at rest: \(.owner) \(.kind): \(.known) \(.open)"),
    (if ($known | length) == ($row | length) then empty else "two rows of the ledger name one object" end),
    ($known[] | .value as $r | $object[.key] as $o | select($o) | "\($r.owner) \($r.kind) \($r.external_id): \(settings($r; $o))"),
    ($l.numbers[] | . as $n | needed($n) - [$rows[] | select(.owner == $n.phone_number) | .kind] | .[] | "\($n.phone_number) has no \(.)"),
    ($l.numbers[] | select(.settled | not) | "\(.phone_number) is still being worked on: \(.status) \(.reason) \(.message)")
  ] as $differences
| "= \($there | length) objects at the providers, \($known | length) rows in the ledger, \($l.numbers | length) numbers: " +
  (if ($differences | length) == 0 then "the same" else "\($differences | length) that differ" end),
  ($differences[] | "! \(.)")
