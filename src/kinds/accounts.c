/* What can be asked about an account before any of its objects. */
#include <trunkd/kind.h>

#include <assert.h>
#include <string.h>

#include <trunkd/text.h>

#include "livekit.h"
#include "twilio.h"
#include "url.h"

void account_probe(const struct account *account, struct arena *arena, struct request *ret)
{
    switch (account->family) {
    case FAMILY_TWILIO:
        twilio_probe(account, arena, ret);
        return;
    case FAMILY_LIVEKIT:
        livekit_probe(account, arena, ret);
        return;
    case FAMILY_MAX_:
        break;
    }
    assert(!"an account of no provider");
}

struct judgement account_judge(const struct account *account, enum operation operation, const struct reply *reply, struct arena *arena)
{
    assert(account->family < FAMILY_MAX_);
    return account->family == FAMILY_TWILIO ? twilio_judge(operation, reply, arena) : livekit_judge(operation, reply, arena);
}

const char *account_foreign_origin(const struct account *account, struct arena *arena)
{
    assert(account->family < FAMILY_MAX_);
    if (account->family == FAMILY_TWILIO)
        return account->base_url ? url_origin(account->base_url, arena) : NULL;
    return url_is_below(account->url, ".livekit.cloud", arena) ? NULL : url_origin(account->url, arena);
}

bool origin_listed(const char *const *origins, const char *origin)
{
    for (; origins && *origins; origins++)
        if (text_equal(*origins, origin))
            return true;
    return false;
}

/* LiveKit Cloud answers 1000 requests a minute and project (contract notes, limits); Twilio limits what is under way at once. */
#define LIVEKIT_CLOUD_PER_MINUTE 900

int64_t account_requests_per_minute(const struct account *account, struct arena *arena)
{
    if (account->requests_per_minute > 0 || account->family == FAMILY_TWILIO)
        return account->requests_per_minute;
    return url_is_below(account->url, ".livekit.cloud", arena) ? LIVEKIT_CLOUD_PER_MINUTE : 0;
}

const char *account_foreign_termination(const struct account *account)
{
    static const char own[] = ".twilio.com";
    const char *address = account->termination_address;
    size_t length = address ? strlen(address) : 0;

    if (!address)
        return NULL;
    if (length > strlen(own) && strcmp(address + length - strlen(own), own) == 0 &&
        strspn(address, "abcdefghijklmnopqrstuvwxyz0123456789.-") == length)
        return NULL;
    return address;
}
