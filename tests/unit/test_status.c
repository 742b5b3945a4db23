/* The status of an owner as a table: what the plan holds and what stands beside it, and the status, reason, words and settledness
 * that come of it. Every reason that a status may give occurs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/text.h>

#include "../../src/plan/status.h"

#define STEPS_MAX 4

/* One planned step; kind 0 is a kind, so `used` ends the list. */
struct step_case {
    bool used, wanted, stuck, retires, spare;
    enum kind_id kind;
    enum step step;
    enum block block;
    const char *missing;
    bool row;
    struct resource r;
};

#define LIVE .row = true, .r.known = KNOWN_LIVE, .r.external_id = "ST_1"
#define KEEP(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_NOTHING, LIVE }
#define RETIRE(k) { .used = true, .wanted = true, .retires = true, .kind = KIND_##k, .step = STEP_NOTHING, LIVE }
#define MAKE(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_CREATE }
#define CHANGE(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_UPDATE, LIVE }
#define CHANGE_REFUSED(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_UPDATE, .block = BLOCK_REFUSED, LIVE, \
                            .r.refusal = "Refused", .r.message = "no such name" }
#define CHANGE_LEFT(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_UPDATE, .block = BLOCK_REFUSED, LIVE, \
                         .r.refusal = "DriftLeft", .r.message = "somebody changed it" }
#define REMOVED_LEFT(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_CREATE, .block = BLOCK_REFUSED, .row = true, \
                          .r.refusal = "DriftLeft", .r.message = "it is not there" }
#define SPARE_LEFT(k) { .used = true, .wanted = true, .spare = true, .kind = KIND_##k, .step = STEP_CREATE, .block = BLOCK_REFUSED, .row = true, \
                        .r.refusal = "DriftLeft", .r.message = "it is not there" }
#define MAKE_REFUSED(k, why) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_CREATE, .block = BLOCK_REFUSED, .row = true, \
                               .r.refusal = why, .r.message = "no more of these" }
#define RETRIED(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_CREATE, .row = true, .r.message = "HTTP 500" }
#define CHANGE_AGAIN(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_UPDATE, LIVE, .r.message = "HTTP 502" }
#define LOST(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_CREATE, .row = true, .r.missing = true }
#define LOOK(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_READ, .row = true, .r.known = KNOWN_MAYBE }
#define REMOVE(k) { .used = true, .kind = KIND_##k, .step = STEP_DELETE, LIVE }
#define SEAL(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_CREATE, .block = BLOCK_SEAL, .row = true }
#define LACKS(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_CREATE, .block = BLOCK_LACKS, .missing = "no such file", .row = true }
#define CHANGE_LACKS(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_UPDATE, .block = BLOCK_LACKS, .missing = "not listed", LIVE }
#define HELD(k) { .used = true, .kind = KIND_##k, .step = STEP_DELETE, .block = BLOCK_DEPENDENT, LIVE }
#define END(k) { .used = true, .kind = KIND_##k, .step = STEP_END, .row = true }
#define WAITS(k) { .used = true, .wanted = true, .kind = KIND_##k, .step = STEP_UPDATE, .block = BLOCK_NEED, LIVE }
#define STUCK(k) { .used = true, .stuck = true, .kind = KIND_##k, .step = STEP_DELETE, LIVE, .r.refusal = "Refused", .r.message = "not allowed" }
#define FAILING(k) { .used = true, .stuck = true, .kind = KIND_##k, .step = STEP_READ, .row = true, .r.known = KNOWN_MAYBE, .r.tag = "td-a-b-c" }

#define ILL .account_reason = "CredentialsRefused", .account_words = "account lk: 401"
#define BRAKED .account_reason = "NothingVisible", .account_words = "account lk: nothing visible", .braked = true

