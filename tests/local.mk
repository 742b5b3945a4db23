# What `make check` runs: the unit tests (each room's fragment adds its own to unit_tests) and the lints.
# Tests with real processes are pytest in tests/integration and are run by contrib/run-tests.

lints = \
	tests/lint/core-purity \
	tests/lint/file-length \
	tests/lint/function-length \
	tests/lint/headers \
	tests/lint/manual \
	tests/lint/rooms \
	tests/lint/words

# The simulation: the real core and the real simulator around a model of PostgreSQL, in one process under virtual time.
sim_tests = \
	tests/sim/test_accounts \
	tests/sim/test_crash \
	tests/sim/test_faults \
	tests/sim/test_life \
	tests/sim/test_refused \
	tests/sim/test_safeguards \
	tests/sim/test_seeds \
	tests/sim/test_trouble \
	tests/sim/test_walk
sim_world = libtrunkd-world.a libtrunkd-core.a libtrunkd-sim.a libtrunkd-core.a $(CMOCKA_LIBS) $(JSON_C_LIBS)
libtrunkd_world_a_SOURCES = \
	tests/sim/check.c \
	tests/sim/db.c tests/sim/db.h \
	tests/sim/look.c \
	tests/sim/providers.c \
	tests/sim/story.h \
	tests/sim/stories.c tests/sim/stories.h \
	tests/sim/wish.c \
	tests/sim/world.c tests/sim/world.h
tests_sim_test_accounts_LDADD = $(sim_world)
tests_sim_test_crash_LDADD = $(sim_world)
tests_sim_test_faults_LDADD = $(sim_world)
tests_sim_test_life_LDADD = $(sim_world)
tests_sim_test_refused_LDADD = $(sim_world)
tests_sim_test_safeguards_LDADD = $(sim_world)
tests_sim_test_seeds_LDADD = $(sim_world)
tests_sim_test_trouble_LDADD = $(sim_world)
tests_sim_test_walk_LDADD = $(sim_world)

sim_tests += tests/sim/test_brake tests/sim/test_carrier tests/sim/test_crowd tests/sim/test_drift tests/sim/test_scan tests/sim/test_moves
sim_tests += tests/sim/test_places tests/sim/test_rotation tests/sim/test_secure tests/sim/test_sick tests/sim/test_standing
sim_tests += tests/sim/test_leads tests/sim/test_policy tests/sim/test_sweep tests/sim/test_switches
tests_sim_test_brake_LDADD = $(sim_world)
tests_sim_test_carrier_LDADD = $(sim_world)
tests_sim_test_crowd_LDADD = $(sim_world)
tests_sim_test_drift_LDADD = $(sim_world)
tests_sim_test_scan_LDADD = $(sim_world)
tests_sim_test_leads_LDADD = $(sim_world)
tests_sim_test_moves_LDADD = $(sim_world)
tests_sim_test_standing_LDADD = $(sim_world)
tests_sim_test_sweep_LDADD = $(sim_world)
tests_sim_test_switches_LDADD = $(sim_world)
tests_sim_test_places_LDADD = $(sim_world)
tests_sim_test_policy_LDADD = $(sim_world)
tests_sim_test_rotation_LDADD = $(sim_world)
tests_sim_test_sick_LDADD = $(sim_world)
tests_sim_test_secure_LDADD = $(sim_world)

# The core on its own, for tests/bench.
noinst_PROGRAMS += tests/bench/plan-core
tests_bench_plan_core_SOURCES = tests/bench/plan-core.c
tests_bench_plan_core_LDADD = libtrunkd-core.a $(JSON_C_LIBS)

if HAVE_CMOCKA
check_LIBRARIES = libtrunkd-world.a
check_PROGRAMS = $(unit_tests) $(sim_tests)
endif

TESTS = $(check_PROGRAMS) $(lints)
AM_TESTS_ENVIRONMENT = \
	TRUNKD_SRCDIR='$(abs_top_srcdir)' TRUNKD_BUILDDIR='$(abs_top_builddir)' CC='$(CC)' \
	TRUNKD_HEADER_FLAGS='$(JSON_C_CFLAGS)'; \
	export TRUNKD_SRCDIR TRUNKD_BUILDDIR CC TRUNKD_HEADER_FLAGS;

# For contrib/run-tests, which counts single tests.
list-unit-tests:
	@echo $(check_PROGRAMS)
list-lints:
	@echo $(lints)
.PHONY: list-unit-tests list-lints
