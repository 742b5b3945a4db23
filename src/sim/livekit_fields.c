/* The messages of LiveKit's SIP service: what livekit-server knows of each field. Data only; livekit_codec.c reads it. */
#include "livekit.h"

#define F(field_name, field_type, ...) { .name = field_name, .type = field_type, __VA_ARGS__ }

static const char *const transports[] = { "SIP_TRANSPORT_AUTO", "SIP_TRANSPORT_UDP", "SIP_TRANSPORT_TCP", "SIP_TRANSPORT_TLS", NULL };
static const char *const header_options[] = { "SIP_NO_HEADERS", "SIP_X_HEADERS", "SIP_ALL_HEADERS", NULL };
static const char *const encryptions[] = { "SIP_MEDIA_ENCRYPT_DISABLE", "SIP_MEDIA_ENCRYPT_ALLOW", "SIP_MEDIA_ENCRYPT_REQUIRE", NULL };
static const char *const restart_policies[] = { "JRP_ON_FAILURE", "JRP_NEVER", NULL };
static const char *const trunk_kinds[] = { "TRUNK_LEGACY", "TRUNK_INBOUND", "TRUNK_OUTBOUND", NULL };

/* Rows: name, type, and what deviates: a list of them, kept although default (explicit), its oneof, its enum or message. */

static const struct lk_field codec_fields[] = {
    F("name", LK_TEXT),
    F("rate", LK_INT),
    { 0 },
};
const struct lk_message lk_codec = { "SIPCodec", codec_fields };

static const struct lk_field media_fields[] = {
    F("only_listed_codecs", LK_BOOL),
    F("codecs", LK_MESSAGE, .message = &lk_codec, .repeated = true),
    F("encryption", LK_ENUM, .names = encryptions, .explicit_presence = true),
    F("media_timeout", LK_DURATION, .explicit_presence = true),
    { 0 },
};
const struct lk_message lk_media = { "SIPMediaConfig", media_fields };

static const struct lk_field agent_fields[] = {
    F("agent_name", LK_TEXT),
    F("metadata", LK_TEXT),
    F("restart_policy", LK_ENUM, .names = restart_policies),
    F("deployment", LK_TEXT),
    F("attributes", LK_MAP),
    { 0 },
};
const struct lk_message lk_agent = { "RoomAgentDispatch", agent_fields };

static const struct lk_field room_fields[] = {
    F("name", LK_TEXT),
    F("empty_timeout", LK_INT),
    F("departure_timeout", LK_INT),
    F("max_participants", LK_INT),
    F("metadata", LK_TEXT),
    F("egress", LK_OPAQUE),
    F("min_playout_delay", LK_INT),
    F("max_playout_delay", LK_INT),
    F("sync_streams", LK_BOOL),
    F("agents", LK_MESSAGE, .message = &lk_agent, .repeated = true),
    F("tags", LK_MAP),
    { 0 },
};
const struct lk_message lk_room = { "RoomConfiguration", room_fields };

static const struct lk_field rule_direct_fields[] = {
    F("room_name", LK_TEXT),
    F("pin", LK_TEXT),
    { 0 },
};
const struct lk_message lk_rule_direct = { "SIPDispatchRuleDirect", rule_direct_fields };

static const struct lk_field rule_individual_fields[] = {
    F("room_prefix", LK_TEXT),
    F("pin", LK_TEXT),
    F("no_randomness", LK_BOOL),
    { 0 },
};
const struct lk_message lk_rule_individual = { "SIPDispatchRuleIndividual", rule_individual_fields };

static const struct lk_field rule_callee_fields[] = {
    F("room_prefix", LK_TEXT),
    F("pin", LK_TEXT),
    F("randomize", LK_BOOL),
    { 0 },
};
const struct lk_message lk_rule_callee = { "SIPDispatchRuleCallee", rule_callee_fields };

