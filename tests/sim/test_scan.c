/* Scans that somebody asks for: they come at once, say what was looked at, and come back to what they could not judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "story.h"

/* By hand, at LiveKit. */
static void remove_rule(struct world *w)
{
    char path[200];

    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        (void)key;
        if (strcmp(db_text(row, "kind"), "livekit.dispatch_rule") != 0)
            continue;
        snprintf(path, sizeof(path), "/_sim/objects/APIvoice/dispatch_rules/%s", db_text(row, "external_id"));
        json_object_put(world_sim(w, "DELETE", path, NULL));
        return;
    }
    fail_msg("there is no rule");
}

/* Nobody waits for five minutes who does not want to. */
static void test_a_scan_comes_when_it_is_asked_for(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, A, "both");
    world_start(w);
    converged(w);
    world_run(w, 1 * MINUTES);              /* older than what a list may miss */
    world_forget_sent(w);
    remove_rule(w);
    world_ask(w, "scan", "account", "voice");
    world_ask(w, "scan", "account", "voice");
    world_run(w, 3 * SECONDS);
    converged(w);
    assert_int_equal(w->writes, 1);
    world_run(w, 10 * SECONDS);
    assert_int_equal(world_events(w, "Scanned"), 2);
    assert_int_equal(json_object_object_length(db_table(&w->db, "request")), 0);

    /* An account that cannot be asked says so, and the wish does not stay. */
    world_fault(w, "{'id':'ill','account':'APIvoice','action':'status','status':401,'count':0}");
    world_ask(w, "scan", "account", "voice");
    world_run(w, 1 * MINUTES);
    assert_int_equal(world_events(w, "Scanned"), 3);
    assert_int_equal(json_object_object_length(db_table(&w->db, "request")), 0);
}

/* A list may not show yet what was made a moment ago, so it says nothing of it. Who has asked for a scan is told the truth a little later. */
static void test_a_scan_that_was_asked_for_comes_back_to_what_is_young(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, A, "both");
    world_start(w);
    world_run(w, 3 * SECONDS);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    world_forget_sent(w);
    remove_rule(w);
    world_ask(w, "scan", "account", "voice");
    world_run(w, 20 * SECONDS);
    assert_int_equal(w->writes, 1);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_true(check_converged(w));
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_scan_comes_when_it_is_asked_for),
        cmocka_unit_test(test_a_scan_that_was_asked_for_comes_back_to_what_is_young),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
