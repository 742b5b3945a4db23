/* What livekit-server refuses: shape, and conflicts with other objects.
 *
 * Conflicts, as measured: an inbound trunk's key is (number or "", allowed caller or ""), a rule's is (pin, trunk or "", caller or
 * "", called or ""), numbers normalised. Outbound trunks have none. The objects looked at are those that share the *new* numbers
 * or trunks, plus those without any; the object under update takes part only if it is among them as it was. So a move to a key
 * that another object holds can pass, and an old clash between two others can block. */
#include "livekit.h"

#include "json.h"

/* ---- numbers */

/* Spaces, hyphens and parentheses go and a '+' comes, if there is nothing but those and digits. */
char *lk_normal_number(struct arena *arena, const char *number)
{
    const char *digits = number + (number[0] == '+');
    if (!*digits || digits[strspn(digits, "0123456789 ()-")])
        return arena_strdup(arena, number);
    char *out = arena_alloc(arena, strlen(number) + 2);
    size_t n = 0;
    out[n++] = '+';
    for (const char *p = digits; *p; p++)
        if (*p >= '0' && *p <= '9')
            out[n++] = *p;
    return out;
}

/* ---- shape */

#define HEADER_NAME_MAX 255
#define HEADER_VALUE_MAX 1024

static const char *const refused_headers[] = {
    "accept", "accept-encoding", "accept-language", "allow", "allow-events", "call-id", "contact", "content-encoding", "content-length",
    "content-type", "cseq", "event", "expires", "from", "max-forwards", "record-route", "refer-to", "reply-to",
    "k", "l", "m", "o", "r", "t", "u", "v", NULL,
};

static const char token_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~";

/* The first character that cannot be there is named by its number. */
static const char *token_wrong(struct arena *a, const char *name)
{
    size_t good = strspn(name, token_characters);
    const char *head = "invalid header name: header name";

    if (!*name)
        return arena_printf(a, "%s cannot be empty", head);
    if (strlen(name) > HEADER_NAME_MAX)
        return arena_printf(a, "%s %s is not a token", head, name);
    return name[good] ? arena_printf(a, "%s %s contains invalid characters: char %d not allowed", head, name, (unsigned char)name[good]) : NULL;
}

static const char *header_wrong(struct arena *a, const char *name, const char *value)
{
    const char *wrong = token_wrong(a, name);

    if (wrong)
        return wrong;
    for (size_t i = 0; refused_headers[i]; i++)
        if (strcasecmp(refused_headers[i], name) == 0)
            return arena_printf(a, "invalid header name: header name %s not supported", name);
    if (strlen(value) > HEADER_VALUE_MAX)
        return arena_printf(a, "invalid header value for %s: header %s: value too long (max 1024 characters)", name, name);
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 && *p != '\t')
            return arena_printf(a, "invalid header value for %s: header %s: control character", name, name);
    return NULL;
}

static const char *headers_wrong(struct arena *a, struct json_object *set)
{
    struct json_object *headers = get_json(set, "headers");
    if (headers) {
        json_object_object_foreach(headers, name, value) {
            const char *wrong = header_wrong(a, name, json_object_get_string(value));
            if (wrong)
                return wrong;
        }
    }
    struct json_object *to_attributes = get_json(set, "headers_to_attributes"), *to_headers = get_json(set, "attributes_to_headers");
    if (to_attributes) {
        json_object_object_foreach(to_attributes, name, value) {
            (void)value;
            const char *wrong = token_wrong(a, name);
            if (wrong)
                return wrong;
        }
    }
    if (to_headers) {
        json_object_object_foreach(to_headers, attribute, value) {
            (void)attribute;
            const char *wrong = token_wrong(a, json_object_get_string(value));
            if (wrong)
                return wrong;
        }
    }
    return NULL;
}

const char *lk_inbound_invalid(struct arena *a, struct json_object *set)
{
    if (array_length(get_array(set, "numbers")) == 0 && array_length(get_array(set, "allowed_addresses")) == 0
        && text_is_empty(get_text(set, "auth_username")) && text_is_empty(get_text(set, "auth_password")))
        return "for security, one of the fields must be set: AuthUsername+AuthPassword, AllowedAddresses or Numbers";
    return headers_wrong(a, set);
}

static const char *host_wrong(struct arena *a, const char *field, const char *host)
{
    if (text_is_empty(host))
        return NULL;
    if (strstr(host, "transport="))
        return arena_printf(a, "%s should not contain transport parameter", field);
    if (strstr(host, "sip:") || strstr(host, "sips:") || strpbrk(host, "@;"))
        return arena_printf(a, "%s should be a hostname or IP, not SIP URI", field);
    return NULL;
}

