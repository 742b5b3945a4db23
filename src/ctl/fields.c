/* What a manifest may say, kind by kind. The rows are the columns of the tables that people write, in camel case, each with one sentence
 * for people, which the JSON Schema and trunkd-manifest(5) say; in parentheses what holds if nothing is said. */
#include <trunkd/text.h>

#include "manifest.h"

#define REQUIRED .required = true
#define OPTIONAL .required = false

static const char *const providers[] = { "twilio", "sip", NULL };
static const char *const drifts[] = { "repair", "report", NULL };

static const struct manifest_field project_fields[] = {
    { "url", "url", FIELD_NAME, "Address of the LiveKit server, such as wss://demo.livekit.cloud.", REQUIRED },
    { "apiKey", "api_key", FIELD_NAME, "Name of the project's API key.", REQUIRED },
    { "secret", "secret", FIELD_SECRET,
      "Where the secret of that key is: file:account/NAME, env:TRUNKD_ACCOUNT_NAME, or what trunkctl seal prints.", REQUIRED },
    { "sipHost", "sip_host", FIELD_NAME, "Host to which Twilio and carriers send the project's calls.", REQUIRED },
    { "maxInFlight", "max_in_flight", FIELD_INT, "At most so many requests are under way at once (5).", .min = 1, .max = 32 },
    { "requestsPerMinute", "requests_per_minute", FIELD_INT,
      "At most so many requests a minute (900 in LiveKit Cloud, else no limit).", .min = 1, .max = 100000 },
    { "drift", "drift", FIELD_WORD, "Whether what somebody changed there is put back, or told only (repair).", .words = drifts },
};

static const struct manifest_field account_fields[] = {
    { "accountSid", "account_sid", FIELD_NAME, "SID of the account: AC and 32 hexadecimal digits.", REQUIRED },
    { "apiKeySid", "api_key_sid", FIELD_NAME, "SID of an API key, SK...; without one the secret is the account's auth token.", OPTIONAL },
    { "secret", "secret", FIELD_SECRET,
      "Where that secret or auth token is: file:account/NAME, env:TRUNKD_ACCOUNT_NAME, or what trunkctl seal prints.", REQUIRED },
    { "region", "region", FIELD_NAME, "Region of Twilio: us1, ie1 or au1 (us1).", OPTIONAL },
    { "edge", "edge", FIELD_NAME, "Edge of Twilio, such as dublin or sydney; a region other than us1 needs one.", OPTIONAL },
    { "baseUrl", "base_url", FIELD_NAME, "Server to ask instead of Twilio's; it has to stand in allowed_origins.", OPTIONAL },
    { "livekitProject", "livekit_project", FIELD_NAME, "LiveKit project of its numbers that name none.", OPTIONAL },
    { "numbersPerTrunk", "numbers_per_trunk", FIELD_INT,
      "So many numbers share a trunk that trunkd makes by itself (500).", .min = 1, .max = 500 },
    { "maxInFlight", "max_in_flight", FIELD_INT, "At most so many requests are under way at once (4).", .min = 1, .max = 32 },
    { "requestsPerMinute", "requests_per_minute", FIELD_INT, "At most so many requests a minute (no limit).", .min = 1, .max = 100000 },
    { "terminationAddress", "termination_address", FIELD_NAME,
      "Host or host:port to which LiveKit sends outbound calls instead of the trunk's own address at Twilio.", OPTIONAL },
    { "drift", "drift", FIELD_WORD, "Whether what somebody changed there is put back, or told only (repair).", .words = drifts },
};

static const struct manifest_field agent_fields[] = {
    { "dispatchName", "dispatch_name", FIELD_NAME, "The agent's name at LiveKit.", REQUIRED },
    { "metadata", "metadata", FIELD_TEXT, "What the agent is told with each call: any text of at most 64 kB.", OPTIONAL },
    { "roomPrefix", "room_prefix", FIELD_TEXT, "How the names of its calls' rooms begin (call).", OPTIONAL },
    { "dispatchRule", "dispatch_rule", FIELD_DOCUMENT, "Settings of the dispatch rules of all its numbers.", OPTIONAL },
    { "phoneNumbers", NULL, FIELD_NUMBERS, "Its numbers, all of them: each of them gets this agent, its others get none.", OPTIONAL },
};

static const struct manifest_field trunk_fields[] = {
    { "twilioAccount", "twilio_account", FIELD_NAME, "Twilio account in which the trunk is made.", REQUIRED },
    { "livekitProject", "livekit_project", FIELD_NAME, "LiveKit project to which it leads; if not given, that of the account.", OPTIONAL },
    { "numbersMax", "numbers_max", FIELD_INT, "At most so many numbers are put on it (no limit but Twilio's).", .min = 1, .max = 1000000 },
    { "twilioTrunk", "twilio_trunk", FIELD_DOCUMENT, "Settings of the trunk at Twilio.", OPTIONAL },
};

static const struct manifest_field number_fields[] = {
    { "label", "label", FIELD_TEXT, "A name for people.", OPTIONAL },
    { "supportsInbound", "supports_inbound", FIELD_BOOL, "Whether it takes calls (true).", OPTIONAL },
    { "supportsOutbound", "supports_outbound", FIELD_BOOL, "Whether its agent can place calls (false).", OPTIONAL },
    { "provider", "provider", FIELD_WORD, "Who carries its calls: Twilio, or another carrier by SIP (twilio).", .words = providers },
    { "twilioAccount", "twilio_account", FIELD_NAME, "Twilio account that has the number; provider twilio needs it.", OPTIONAL },
    { "livekitProject", "livekit_project", FIELD_NAME,
      "LiveKit project of the number; if not given, that of its trunk or account, or the only one.", OPTIONAL },
    { "trunk", "trunk", FIELD_NAME, "Trunk on which the number is put; if not given, trunkd makes one that numbers share.", OPTIONAL },
    { "agent", "agent", FIELD_NAME, "Agent that answers its calls.", OPTIONAL },
    { "takeover", "takeover", FIELD_BOOL, "Whether the number is taken from a trunk that trunkd did not make (false).", OPTIONAL },
    { "inboundTrunk", "inbound_trunk", FIELD_DOCUMENT, "Settings of its inbound trunk at LiveKit.", OPTIONAL },
    { "outboundTrunk", "outbound_trunk", FIELD_DOCUMENT, "Settings of its outbound trunk at LiveKit.", OPTIONAL },
    { "twilioTrunk", "twilio_trunk", FIELD_DOCUMENT,
      "Settings at Twilio for this number alone, which then gets a trunk of its own.", OPTIONAL },
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