static const struct {
    const char *name;
    struct standing standing;
    struct step_case steps[STEPS_MAX], trunk[STEPS_MAX];
    enum status_code code;
    const char *reason;
    bool settled;
    const char *message;
} cases[] = {
    /* 1: no row */
    { "removal under way", { 0 }, { REMOVE(INBOUND_TRUNK) }, { { 0 } }, STATUS_DELETING, "Deleting", false, "" },
    { "removal was active before", { .active = true }, { REMOVE(INBOUND_TRUNK) }, { { 0 } }, STATUS_DELETING, "Deleting", false, "" },
    { "nothing left", { 0 }, { { 0 } }, { { 0 } }, STATUS_DELETING, "Deleting", false, "" },
    { "removal waits for an account", { ILL }, { REMOVE(INBOUND_TRUNK) }, { { 0 } }, STATUS_DELETING, "AccountUnavailable", false, "account lk: 401" },
    { "removal is held by the brake", { BRAKED }, { REMOVE(INBOUND_TRUNK) }, { { 0 } }, STATUS_DELETING, "AccountBraked", true,
      "account lk: nothing visible" },
    { "removal refused", { 0 }, { HELD(INBOUND_TRUNK), STUCK(DISPATCH_RULE) }, { { 0 } }, STATUS_CORRUPTED, "CleanupRefused", true,
      "livekit.dispatch_rule ST_1 in acct cannot be removed: not allowed" },
    { "one refused, the other goes on", { 0 }, { REMOVE(INBOUND_TRUNK), STUCK(DISPATCH_RULE) }, { { 0 } }, STATUS_CORRUPTED, "CleanupRefused",
      false, "livekit.dispatch_rule ST_1 in acct cannot be removed: not allowed" },
    { "removal failing", { 0 }, { FAILING(DISPATCH_RULE) }, { { 0 } }, STATUS_CORRUPTED, "CleanupFailing", true,
      "livekit.dispatch_rule td-a-b-c in acct cannot be removed: no answer that proves its absence" },
    { "two are stuck", { 0 }, { STUCK(TRUNK_PHONE_NUMBER), STUCK(DISPATCH_RULE) }, { { 0 } }, STATUS_CORRUPTED, "CleanupRefused", true,
      "twilio.trunk_phone_number ST_1 in acct cannot be removed: not allowed" },
    { "removal failing for credentials", { ILL }, { FAILING(DISPATCH_RULE) }, { { 0 } }, STATUS_CORRUPTED, "CredentialsRefused", true,
      "livekit.dispatch_rule td-a-b-c in acct cannot be removed: no answer that proves its absence" },
    { "one refused, another account ill", { ILL }, { STUCK(TRUNK_PHONE_NUMBER), HELD(DISPATCH_RULE) }, { { 0 } }, STATUS_CORRUPTED,
      "CleanupRefused", true, "twilio.trunk_phone_number ST_1 in acct cannot be removed: not allowed" },
    { "the trunk it left last is being removed", { 0 }, { { 0 } }, { REMOVE(TWILIO_TRUNK) }, STATUS_DELETING, "Deleting", false, "" },
    { "the trunk it left last is stuck", { 0 }, { { 0 } }, { STUCK(TWILIO_TRUNK) }, STATUS_CORRUPTED, "CleanupRefused", true,
      "twilio.trunk ST_1 in acct cannot be removed: not allowed" },

    /* 2: refused set-up */
    { "rolling back", { .wanted = true, .failed_reason = "Refused", .failed_words = "bad" }, { REMOVE(INBOUND_TRUNK) }, { { 0 } },
      STATUS_PENDING, "RollingBack", false, "bad" },
    { "rolling back an ill account", { .wanted = true, .failed_reason = "Refused", .failed_words = "bad", ILL }, { REMOVE(INBOUND_TRUNK) },
      { { 0 } }, STATUS_PENDING, "AccountUnavailable", false, "account lk: 401" },
    { "rolling back a braked account", { .wanted = true, .failed_reason = "Refused", .failed_words = "bad", BRAKED }, { REMOVE(INBOUND_TRUNK) },
      { { 0 } }, STATUS_PENDING, "AccountBraked", true, "account lk: nothing visible" },
    { "rolled back", { .wanted = true, .failed_reason = "Refused", .failed_words = "bad" }, { { 0 } }, { { 0 } }, STATUS_FAILED, "Refused", true,
      "bad" },
    { "the last one has just gone", { .wanted = true, .failed_reason = "Refused", .failed_words = "bad" }, { END(INBOUND_TRUNK) }, { { 0 } },
      STATUS_FAILED, "Refused", true, "bad" },
    { "not in the account", { .wanted = true, .failed_reason = "NotInAccount", .failed_words = "no" }, { { 0 } }, { { 0 } }, STATUS_FAILED,
      "NotInAccount", true, "no" },
    { "held by somebody else", { .wanted = true, .failed_reason = "HeldByForeign", .failed_words = "no" }, { { 0 } }, { { 0 } }, STATUS_FAILED,
      "HeldByForeign", true, "no" },
    { "roll-back refused", { .wanted = true, .failed_reason = "Refused", .failed_words = "bad" }, { STUCK(INBOUND_TRUNK) }, { { 0 } },
      STATUS_CORRUPTED, "CleanupRefused", true, "livekit.inbound_trunk ST_1 in acct cannot be removed: not allowed" },

    /* 3: active */
    { "all stands", { .wanted = true }, { KEEP(INBOUND_TRUNK), KEEP(DISPATCH_RULE) }, { { 0 } }, STATUS_ACTIVE, "UpToDate", true, "" },
    { "a password that goes when nobody calls with it", { .wanted = true, .active = true }, { KEEP(CREDENTIAL), RETIRE(CREDENTIAL) }, { { 0 } }, STATUS_ACTIVE,
      "Updating", false, "twilio.credential ST_1 goes when no number has called with it for a while" },
    { "first time, and renamed at once", { .wanted = true }, { CHANGE(INBOUND_TRUNK) }, { { 0 } }, STATUS_ACTIVE, "Updating", false, "" },
    { "update", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), CHANGE(DISPATCH_RULE) }, { { 0 } }, STATUS_ACTIVE, "Updating", false, "" },
    { "an update that has to be tried again", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), CHANGE_AGAIN(DISPATCH_RULE) }, { { 0 } },
      STATUS_ACTIVE, "Updating", false, "livekit.dispatch_rule: HTTP 502" },
    { "update refused", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), CHANGE_REFUSED(DISPATCH_RULE) }, { { 0 } }, STATUS_ACTIVE,
      "UpdateRefused", true, "no such name" },
    { "update refused while another is under way", { .wanted = true, .active = true }, { CHANGE(INBOUND_TRUNK), CHANGE_REFUSED(DISPATCH_RULE) },
      { { 0 } }, STATUS_ACTIVE, "UpdateRefused", false, "no such name" },
    { "update refused, and what needs it waits", { .wanted = true, .active = true }, { CHANGE_REFUSED(INBOUND_TRUNK), WAITS(DISPATCH_RULE) },
      { { 0 } }, STATUS_ACTIVE, "UpdateRefused", true, "no such name" },
    { "somebody changed something, which is only reported", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), CHANGE_LEFT(DISPATCH_RULE) },
      { { 0 } }, STATUS_ACTIVE, "DriftLeft", true, "somebody changed it" },
    { "somebody removed something, which is only reported", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), REMOVED_LEFT(DISPATCH_RULE) },
      { { 0 } }, STATUS_PENDING, "DriftLeft", true, "it is not there" },
    { "one thing was changed and another removed, which is only reported", { .wanted = true, .active = true },
      { CHANGE_LEFT(INBOUND_TRUNK), REMOVED_LEFT(DISPATCH_RULE) }, { { 0 } }, STATUS_PENDING, "DriftLeft", true, "it is not there" },
    { "somebody removed what calls flow without, which is only reported", { .wanted = true, .active = true },
      { KEEP(TWILIO_TRUNK), SPARE_LEFT(RECORDING) }, { { 0 } }, STATUS_ACTIVE, "DriftLeft", true, "it is not there" },
    { "that, and it was not active", { .wanted = true }, { KEEP(TWILIO_TRUNK), SPARE_LEFT(RECORDING) }, { { 0 } }, STATUS_ACTIVE, "DriftLeft", true,
      "it is not there" },
    { "that, and what calls do not flow without", { .wanted = true, .active = true }, { SPARE_LEFT(RECORDING), REMOVED_LEFT(ORIGINATION_URL) },
      { { 0 } }, STATUS_PENDING, "DriftLeft", true, "it is not there" },
    { "somebody changed its trunk, which is only reported", { .wanted = true, .active = true, .trunk_left = "changed" }, { KEEP(INBOUND_TRUNK) },
      { { 0 } }, STATUS_ACTIVE, "DriftLeft", true, "changed" },
    { "somebody removed a part of its trunk, which is only reported", { .wanted = true, .active = true, .trunk_left = "gone", .trunk_left_missing = true },
      { KEEP(INBOUND_TRUNK) }, { { 0 } }, STATUS_PENDING, "DriftLeft", true, "gone" },
    { "a direction is added", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), MAKE(OUTBOUND_TRUNK) }, { { 0 } }, STATUS_ACTIVE,
      "Updating", false, "" },
    { "a move", { .wanted = true, .active = true }, { MAKE(INBOUND_TRUNK), CHANGE(TRUNK_PHONE_NUMBER), REMOVE(INBOUND_TRUNK) }, { { 0 } },
      STATUS_ACTIVE, "Updating", false, "" },
    { "a move to a trunk that cannot be made", { .wanted = true, .active = true, .trunk_refused = "bad trunk" }, { WAITS(TRUNK_PHONE_NUMBER) },
      { { 0 } }, STATUS_ACTIVE, "UpdateRefused", true, "bad trunk" },
    { "a move into a full account", { .wanted = true, .active = true, .full = true, .account = "main" }, { WAITS(TRUNK_PHONE_NUMBER) }, { { 0 } },
      STATUS_ACTIVE, "UpdateRefused", true, "account main has no trunk left for it" },
    { "a full account is nothing to one that stands", { .wanted = true, .active = true, .full = true }, { KEEP(INBOUND_TRUNK) }, { { 0 } },
      STATUS_ACTIVE, "UpToDate", true, "" },
    { "the end of a move", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), REMOVE(INBOUND_TRUNK) }, { { 0 } }, STATUS_ACTIVE,
      "Updating", false, "" },
    { "somebody removed it", { .wanted = true, .active = true }, { CHANGE(INBOUND_TRUNK), LOST(DISPATCH_RULE) }, { { 0 } }, STATUS_ACTIVE, "Drifted",
      false, "livekit.dispatch_rule is missing and is being made again" },
    { "an old object cannot be removed", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), STUCK(INBOUND_TRUNK) }, { { 0 } },
      STATUS_ACTIVE, "Leftovers", true, "livekit.inbound_trunk ST_1 in acct cannot be removed: not allowed" },
    { "leftovers, and an update under way", { .wanted = true, .active = true }, { CHANGE(INBOUND_TRUNK), STUCK(INBOUND_TRUNK) }, { { 0 } },
      STATUS_ACTIVE, "Updating", false, "" },
    { "the old project's key is revoked", { .wanted = true, .active = true, ILL }, { KEEP(INBOUND_TRUNK), FAILING(INBOUND_TRUNK) }, { { 0 } },
      STATUS_ACTIVE, "Leftovers", true, "livekit.inbound_trunk td-a-b-c in acct cannot be removed: no answer that proves its absence" },
    { "the old project is away for a while", { .wanted = true, .active = true, ILL }, { KEEP(INBOUND_TRUNK), REMOVE(INBOUND_TRUNK) }, { { 0 } },
      STATUS_ACTIVE, "AccountUnavailable", false, "account lk: 401" },
    { "an update waits for an account", { .wanted = true, .active = true, ILL }, { CHANGE(INBOUND_TRUNK) }, { { 0 } }, STATUS_ACTIVE,
      "AccountUnavailable", false, "account lk: 401" },
    { "an account that nothing waits for", { .wanted = true, .active = true, ILL }, { KEEP(INBOUND_TRUNK) }, { { 0 } }, STATUS_ACTIVE, "UpToDate",
      true, "" },
    { "braked", { .wanted = true, .active = true, BRAKED }, { KEEP(INBOUND_TRUNK) }, { { 0 } }, STATUS_ACTIVE, "AccountBraked", true,
      "account lk: nothing visible" },
    { "left a trunk that cannot be removed", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK) }, { STUCK(TWILIO_TRUNK) }, STATUS_ACTIVE,
      "Leftovers", true, "twilio.trunk ST_1 in acct cannot be removed: not allowed" },

    { "leftovers, and another removal goes on", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), STUCK(INBOUND_TRUNK), REMOVE(DISPATCH_RULE) },
      { { 0 } }, STATUS_ACTIVE, "Leftovers", false, "livekit.inbound_trunk ST_1 in acct cannot be removed: not allowed" },
    { "two updates refused", { .wanted = true, .active = true }, { CHANGE_REFUSED(INBOUND_TRUNK), CHANGE_REFUSED(DISPATCH_RULE) }, { { 0 } },
      STATUS_ACTIVE, "UpdateRefused", true, "no such name" },
    { "two are lost", { .wanted = true, .active = true }, { LOST(INBOUND_TRUNK), LOST(DISPATCH_RULE) }, { { 0 } }, STATUS_ACTIVE, "Drifted", false,
      "livekit.inbound_trunk is missing and is being made again" },
    { "the answer to a change was lost", { .wanted = true, .active = true, .looking = true }, { KEEP(INBOUND_TRUNK) }, { { 0 } }, STATUS_ACTIVE,
      "Updating", false, "the answer to a change was lost; trunkd looks once more when that request can do nothing any more" },
    { "no agent, and an answer was lost", { .wanted = true, .no_agent = true, .looking = true }, { KEEP(INBOUND_TRUNK) }, { { 0 } },
      STATUS_PENDING, "NoAgent", false, "" },
    { "a password is made first", { .wanted = true, .active = true }, { CHANGE_REFUSED(INBOUND_TRUNK), SEAL(CREDENTIAL) }, { { 0 } }, STATUS_ACTIVE,
      "UpdateRefused", false, "no such name" },
    { "what a change needs is not configured", { .wanted = true, .active = true }, { KEEP(INBOUND_TRUNK), CHANGE_LACKS(OUTBOUND_TRUNK) }, { { 0 } },
      STATUS_ACTIVE, "UpdateRefused", true, "not listed" },
    { "it is not configured, and another change goes on", { .wanted = true, .active = true }, { CHANGE(INBOUND_TRUNK), CHANGE_LACKS(OUTBOUND_TRUNK) },
      { { 0 } }, STATUS_ACTIVE, "UpdateRefused", false, "not listed" },
    { "braked, and refused", { .wanted = true, .active = true, BRAKED }, { CHANGE(INBOUND_TRUNK), CHANGE_REFUSED(DISPATCH_RULE) }, { { 0 } },
      STATUS_ACTIVE, "AccountBraked", true, "account lk: nothing visible" },

    /* 4: pending */
    { "something was changed, which is only reported, and the rest is being made", { .wanted = true },
      { CHANGE_LEFT(INBOUND_TRUNK), MAKE(DISPATCH_RULE) }, { { 0 } }, STATUS_PENDING, "SettingUp", false, "" },
    { "something was changed, which is only reported, and another thing is refused", { .wanted = true },
      { CHANGE_LEFT(INBOUND_TRUNK), MAKE_REFUSED(DISPATCH_RULE, "Refused") }, { { 0 } }, STATUS_PENDING, "Refused", true, "no more of these" },
    { "nobody to answer, and something was changed, which is only reported", { .wanted = true, .no_agent = true }, { CHANGE_LEFT(INBOUND_TRUNK) },
      { { 0 } }, STATUS_PENDING, "DriftLeft", true, "somebody changed it" },
    { "nothing stands", { .wanted = true }, { MAKE(INBOUND_TRUNK) }, { { 0 } }, STATUS_PENDING, "SettingUp", false, "" },
    { "nothing can be wanted yet", { .wanted = true, .active = true }, { { 0 } }, { { 0 } }, STATUS_PENDING, "SettingUp", false, "" },
    { "half stands", { .wanted = true }, { KEEP(INBOUND_TRUNK), MAKE(DISPATCH_RULE) }, { { 0 } }, STATUS_PENDING, "SettingUp", false, "" },
    { "one may be there", { .wanted = true }, { KEEP(INBOUND_TRUNK), LOOK(DISPATCH_RULE) }, { { 0 } }, STATUS_PENDING, "SettingUp", false, "" },
    { "tried again", { .wanted = true }, { CHANGE(INBOUND_TRUNK), RETRIED(DISPATCH_RULE) }, { { 0 } }, STATUS_PENDING, "SettingUp", false,
      "livekit.dispatch_rule: HTTP 500" },
    { "waits for an account", { .wanted = true, ILL }, { MAKE(INBOUND_TRUNK) }, { { 0 } }, STATUS_PENDING, "AccountUnavailable", false,
      "account lk: 401" },
    { "held by the brake", { .wanted = true, BRAKED }, { MAKE(INBOUND_TRUNK) }, { { 0 } }, STATUS_PENDING, "AccountBraked", true,
      "account lk: nothing visible" },
    { "no trunk", { .wanted = true, .full = true, .account = "main" }, { MAKE(INBOUND_TRUNK) }, { { 0 } }, STATUS_PENDING, "AccountFull", true,
      "account main has no trunk left for it" },
    { "LiveKit is full", { .wanted = true }, { MAKE_REFUSED(INBOUND_TRUNK, "AccountFull") }, { { 0 } }, STATUS_PENDING, "AccountFull", true,
      "no more of these" },
    { "a trunk people wrote is refused", { .wanted = true }, { MAKE_REFUSED(TWILIO_TRUNK, "Refused") }, { { 0 } }, STATUS_PENDING, "Refused", true,
      "no more of these" },
    { "what it needs is not configured", { .wanted = true }, { KEEP(INBOUND_TRUNK), LACKS(OUTBOUND_TRUNK) }, { { 0 } }, STATUS_PENDING,
      "NotConfigured", true, "no such file" },
    { "it is not configured, and the rest goes on", { .wanted = true }, { MAKE(INBOUND_TRUNK), LACKS(OUTBOUND_TRUNK), LACKS(OUTBOUND_TRUNK) }, { { 0 } },
      STATUS_PENDING, "NotConfigured", false, "no such file" },
    { "was active, and its trunk is refused", { .wanted = true, .trunk_refused = "bad trunk" }, { MAKE(TRUNK_PHONE_NUMBER) }, { { 0 } },
      STATUS_PENDING, "Refused", true, "bad trunk" },
    { "taken by somebody else", { .wanted = true, .active = true, .preflight_reason = "HeldByForeign", .preflight_words = "on TK9" },
      { KEEP(INBOUND_TRUNK), LOST(TRUNK_PHONE_NUMBER) }, { { 0 } }, STATUS_PENDING, "HeldByForeign", true, "on TK9" },
    { "released, and not attached yet", { .wanted = true }, { KEEP(INBOUND_TRUNK), LOST(TRUNK_PHONE_NUMBER) }, { { 0 } }, STATUS_PENDING, "SettingUp",
      false, "" },
    { "nobody to answer", { .wanted = true, .no_agent = true }, { KEEP(INBOUND_TRUNK) }, { { 0 } }, STATUS_PENDING, "NoAgent", true, "" },
    { "nobody to answer, and the rule has just gone", { .wanted = true, .no_agent = true }, { KEEP(INBOUND_TRUNK), END(DISPATCH_RULE) }, { { 0 } },
      STATUS_PENDING, "NoAgent", true, "" },
    { "nobody to answer, and not all stands", { .wanted = true, .no_agent = true }, { MAKE(INBOUND_TRUNK) }, { { 0 } }, STATUS_PENDING, "SettingUp",
      false, "" },
    { "unlink", { .wanted = true, .active = true, .no_agent = true }, { KEEP(INBOUND_TRUNK), REMOVE(TRUNK_PHONE_NUMBER) }, { { 0 } }, STATUS_PENDING,
      "Updating", false, "" },
    { "unlink, one cannot be removed, another goes on", { .wanted = true, .no_agent = true },
      { KEEP(INBOUND_TRUNK), STUCK(TRUNK_PHONE_NUMBER), REMOVE(DISPATCH_RULE) }, { { 0 } }, STATUS_PENDING, "Updating", false,
      "twilio.trunk_phone_number ST_1 in acct cannot be removed: not allowed" },
    { "unlink, and the routing cannot be given back", { .wanted = true, .active = true, .no_agent = true },
      { KEEP(INBOUND_TRUNK), STUCK(TRUNK_PHONE_NUMBER) }, { { 0 } }, STATUS_PENDING, "NoAgent", true,
      "twilio.trunk_phone_number ST_1 in acct cannot be removed: not allowed" },
    { "linked again", { .wanted = true }, { KEEP(INBOUND_TRUNK), MAKE(DISPATCH_RULE), MAKE(TRUNK_PHONE_NUMBER) }, { { 0 } }, STATUS_PENDING,
      "SettingUp", false, "" },
};

