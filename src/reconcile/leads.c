/* leads: which Twilio trunk a number's objects lead to, by what they show or may yet show, never by a remembered phase.
 *
 * The rule: an object leads to a trunk when a field of it that refers to something (an id, a domain, a user name) names an object of
 * that trunk. What was sent and may still be executed counts as shown. */
#include "state.h"

static bool trunk_shows(const struct owner *trunk, const char *value)
{
    for (size_t i = 0; i < trunk->rows_count; i++) {
        const struct resource *r = &trunk->rows[i]->r;
        if (text_equal(r->external_id, value))
            return true;
        for (size_t f = 0; f < r->kind->fields_count; f++)
            if (text_equal(r->applied.value[f], value))
                return true;
    }
    return false;
}

static bool is_on_a_trunk(const struct kind *kind)
{
    for (size_t i = 0; i < kind->needs_count; i++)
        if (kinds[kind->needs[i]]->owner == OWNER_TRUNK)
            return true;
    return false;
}

/* Whether one of the references in a spec is (or, with `other`, is not) of that trunk. trunk NULL: nothing is. */
static bool spec_leads(const struct kind *kind, const struct spec *spec, const struct owner *trunk, bool other)
{
    for (size_t f = 0; f < kind->fields_count; f++)
        if ((kind->fields[f].flags & FIELD_REF) && spec->value[f] && (trunk && trunk_shows(trunk, spec->value[f])) != other)
            return true;
    return false;
}

static bool leads(const struct owner *number, const struct owner *trunk, bool other)
{
    for (size_t i = 0; i < number->rows_count; i++) {
        const struct row *row = number->rows[i];
        const struct resource *r = &row->r;
        bool may_change = r->open != OPEN_NOTHING || r->known == KNOWN_MAYBE || row->doubt_ms != 0;
        if (row->ended || !is_on_a_trunk(r->kind) || (r->known == KNOWN_NONE && r->open == OPEN_NOTHING))
            continue;
        if (spec_leads(r->kind, &r->applied, trunk, other) || (may_change && spec_leads(r->kind, &r->sent, trunk, other)))
            return true;
    }
    return false;
}

bool number_leads_to(const struct owner *number, const struct owner *trunk) { return leads(number, trunk, false); }

bool number_leads_elsewhere(const struct owner *number) { return leads(number, number->placed, true); }
