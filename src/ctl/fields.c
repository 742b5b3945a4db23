/* What a manifest may say, kind by kind. The rows are the columns of the tables that people write, in camel case. */
#include <trunkd/text.h>

#include "manifest.h"

#define REQUIRED .required = true
#define OPTIONAL .required = false

static const char *const providers[] = { "twilio", "sip", NULL };
static const char *const drifts[] = { "repair", "report", NULL };

static const struct manifest_field project_fields[] = {
    { "url",         "url",           FIELD_NAME,   REQUIRED },
    { "apiKey",      "api_key",       FIELD_NAME,   REQUIRED },
    { "secret",      "secret",        FIELD_SECRET, REQUIRED },
    { "sipHost",     "sip_host",      FIELD_NAME,   REQUIRED },
    { "maxInFlight", "max_in_flight", FIELD_INT,    .min = 1, .max = 32 },
    { "requestsPerMinute", "requests_per_minute", FIELD_INT, .min = 1, .max = 100000 },
    { "drift",       "drift",         FIELD_WORD,   .words = drifts },
};

static const struct manifest_field account_fields[] = {
    { "accountSid",         "account_sid",         FIELD_NAME,   REQUIRED },
    { "apiKeySid",          "api_key_sid",         FIELD_NAME, OPTIONAL },
    { "secret",             "secret",              FIELD_SECRET, REQUIRED },
    { "region",             "region",              FIELD_NAME, OPTIONAL },
    { "edge",               "edge",                FIELD_NAME, OPTIONAL },
    { "baseUrl",            "base_url",            FIELD_NAME, OPTIONAL },
    { "livekitProject",     "livekit_project",     FIELD_NAME, OPTIONAL },
    { "numbersPerTrunk",    "numbers_per_trunk",   FIELD_INT,    .min = 1, .max = 500 },
    { "maxInFlight",        "max_in_flight",       FIELD_INT,    .min = 1, .max = 32 },
    { "requestsPerMinute",  "requests_per_minute", FIELD_INT,    .min = 1, .max = 100000 },
    { "terminationAddress", "termination_address", FIELD_NAME, OPTIONAL },
    { "drift",              "drift",               FIELD_WORD,   .words = drifts },
};

static const struct manifest_field agent_fields[] = {
    { "dispatchName", "dispatch_name", FIELD_NAME, REQUIRED },
    { "metadata",     "metadata",      FIELD_TEXT, OPTIONAL },
    { "roomPrefix",   "room_prefix",   FIELD_TEXT, OPTIONAL },
    { "dispatchRule", "dispatch_rule", FIELD_DOCUMENT, OPTIONAL },
    { "phoneNumbers", NULL,            FIELD_NUMBERS, OPTIONAL },
};

static const struct manifest_field trunk_fields[] = {
    { "twilioAccount",  "twilio_account",  FIELD_NAME, REQUIRED },
    { "livekitProject", "livekit_project", FIELD_NAME, OPTIONAL },
    { "numbersMax",     "numbers_max",     FIELD_INT,  .min = 1, .max = 1000000 },
    { "twilioTrunk",    "twilio_trunk",    FIELD_DOCUMENT, OPTIONAL },
};

static const struct manifest_field number_fields[] = {
    { "label",            "label",             FIELD_TEXT, OPTIONAL },
    { "supportsInbound",  "supports_inbound",  FIELD_BOOL, OPTIONAL },
    { "supportsOutbound", "supports_outbound", FIELD_BOOL, OPTIONAL },
    { "provider",         "provider",          FIELD_WORD, .words = providers },
    { "twilioAccount",    "twilio_account",    FIELD_NAME, OPTIONAL },
    { "livekitProject",   "livekit_project",   FIELD_NAME, OPTIONAL },
    { "trunk",            "trunk",             FIELD_NAME, OPTIONAL },
    { "agent",            "agent",             FIELD_NAME, OPTIONAL },
    { "takeover",         "takeover",          FIELD_BOOL, OPTIONAL },
    { "inboundTrunk",     "inbound_trunk",     FIELD_DOCUMENT, OPTIONAL },
    { "outboundTrunk",    "outbound_trunk",    FIELD_DOCUMENT, OPTIONAL },
    { "twilioTrunk",      "twilio_trunk",      FIELD_DOCUMENT, OPTIONAL },
};

#define FIELDS(table) .fields = table, .field_count = ARRAY_SIZE(table)

const struct manifest_table manifest_tables[MANIFEST_MAX_] = {
    [MANIFEST_PROJECT] = { "LiveKitProject", "livekit_project", "name", FIELDS(project_fields) },
    [MANIFEST_ACCOUNT] = { "TwilioAccount",  "twilio_account",  "name", FIELDS(account_fields) },
    [MANIFEST_AGENT]   = { "Agent",          "agent",           "name", FIELDS(agent_fields) },
    [MANIFEST_TRUNK]   = { "Trunk",          "trunk",           "name", FIELDS(trunk_fields) },
    [MANIFEST_NUMBER]  = { "PhoneNumber",    "phone_number",    "phone_number", .name_is_number = true, FIELDS(number_fields) },
};

size_t field_index(const struct manifest_table *table, const char *key)
{
    size_t i = 0;

    while (i < table->field_count && !text_equal(table->fields[i].key, key))
        i++;
    return i;
}