static size_t plan_of(const struct step_case *steps, struct planned *plan, struct resource *rows, bool *stuck)
{
    size_t n = 0;

    for (; n < STEPS_MAX && steps[n].used; n++) {
        static const struct wanted some, retiring = { .retiring = true }, spare = { .spare = true };
        const struct kind *kind = kinds[steps[n].kind];
        rows[n] = steps[n].r;
        rows[n].kind = kind;
        plan[n] = (struct planned){ .step = steps[n].step, .block = steps[n].block, .missing = steps[n].missing, .kind = kind, .slot = "",
                                    .account = "acct",
                                    .row = steps[n].row ? &rows[n] : NULL };
        if (steps[n].wanted)
            plan[n].wanted = steps[n].retires ? &retiring : steps[n].spare ? &spare : &some;
        stuck[n] = steps[n].stuck;
    }
    return n;
}

static void check(size_t i, struct arena *arena, struct status *ret)
{
    struct planned plan[STEPS_MAX], trunk[STEPS_MAX];
    struct resource rows[2][STEPS_MAX];
    bool stuck[STEPS_MAX], trunk_stuck[STEPS_MAX];
    struct standing standing = cases[i].standing;
    size_t n = plan_of(cases[i].steps, plan, rows[0], stuck);

    standing.stuck = stuck;
    standing.trunk_plan = trunk;
    standing.trunk_stuck = trunk_stuck;
    standing.trunk_count = plan_of(cases[i].trunk, trunk, rows[1], trunk_stuck);
    plan_status(plan, n, &standing, arena, ret);
}

