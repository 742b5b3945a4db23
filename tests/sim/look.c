/* What a test looks at. */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/text.h>

const char *world_status(struct world *w, const char *number)
{
    static char text[100];
    struct json_object *row = db_row(&w->db, "number_status", number);

    snprintf(text, sizeof(text), "%s/%s", db_text(row, "status"), db_text(row, "reason"));
    return row ? text : "gone";
}

const char *world_message(struct world *w, const char *number) { return db_text(db_row(&w->db, "number_status", number), "message"); }

size_t world_sent(const struct world *w, const char *part)
{
    size_t count = 0;

    for (size_t i = 0; i < w->sent_count; i++)
        count += strstr(w->sent[i], part) != NULL;
    return count;
}

void world_print_sent(const struct world *w)
{
    for (size_t i = 0; i < w->sent_count; i++)
        fprintf(stderr, "    %s\n", w->sent[i]);
}

size_t world_events(const struct world *w, const char *reason)
{
    size_t count = 0;

    for (size_t i = 0; i < json_object_array_length(w->db.events); i++)
        count += text_equal(db_text(json_object_array_get_idx(w->db.events, i), "reason"), reason);
    return count;
}

static void add_matching(struct json_object *list, const char *part, struct buf *b)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *text = json_object_to_json_string_ext(json_object_array_get_idx(list, i), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        if (!strstr(text, part))
            continue;
        buf_adds(b, text);
        buf_addc(b, '\n');
    }
}

char *world_objects(struct world *w, const char *part)
{
    struct json_object *state = world_sim(w, "GET", "/_sim/state", NULL);
    struct buf b;

    buf_init(&b, (size_t)8 << 20);
    json_object_object_foreach(state, side, tenants) {
        (void)side;
        json_object_object_foreach(tenants, tenant, kinds) {
            (void)tenant;
            json_object_object_foreach(kinds, kind, list) {
                (void)kind;
                add_matching(list, part, &b);
            }
        }
    }
    json_object_put(state);
    char *text = must_strdup(b.data);
    buf_release(&b);
    return text;
}

char *world_missing(struct world *w, const char *before, const char *except)
{
    char *now = world_objects(w, "");
    struct buf b;

    buf_init(&b, (size_t)8 << 20);
    for (const char *line = before; *line;) {
        size_t length = strcspn(line, "\n") + 1;
        char *one = strndup(line, length);
        if (!strstr(now, one) && !(except && strstr(one, except)))
            buf_adds(&b, one);
        free(one);
        line += length;
    }
    free(now);
    char *text = must_strdup(b.data);
    buf_release(&b);
    return text;
}

/* The rows that are not as they are at rest. */
void world_print_unrest(struct world *w)
{
    json_object_object_foreach(db_table(&w->db, "dirty"), key, dirty) {
        (void)dirty;
        fprintf(stderr, "    unread: %s\n", key);
    }
    json_object_object_foreach(db_table(&w->db, "number_status"), number, status) {
        struct json_object *wish = db_row(&w->db, "number", number);
        fprintf(stderr, "    %s is %s/%s %s\n", number, db_text(status, "status"), db_text(status, "reason"), db_text(status, "message"));
        if (wish && db_int(wish, "generation") != db_int(status, "observed_generation"))
            fprintf(stderr, "      generation %s is not observed: %s\n", db_text(wish, "generation"), json_object_to_json_string_ext(wish, JSON_C_TO_STRING_PLAIN));
    }
    json_object_object_foreach(db_table(&w->db, "account_status"), account, condition) {
        fprintf(stderr, "    account %s: %s %s\n", account, db_text(condition, "condition"), db_text(condition, "message"));
    }
    json_object_object_foreach(db_table(&w->db, "resource"), name, row) {
        fprintf(stderr, "    %s: %s %s %s %s\n", name, db_text(row, "known"), db_text(row, "open"), db_text(row, "refusal"), db_text(row, "message"));
    }
    for (const struct under_way *u = w->under_way; u; u = u->next)
        fprintf(stderr, "    under way: %s\n", u->what);
    for (size_t i = 0; i < w->items_count; i++)
        fprintf(stderr, "    item %d of daemon %d\n", (int)w->items[i].type, w->items[i].daemon);
}

bool world_settled(const struct world *w)
{
    json_object_object_foreach(db_table(&w->db, "number_status"), key, row) {
        (void)key;
        if (!db_bool(row, "settled"))
            return false;
    }
    json_object_object_foreach(db_table(&w->db, "resource"), name, ledger) {
        (void)name;
        if (*db_text(ledger, "open") || text_equal(db_text(ledger, "known"), "maybe") || *db_text(ledger, "doubt_at"))
            return false;
    }
    json_object_object_foreach(db_table(&w->db, "number"), number, wish) {
        (void)wish;
        if (!db_row(&w->db, "number_status", number))
            return false;
    }
    return true;
}