const char *lk_outbound_invalid(struct arena *a, struct json_object *set)
{
    if (array_length(get_array(set, "numbers")) == 0)
        return "no trunk numbers specified";
    if (text_is_empty(get_text(set, "address")))
        return "no outbound address specified";
    const char *wrong = host_wrong(a, "trunk address", get_text(set, "address"));
    wrong = wrong ? wrong : host_wrong(a, "from_host", get_text(set, "from_host"));
    return wrong ? wrong : headers_wrong(a, set);
}

const char *lk_rule_invalid(struct arena *a, struct json_object *set)
{
    (void)a;
    struct json_object *rule = get_json(set, "rule");
    if (!rule)
        return "missing rule";
    return json_object_object_length(rule) == 0 ? "twirp error unknown: unsupported SIP Dispatch Rule: <nil>" : NULL;
}

/* ---- conflict keys */

struct keys { uint64_t *hashes; size_t count; };

static size_t at_least_one(struct json_object *array) { return array_length(array) ? array_length(array) : 1; }

static const char *text_at(struct arena *a, struct json_object *array, size_t i, bool normal)
{
    const char *text = text_or(array_text(array, i), "");
    return normal ? lk_normal_number(a, text) : text;
}

static uint64_t key_of(const char *pin, const char *first, const char *second, const char *third)
{
    return hash_text(third, hash_text(second, hash_text(first, hash_text(pin, 7))));
}

static const char *pin_of(struct json_object *set)
{
    struct json_object *rule = get_json(set, "rule");
    if (rule) {
        json_object_object_foreach(rule, variant, inside) {
            (void)variant;
            return text_or(get_text(inside, "pin"), "");
        }
    }
    return "";
}

static struct keys inbound_keys(struct arena *a, struct json_object *set)
{
    struct json_object *numbers = get_array(set, "numbers"), *callers = get_array(set, "allowed_numbers");
    struct keys k = { .hashes = must_calloc(at_least_one(numbers) * at_least_one(callers), sizeof(uint64_t)) };
    for (size_t i = 0; i < at_least_one(numbers); i++)
        for (size_t j = 0; j < at_least_one(callers); j++)
            k.hashes[k.count++] = key_of("", text_at(a, numbers, i, true), text_at(a, callers, j, true), "");
    return k;
}

