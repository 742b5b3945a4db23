/* What the stories of tests/sim share: a world in a variable that cleans up, and sentences about it. Include after cmocka.h. */
#ifndef TRUNKD_TESTS_SIM_STORY_H
#define TRUNKD_TESTS_SIM_STORY_H

#include "world.h"
#include <stdlib.h>
#include <string.h>

#define A "+15550100000"
#define B "+15550100001"
#define SIP "+493012345"

/* Everything that a Twilio trunk has on request only: of a number that then has the trunk for itself. */
#define ON_REQUEST "{'twilio_trunk':{'recording_mode':'record-from-answer','recording_trim':'trim-silence'," \
    "'origination_urls':[{'url':'sip:backup.example;transport=tcp','priority':20},{'url':'sip:other.example','priority':0}]," \
    "'connection_policy':true,'connection_policy_targets':[{'target':'sip:Desk.example;transport=udp','priority':0,'weight':3}]}}"

#define WORLD(seed) CLEANUP(world_cleanup) struct world *w = world_new(seed)
#define assert_whole(w) assert_string_equal((w)->broken, "")

/* The macros name the line of the story, not one in here. */
#define rest(w) do { \
        bool rests_ = world_rest(w, 20 * MINUTES); \
        assert_whole(w); \
        if (!rests_) \
            world_print_unrest(w); \
        assert_true(rests_); \
    } while (0)

#define converged(w) do { \
        rest(w); \
        check_converged(w); \
        assert_whole(w); \
    } while (0)

#define gone(w, number) do { \
        world_wish(w, "number", number, NULL); \
        rest(w); \
        assert_string_equal(world_status(w, number), "gone"); \
    } while (0)

/* So many writes, and besides the lists of complete scans so many reads. */
#define assert_requests(w, writes_, reads_) do { \
        if ((w)->writes != (writes_) || (w)->sent_count - (w)->writes - world_sent(w, " list ") != (reads_)) \
            world_print_sent(w); \
        assert_int_equal((w)->writes, writes_); \
        assert_int_equal((w)->sent_count - (w)->writes - world_sent(w, " list "), reads_); \
    } while (0)

/* A world in which A is active, alone on its trunk, or beside B. */
#define STANDING(directions) \
    WORLD(1); \
    world_add_number(w, A, directions); \
    world_start(w); \
    converged(w)

/* A has a trunk for itself, with everything that is had on request only. */
#define STANDING_ON_REQUEST \
    WORLD(1); \
    world_add_number(w, A, "both"); \
    world_wish(w, "number", A, ON_REQUEST); \
    world_start(w); \
    converged(w)

#define STANDING_BESIDE(directions, neighbour) \
    WORLD(1); \
    world_add_number(w, A, directions); \
    world_add_number(w, B, neighbour); \
    world_start(w); \
    converged(w)

/* Every object of that text is there as it was, dates of numbers' records apart; lines that speak of `except` are not looked at. */
#define assert_same_objects(w, before, except) do { \
        char *missing_ = world_missing(w, before, except); \
        assert_string_equal(missing_, ""); \
        free(missing_); \
    } while (0)

#endif