static const struct lk_field rule_fields[] = {
    F("dispatch_rule_direct", LK_MESSAGE, .message = &lk_rule_direct, .oneof = true),
    F("dispatch_rule_individual", LK_MESSAGE, .message = &lk_rule_individual, .oneof = true),
    F("dispatch_rule_callee", LK_MESSAGE, .message = &lk_rule_callee, .oneof = true),
    { 0 },
};
const struct lk_message lk_rule = { "SIPDispatchRule", rule_fields };

static const struct lk_field list_update_fields[] = {
    F("set", LK_TEXT, .repeated = true),
    F("add", LK_TEXT, .repeated = true),
    F("remove", LK_TEXT, .repeated = true),
    F("clear", LK_BOOL),
    { 0 },
};
const struct lk_message lk_list_update = { "ListUpdate", list_update_fields };

static const struct lk_field pagination_fields[] = {
    F("after_id", LK_TEXT),
    F("limit", LK_INT),
    { 0 },
};
const struct lk_message lk_pagination = { "Pagination", pagination_fields };

static const struct lk_field inbound_fields[] = {
    F("sip_trunk_id", LK_TEXT),
    F("name", LK_TEXT),
    F("metadata", LK_TEXT),
    F("numbers", LK_TEXT, .repeated = true),
    F("allowed_addresses", LK_TEXT, .repeated = true),
    F("allowed_numbers", LK_TEXT, .repeated = true),
    F("auth_username", LK_TEXT),
    F("auth_password", LK_TEXT),
    F("auth_realm", LK_TEXT),
    F("headers", LK_MAP),
    F("headers_to_attributes", LK_MAP),
    F("attributes_to_headers", LK_MAP),
    F("include_headers", LK_ENUM, .names = header_options),
    F("ringing_timeout", LK_DURATION),
    F("max_call_duration", LK_DURATION),
    F("krisp_enabled", LK_BOOL),
    F("media_encryption", LK_ENUM, .names = encryptions),
    F("media", LK_MESSAGE, .message = &lk_media),
    F("created_at", LK_TIMESTAMP),
    F("updated_at", LK_TIMESTAMP),
    { 0 },
};
const struct lk_message lk_inbound = { "SIPInboundTrunkInfo", inbound_fields };

static const struct lk_field inbound_update_fields[] = {
    F("numbers", LK_MESSAGE, .message = &lk_list_update),
    F("allowed_addresses", LK_MESSAGE, .message = &lk_list_update),
    F("allowed_numbers", LK_MESSAGE, .message = &lk_list_update),
    F("auth_username", LK_TEXT, .explicit_presence = true),
    F("auth_password", LK_TEXT, .explicit_presence = true),
    F("auth_realm", LK_TEXT, .explicit_presence = true),
    F("name", LK_TEXT, .explicit_presence = true),
    F("metadata", LK_TEXT, .explicit_presence = true),
    F("media_encryption", LK_ENUM, .names = encryptions, .explicit_presence = true),
    F("media", LK_MESSAGE, .message = &lk_media),
    { 0 },
};
const struct lk_message lk_inbound_update = { "SIPInboundTrunkUpdate", inbound_update_fields };

static const struct lk_field outbound_fields[] = {
    F("sip_trunk_id", LK_TEXT),
    F("name", LK_TEXT),
    F("metadata", LK_TEXT),
    F("address", LK_TEXT),
    F("destination_country", LK_TEXT),
    F("transport", LK_ENUM, .names = transports),
    F("numbers", LK_TEXT, .repeated = true),
    F("auth_username", LK_TEXT),
    F("auth_password", LK_TEXT),
    F("headers", LK_MAP),
    F("headers_to_attributes", LK_MAP),
    F("attributes_to_headers", LK_MAP),
    F("include_headers", LK_ENUM, .names = header_options),
    F("media_encryption", LK_ENUM, .names = encryptions),
    F("media", LK_MESSAGE, .message = &lk_media),
    F("from_host", LK_TEXT),
    F("created_at", LK_TIMESTAMP),
    F("updated_at", LK_TIMESTAMP),
    { 0 },
};
const struct lk_message lk_outbound = { "SIPOutboundTrunkInfo", outbound_fields };

