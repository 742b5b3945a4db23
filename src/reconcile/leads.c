/* leads: which Twilio trunk a number's objects lead to, by what they show or may yet show, never by a remembered phase.
 *
 * The rule: an object leads to a trunk when a field of it that refers to something (an id, a domain, a user name) names an object of
 * that trunk, by its id or by a text of it: a user name that people gave is no weight or priority. What was sent and may still be
 * executed counts as shown. */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>

static bool row_shows(const struct resource *r, const char *value)
{
    if (text_equal(r->external_id, value))
        return true;
    for (size_t f = 0; f < r->kind->fields_count; f++)
        if ((r->kind->fields[f].type == FIELD_TEXT || r->kind->fields[f].type == FIELD_SECRET) && text_equal(r->applied.value[f], value))
            return true;
    return false;
}

struct end { const struct owner *trunk; const struct row *row; };      /* a trunk, or one of its rows alone; both NULL: nothing is it */

static bool end_shows(const struct end *end, const char *value)
{
    if (end->row)
        return row_shows(&end->row->r, value);
    for (size_t i = 0; end->trunk && i < end->trunk->rows_count; i++)
        if (row_shows(&end->trunk->rows[i]->r, value))
            return true;
    return false;
}

static bool is_on_a_trunk(const struct kind *kind)
{
    for (size_t i = 0; i < kind->needs_count; i++)
        if (kinds[kind->needs[i]]->owner == OWNER_TRUNK)
            return true;
    return false;
}

/* Whether one of the references in a spec is (or, with `other`, is not) of that end. */
static bool spec_leads(const struct kind *kind, const struct spec *spec, const struct end *end, bool other)
{
    for (size_t f = 0; f < kind->fields_count; f++)
        if ((kind->fields[f].flags & FIELD_REF) && spec->value[f] && end_shows(end, spec->value[f]) != other)
            return true;
    return false;
}

static bool leads(const struct owner *number, const struct end *end, bool other)
{
    for (size_t i = 0; i < number->rows_count; i++) {
        const struct row *row = number->rows[i];
        const struct resource *r = &row->r;
        bool may_change = r->open != OPEN_NOTHING || r->known == KNOWN_MAYBE || row->doubt_ms != 0;
        if (row->ended || !is_on_a_trunk(r->kind) || (r->known == KNOWN_NONE && r->open == OPEN_NOTHING))
            continue;
        if (spec_leads(r->kind, &r->applied, end, other) || (may_change && spec_leads(r->kind, &r->sent, end, other)))
            return true;
    }
    return false;
}

bool number_leads_to(const struct owner *number, const struct owner *trunk)
{
    return leads(number, &(struct end){ .trunk = trunk }, false);
}

bool number_leads_elsewhere(const struct owner *number) { return leads(number, &(struct end){ .trunk = number->placed }, true); }

/* Which calls some object of the number refuses, or may. What is being removed does not count: it takes no calls that could be lost. */
unsigned number_refuses(const struct owner *number)
{
    unsigned refuses = 0;

    for (size_t i = 0; i < number->rows_count && number->number; i++) {
        struct row *row = number->rows[i];
        row->r.in_doubt = row->doubt_ms != 0;
        if (row->r.kind->refuses && !row->ended && (row->r.known != KNOWN_NONE || row->r.open != OPEN_NOTHING))
            refuses |= row->r.kind->refuses(&row->r);
    }
    return refuses;
}

/* ---- passwords of a trunk: which of them its numbers call with ------------------------------------------------------------------- */

static bool is_version(const struct row *row) { return row->r.kind->makes_secret && !row->ended && resource_version(&row->r) > 0; }

static size_t versions(const struct owner *trunk)
{
    size_t count = 0;

    for (size_t i = 0; i < trunk->rows_count; i++)
        count += is_version(trunk->rows[i]);
    return count;
}

/* Of an object in doubt only the last write is remembered; one before that may still be carried out, with another password. */
static bool may_show_any(const struct owner *number)
{
    for (size_t i = 0; i < number->rows_count; i++)
        if (number->rows[i]->doubt_ms && !number->rows[i]->ended && is_on_a_trunk(number->rows[i]->r.kind))
            return true;
    return false;
}

