# What `make check` runs: the unit tests (each room's fragment adds its own to unit_tests) and the lints.
# Tests with real processes are pytest in tests/integration and are run by contrib/run-tests.

lints = \
	tests/lint/core-purity \
	tests/lint/file-length \
	tests/lint/function-length \
	tests/lint/headers \
	tests/lint/rooms \
	tests/lint/words

if HAVE_CMOCKA
check_PROGRAMS = $(unit_tests)
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