static const struct lk_field outbound_update_fields[] = {
    F("address", LK_TEXT, .explicit_presence = true),
    F("transport", LK_ENUM, .names = transports, .explicit_presence = true),
    F("destination_country", LK_TEXT, .explicit_presence = true),
    F("numbers", LK_MESSAGE, .message = &lk_list_update),
    F("auth_username", LK_TEXT, .explicit_presence = true),
    F("auth_password", LK_TEXT, .explicit_presence = true),
    F("name", LK_TEXT, .explicit_presence = true),
    F("metadata", LK_TEXT, .explicit_presence = true),
    F("media_encryption", LK_ENUM, .names = encryptions, .explicit_presence = true),
    F("media", LK_MESSAGE, .message = &lk_media),
    F("from_host", LK_TEXT, .explicit_presence = true),
    { 0 },
};
const struct lk_message lk_outbound_update = { "SIPOutboundTrunkUpdate", outbound_update_fields };

static const struct lk_field rule_info_fields[] = {
    F("sip_dispatch_rule_id", LK_TEXT),
    F("rule", LK_MESSAGE, .message = &lk_rule),
    F("trunk_ids", LK_TEXT, .repeated = true),
    F("hide_phone_number", LK_BOOL),
    F("inbound_numbers", LK_TEXT, .repeated = true),
    F("numbers", LK_TEXT, .repeated = true),
    F("name", LK_TEXT),
    F("metadata", LK_TEXT),
    F("attributes", LK_MAP),
    F("room_preset", LK_TEXT),
    F("room_config", LK_MESSAGE, .message = &lk_room),
    F("media", LK_MESSAGE, .message = &lk_media),
    F("krisp_enabled", LK_BOOL),
    F("media_encryption", LK_ENUM, .names = encryptions),
    F("created_at", LK_TIMESTAMP),
    F("updated_at", LK_TIMESTAMP),
    { 0 },
};
const struct lk_message lk_rule_info = { "SIPDispatchRuleInfo", rule_info_fields };

static const struct lk_field rule_update_fields[] = {
    F("trunk_ids", LK_MESSAGE, .message = &lk_list_update),
    F("rule", LK_MESSAGE, .message = &lk_rule),
    F("name", LK_TEXT, .explicit_presence = true),
    F("metadata", LK_TEXT, .explicit_presence = true),
    F("attributes", LK_MAP),
    F("media_encryption", LK_ENUM, .names = encryptions, .explicit_presence = true),
    F("media", LK_MESSAGE, .message = &lk_media),
    { 0 },
};
const struct lk_message lk_rule_update = { "SIPDispatchRuleUpdate", rule_update_fields };

static const struct lk_field old_trunk_fields[] = {
    F("sip_trunk_id", LK_TEXT),
    F("kind", LK_ENUM, .names = trunk_kinds),
    F("inbound_addresses", LK_TEXT, .repeated = true),
    F("outbound_address", LK_TEXT),
    F("outbound_number", LK_TEXT),
    F("transport", LK_ENUM, .names = transports),
    F("inbound_numbers_regex", LK_TEXT, .repeated = true),
    F("inbound_numbers", LK_TEXT, .repeated = true),
    F("inbound_username", LK_TEXT),
    F("inbound_password", LK_TEXT),
    F("outbound_username", LK_TEXT),
    F("outbound_password", LK_TEXT),
    F("name", LK_TEXT),
    F("metadata", LK_TEXT),
    { 0 },
};
const struct lk_message lk_old_trunk = { "SIPTrunkInfo", old_trunk_fields };

static const struct lk_field create_inbound_fields[] = {
    F("trunk", LK_MESSAGE, .message = &lk_inbound),
    { 0 },
};
const struct lk_message lk_create_inbound = { "CreateSIPInboundTrunkRequest", create_inbound_fields };