uint8_t leads_uses(const struct owner *number, const struct owner *trunk)
{
    unsigned uses = 0, bit = 1;

    if (!trunk->versions_shown)
        return 0;
    if (may_show_any(number))
        return UINT8_MAX;
    for (size_t i = 0; i < trunk->rows_count && bit <= UINT8_MAX; i++)
        if (is_version(trunk->rows[i])) {
            uses |= leads(number, &(struct end){ .row = trunk->rows[i] }, false) ? bit : 0;
            bit <<= 1;
        }
    return (uint8_t)uses;
}

void leads_count(struct owner *trunk, uint8_t *counted, uint8_t uses)
{
    for (size_t i = 0; i < VERSIONS_COUNTED; i++)
        trunk->uses[i] += (uint32_t)(uses >> i & 1) - (uint32_t)(*counted >> i & 1);
    *counted = uses;
}

static uint64_t shown_by_versions(const struct owner *trunk)
{
    uint64_t shown = 1;

    for (size_t i = 0; i < trunk->rows_count; i++) {
        const struct resource *r = &trunk->rows[i]->r;
        if (!is_version(trunk->rows[i]))
            continue;
        shown = hash_text(r->account, hash_text(r->slot, hash_text(r->external_id, shown)));
        for (size_t f = 0; f < r->kind->fields_count; f++)
            shown = hash_text(r->applied.value[f], shown);
    }
    return versions(trunk) > 1 ? shown | 1 : 0;
}

static uint8_t *uses_of(struct owner *member, const struct owner *trunk)
{
    size_t i = 0;

    if (member->placed == trunk)
        return &member->share[0].uses;
    while (i < member->leaving_count && member->leaving[i] != trunk)
        i++;
    assert(i < member->leaving_count);
    return &member->share[1 + i].uses;
}

/* All members are looked at only when the passwords are others or show something else, a few times in a rotation. From then on each keeps
 * its part up to date with its turns (owner_recount), and a trunk's turn costs the same however many it has. */
static void count_uses(struct owner *trunk)
{
    uint64_t shown = shown_by_versions(trunk);

    if (shown == trunk->versions_shown)
        return;
    trunk->versions_shown = shown;
    for (size_t i = 0; i < trunk->members_count; i++)
        leads_count(trunk, uses_of(trunk->members[i], trunk), leads_uses(trunk->members[i], trunk));
}

/* Where there is more than one, each is used that an object of a number shows, or showed a short while ago: a call that is being set up
 * then may have read it. Who has just started does not know since when, and begins to count now. */
int64_t leads_mark_used(const struct core *core, struct owner *trunk)
{
    int64_t next_ms = NEVER_MS;
    size_t version = 0;

    count_uses(trunk);
    for (size_t i = 0; trunk->versions_shown && i < trunk->rows_count; i++) {
        struct row *row = trunk->rows[i];
        if (!is_version(row))
            continue;
        bool is_used = version >= VERSIONS_COUNTED || trunk->uses[version] > 0;
        version++;
        if (row->used_ms == 0 || is_used)
            row->used_ms = core->now_ms;
        int64_t until_ms = row->used_ms + core->settings->credential_grace_ms;
        row->r.used = core->now_ms < until_ms;
        if (row->r.used && until_ms < next_ms)
            next_ms = until_ms;
    }
    return next_ms;
}

/* What the number's objects show has changed. */
void leads_changed(struct core *core, const struct owner *number)
{
    if (number->placed && versions(number->placed) > 1)
        owner_queue(core, number->placed);
    for (size_t i = 0; i < number->leaving_count; i++)
        if (versions(number->leaving[i]) > 1)
            owner_queue(core, number->leaving[i]);
}

/* One more version, which is wanted from now on because the ledger has it. False: there are too many of them already, and the wish waits
 * until one has gone. */
bool leads_rotate(struct owner *trunk, const char *why)
{
    const struct row *newest = NULL;
    char slot[24];

    for (size_t i = 0; i < trunk->rows_count; i++) {
        const struct row *row = trunk->rows[i];
        if (is_version(row) && (!newest || resource_version(&row->r) > resource_version(&newest->r)))
            newest = row;
    }
    if (!newest)
        return true;                /* nobody calls out over this trunk any more */
    if (versions(trunk) >= VERSIONS_MAX)
        return false;
    snprintf(slot, sizeof(slot), "%" PRId64, resource_version(&newest->r) + 1);
    row_touch(row_new(trunk, newest->r.kind, slot, newest->gate));
    owner_tell(trunk, newest->r.account, "Rotated", "password %s is being made: %s", slot, why);
    return true;
}