static void test_every_row_of_the_table(void **state)
{
    struct arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct status status;
        check(i, &arena, &status);
        if (status.code != cases[i].code || !text_equal(status.reason, cases[i].reason) || status.settled != cases[i].settled
            || !text_equal(status.message, cases[i].message))
            fail_msg("%s: %s/%s, settled %d: %s", cases[i].name, status_names[status.code], status.reason, status.settled, status.message);
    }
    print_message("%zu cases\n", ARRAY_SIZE(cases));
    arena_release(&arena);
}

/* Conditions of an account as a status reason: those of accounts that refuse the credentials, of leftovers that wait for them. */
static void test_every_reason_of_a_status_occurs(void **state)
{
    static const struct { const char *name, *where; } reasons[] = {
#define REASON(name, status, settled, remedy) { #name, #status },
#include <trunkd/reasons.def>
#undef REASON
    };
    size_t visited = 0;

    (void)state;
    for (size_t r = 0; r < ARRAY_SIZE(reasons); r++) {
        bool occurs = false;
        if (text_equal(reasons[r].where, "ACCOUNT") || text_equal(reasons[r].where, "EVENT"))
            continue;
        visited++;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
            occurs = occurs || text_equal(cases[i].reason, reasons[r].name);
        if (!occurs)
            fail_msg("no case gives %s", reasons[r].name);
    }
    print_message("%zu reasons\n", visited);
    assert_true(visited > 0);
    for (int code = 0; code < STATUS_CODE_MAX_; code++) {
        bool occurs = false;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
            occurs = occurs || (int)cases[i].code == code;
        assert_true(occurs);
        assert_non_null(status_names[code]);
    }
}

static void test_every_reason_has_a_remedy_and_an_unknown_one_none(void **state)
{
    static const char *const names[] = {
#define REASON(name, status, settled, remedy) #name,
#include <trunkd/reasons.def>
#undef REASON
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_true(strlen(reason_remedy(names[i])) > 0);
    assert_string_equal(reason_remedy("Tomorrow"), "");
    assert_false(reason_settled("Tomorrow"));
}

/* The table of the design. */
static void test_what_settles(void **state)
{
    static const char *const settled[] = { "NoAgent", "AccountFull", "AccountBraked", "UpdateRefused", "HeldByForeign", "UpToDate", "Leftovers", "DriftLeft" };
    static const char *const moving[] = { "SettingUp", "Updating", "AccountUnavailable", "Drifted", "RollingBack", "Deleting" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(settled); i++)
        assert_true(reason_settled(settled[i]));
    for (size_t i = 0; i < ARRAY_SIZE(moving); i++)
        assert_false(reason_settled(moving[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_of_the_table),
        cmocka_unit_test(test_every_reason_of_a_status_occurs),
        cmocka_unit_test(test_every_reason_has_a_remedy_and_an_unknown_one_none),
        cmocka_unit_test(test_what_settles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