static const struct lk_field update_inbound_fields[] = {
    F("sip_trunk_id", LK_TEXT),
    F("replace", LK_MESSAGE, .message = &lk_inbound, .oneof = true),
    F("update", LK_MESSAGE, .message = &lk_inbound_update, .oneof = true),
    { 0 },
};
const struct lk_message lk_update_inbound = { "UpdateSIPInboundTrunkRequest", update_inbound_fields };

static const struct lk_field create_outbound_fields[] = {
    F("trunk", LK_MESSAGE, .message = &lk_outbound),
    { 0 },
};
const struct lk_message lk_create_outbound = { "CreateSIPOutboundTrunkRequest", create_outbound_fields };

static const struct lk_field update_outbound_fields[] = {
    F("sip_trunk_id", LK_TEXT),
    F("replace", LK_MESSAGE, .message = &lk_outbound, .oneof = true),
    F("update", LK_MESSAGE, .message = &lk_outbound_update, .oneof = true),
    { 0 },
};
const struct lk_message lk_update_outbound = { "UpdateSIPOutboundTrunkRequest", update_outbound_fields };

static const struct lk_field trunk_id_fields[] = {
    F("sip_trunk_id", LK_TEXT),
    { 0 },
};
const struct lk_message lk_trunk_id = { "GetSIPInboundTrunkRequest", trunk_id_fields };

static const struct lk_field list_trunks_fields[] = {
    F("page", LK_MESSAGE, .message = &lk_pagination),
    F("trunk_ids", LK_TEXT, .repeated = true),
    F("numbers", LK_TEXT, .repeated = true),
    { 0 },
};
const struct lk_message lk_list_trunks = { "ListSIPInboundTrunkRequest", list_trunks_fields };

static const struct lk_field create_rule_fields[] = {
    F("dispatch_rule", LK_MESSAGE, .message = &lk_rule_info),
    F("rule", LK_MESSAGE, .message = &lk_rule),
    F("trunk_ids", LK_TEXT, .repeated = true),
    F("hide_phone_number", LK_BOOL),
    F("inbound_numbers", LK_TEXT, .repeated = true),
    F("name", LK_TEXT),
    F("metadata", LK_TEXT),
    F("attributes", LK_MAP),
    F("room_preset", LK_TEXT),
    F("room_config", LK_MESSAGE, .message = &lk_room),
    { 0 },
};
const struct lk_message lk_create_rule = { "CreateSIPDispatchRuleRequest", create_rule_fields };

static const struct lk_field update_rule_fields[] = {
    F("sip_dispatch_rule_id", LK_TEXT),
    F("replace", LK_MESSAGE, .message = &lk_rule_info, .oneof = true),
    F("update", LK_MESSAGE, .message = &lk_rule_update, .oneof = true),
    { 0 },
};
const struct lk_message lk_update_rule = { "UpdateSIPDispatchRuleRequest", update_rule_fields };

static const struct lk_field rule_id_fields[] = {
    F("sip_dispatch_rule_id", LK_TEXT),
    { 0 },
};
const struct lk_message lk_rule_id = { "DeleteSIPDispatchRuleRequest", rule_id_fields };

static const struct lk_field list_rules_fields[] = {
    F("page", LK_MESSAGE, .message = &lk_pagination),
    F("dispatch_rule_ids", LK_TEXT, .repeated = true),
    F("trunk_ids", LK_TEXT, .repeated = true),
    { 0 },
};
const struct lk_message lk_list_rules = { "ListSIPDispatchRuleRequest", list_rules_fields };

static const struct lk_field participant_fields[] = {
    F("sip_trunk_id", LK_TEXT),
    F("trunk", LK_OPAQUE),
    F("sip_call_to", LK_TEXT),
    F("sip_number", LK_TEXT),
    F("room_name", LK_TEXT),
    F("participant_identity", LK_TEXT),
    F("display_name", LK_TEXT, .explicit_presence = true),
    F("wait_until_answered", LK_BOOL),
    { 0 },
};
const struct lk_message lk_participant = { "CreateSIPParticipantRequest", participant_fields };