static struct keys rule_keys(struct arena *a, struct json_object *set)
{
    struct json_object *trunks = get_array(set, "trunk_ids"), *callers = get_array(set, "inbound_numbers"), *called = get_array(set, "numbers");
    struct keys k = { .hashes = must_calloc(at_least_one(trunks) * at_least_one(callers) * at_least_one(called), sizeof(uint64_t)) };
    for (size_t i = 0; i < at_least_one(trunks); i++)
        for (size_t j = 0; j < at_least_one(callers); j++)
            for (size_t l = 0; l < at_least_one(called); l++)
                k.hashes[k.count++] = key_of(pin_of(set), text_at(a, trunks, i, false), text_at(a, callers, j, true), text_at(a, called, l, true));
    return k;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Repeats inside one inbound trunk are fine, inside one rule they are not: only the former are made unique. */
static struct keys keys_of(struct arena *a, enum sim_kind kind, struct json_object *set)
{
    struct keys k = { 0 };
    if (kind == KIND_DISPATCH_RULE)
        return rule_keys(a, set);
    if (kind != KIND_INBOUND_TRUNK)
        return k;
    k = inbound_keys(a, set);
    qsort(k.hashes, k.count, sizeof(k.hashes[0]), compare_hashes);
    size_t n = 0;
    for (size_t i = 0; i < k.count; i++)
        if (n == 0 || k.hashes[n - 1] != k.hashes[i])
            k.hashes[n++] = k.hashes[i];
    k.count = n;
    return k;
}

/* What an object can be shared by: numbers of an inbound trunk, trunks of a rule. None: it is among everybody's. */
static struct keys shared_of(struct arena *a, enum sim_kind kind, struct json_object *set)
{
    struct json_object *array = get_array(set, kind == KIND_DISPATCH_RULE ? "trunk_ids" : "numbers");
    struct keys k = { .hashes = must_calloc(array_length(array) + 1, sizeof(uint64_t)) };
    for (size_t i = 0; i < array_length(array); i++)
        k.hashes[k.count++] = hash_text(text_at(a, array, i, kind == KIND_INBOUND_TRUNK), 11);
    return k;
}

void livekit_conflict_keys(struct object *o)
{
    struct arena scratch = { 0 };
    struct keys k = keys_of(&scratch, o->kind, o->body), shared = shared_of(&scratch, o->kind, o->body);
    free(o->conflict_keys);
    free(o->shared_keys);
    o->conflict_keys = k.hashes;
    o->conflict_keys_count = k.count;
    o->shared_keys = shared.hashes;
    o->shared_keys_count = shared.count;
    arena_release(&scratch);
}

/* ---- conflicts */

static bool shares(const struct object *o, const struct keys *with)
{
    if (with->count == 0 || o->shared_keys_count == 0)
        return true;
    for (size_t i = 0; i < o->shared_keys_count; i++)
        for (size_t j = 0; j < with->count; j++)
            if (o->shared_keys[i] == with->hashes[j])
                return true;
    return false;
}

struct seen { uint64_t hash; const struct object *owner; bool used; };
struct seen_table { struct seen *slots; size_t capacity; };

/* Enters a key; returns the slot of an earlier one with the same hash, or NULL. */
static const struct seen *enter(struct seen_table *t, uint64_t hash, const struct object *owner)
{
    size_t i = hash & (t->capacity - 1);
    for (; t->slots[i].used; i = (i + 1) & (t->capacity - 1))
        if (t->slots[i].hash == hash)
            return &t->slots[i];
    t->slots[i] = (struct seen){ hash, owner, true };
    return NULL;
}

struct clash { const struct object *first, *second; bool found; };      /* NULL: the new object */

static bool enter_all(struct seen_table *t, const uint64_t *hashes, size_t count, const struct object *owner, struct clash *ret)
{
    for (size_t i = 0; i < count; i++) {
        const struct seen *earlier = enter(t, hashes[i], owner);
        if (!earlier)
            continue;
        *ret = (struct clash){ earlier->owner, owner, true };
        return false;
    }
    return true;
}

/* Looks at the objects as they are, then at the new one, which takes the place of `self`. */
static struct clash find_clash(struct sim *sim, struct call *call, enum sim_kind kind, struct json_object *set,
                               const struct object *self, bool all)
{
    struct clash clash = { 0 };
    struct keys mine = keys_of(&call->arena, kind, set), shared = shared_of(&call->arena, kind, set);
    struct object *head = call->tenant->lists[kind].head;
    size_t keys = mine.count;
    struct seen_table table = { .capacity = 16 };
    for (struct object *o = head; o; o = o->next)
        keys += all || shares(o, &shared) ? o->conflict_keys_count : 0;
    while (table.capacity < 2 * keys)
        table.capacity *= 2;
    table.slots = must_calloc(table.capacity, sizeof(table.slots[0]));
    bool ok = true, self_in = self == NULL;
    for (struct object *o = head; o && ok; o = o->next) {
        if (!object_visible(sim, o) || (!all && !shares(o, &shared)))
            continue;
        if (o == self)
            self_in = true;
        else
            ok = enter_all(&table, o->conflict_keys, o->conflict_keys_count, o, &clash);
    }
    if (ok && self_in)
        (void)enter_all(&table, mine.hashes, mine.count, NULL, &clash);
    free(table.slots);
    free(mine.hashes);
    free(shared.hashes);
    return clash;
}

static const char *quoted_list(struct arena *a, struct json_object *array)
{
    const char *text = "";
    for (size_t i = 0; i < array_length(array); i++)
        text = arena_printf(a, "%s%s\"%s\"", text, i ? " " : "", text_or(array_text(array, i), ""));
    return text;
}

const char *lk_inbound_conflict(struct sim *sim, struct call *call, struct json_object *set, const struct object *self)
{
    struct clash clash = find_clash(sim, call, KIND_INBOUND_TRUNK, set, self, false);
    if (!clash.found)
        return NULL;
    struct arena *a = &call->arena;
    const struct object *other = clash.first ? clash.first : clash.second;
    const char *mine = clash.first && clash.second ? clash.second->id : self ? self->id : "<new>";
    struct json_object *callers = get_array(set, "allowed_numbers");
    const char *head = arena_printf(a, "Conflicting inbound SIP Trunks: \"%s\" and \"%s\", using the same number(s) [%s]", mine, other->id,
                                    quoted_list(a, get_array(set, "numbers")));
    if (array_length(callers) == 0)
        return arena_printf(a, "%s without AllowedNumbers set", head);
    return arena_printf(a, "%s and AllowedNumber \"%s\"", head, text_or(array_text(callers, 0), ""));
}

/* The text names the other rule only when it is the first of all by id; otherwise it shows ours. */
const char *lk_rule_conflict(struct sim *sim, struct call *call, struct json_object *set, const struct object *self, bool all)
{
    struct clash clash = find_clash(sim, call, KIND_DISPATCH_RULE, set, self, all);
    if (!clash.found)
        return NULL;
    size_t count = 0;
    struct object **rules = objects_by_id(call->tenant, KIND_DISPATCH_RULE, &count);
    const struct object *first = count ? rules[0] : NULL;
    bool named = first && first != self && (clash.first == first || clash.second == first);
    free(rules);
    const char *name = get_text(named ? first->body : set, "name");
    return arena_printf(&call->arena,
                        "Dispatch rule for the same trunk, inbound number, number, and PIN combination already exists in dispatch rule \"%s\" \"%s\"",
                        named ? first->id : self ? self->id : "<new>", text_is_empty(name) ? "<blank name>" : name);
}
