# ctl: the program trunkctl; one file per verb.
bin_PROGRAMS += trunkctl
ctl_manifest = \
	src/ctl/fields.c \
	src/ctl/manifest.c src/ctl/manifest.h \
	src/ctl/manifest_check.c \
	src/ctl/manifest_read.c \
	src/ctl/settings.c
trunkctl_SOURCES = $(ctl_manifest) \
	src/ctl/apply.c \
	src/ctl/apply_rows.c src/ctl/apply_rows.h \
	src/ctl/db.c src/ctl/db.h \
	src/ctl/delete.c \
	src/ctl/describe.c src/ctl/describe.h \
	src/ctl/events.c \
	src/ctl/get.c \
	src/ctl/listing.c src/ctl/listing.h \
	src/ctl/main.c \
	src/ctl/migrate.c \
	src/ctl/options.c src/ctl/options.h \
	src/ctl/out.c src/ctl/out.h \
	src/ctl/path.c \
	src/ctl/plan.c \
	src/ctl/retry.c \
	src/ctl/seal.c \
	src/ctl/target.c src/ctl/target.h \
	src/ctl/verb.h \
	src/ctl/verbs.c \
	src/ctl/version.c \
	src/ctl/wait.c \
	src/ctl/watch.c src/ctl/watch.h
trunkctl_CPPFLAGS = $(AM_CPPFLAGS) $(LIBPQ_CFLAGS)
trunkctl_LDADD = libtrunkd-config.a libtrunkd-vault.a libtrunkd-pg.a libtrunkd-core.a \
	$(YAML_LIBS) $(SODIUM_LIBS) $(LIBPQ_LIBS) $(JSON_C_LIBS)

unit_tests += tests/unit/test_manifest
tests_unit_test_manifest_SOURCES = tests/unit/test_manifest.c $(ctl_manifest)
tests_unit_test_manifest_LDADD = $(CONFIG_TEST_LDADD)
