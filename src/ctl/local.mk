# ctl: the program trunkctl, one file per verb; and trunkd-doc, which writes from its tables what is written about them.
bin_PROGRAMS += trunkctl
noinst_PROGRAMS += trunkd-doc
noinst_LIBRARIES += libtrunkd-ctl.a
ctl_manifest = \
	src/ctl/fields.c \
	src/ctl/manifest.c src/ctl/manifest.h \
	src/ctl/manifest_check.c \
	src/ctl/manifest_read.c \
	src/ctl/settings.c src/ctl/settings.h
libtrunkd_ctl_a_SOURCES = $(ctl_manifest) \
	src/ctl/agents.c \
	src/ctl/apply.c \
	src/ctl/apply_rows.c src/ctl/apply_rows.h \
	src/ctl/cost.c \
	src/ctl/db.c src/ctl/db.h \
	src/ctl/delete.c \
	src/ctl/describe.c src/ctl/describe.h \
	src/ctl/describe_document.c \
	src/ctl/describe_settings.c \
	src/ctl/diff.c \
	src/ctl/doctor.c \
	src/ctl/document.c src/ctl/document.h \
	src/ctl/events.c \
	src/ctl/fail.c \
	src/ctl/follow.c src/ctl/follow.h \
	src/ctl/export.c \
	src/ctl/get.c \
	src/ctl/link.c \
	src/ctl/listing.c src/ctl/listing.h \
	src/ctl/migrate.c \
	src/ctl/options.c src/ctl/options.h \
	src/ctl/out.c src/ctl/out.h \
	src/ctl/path.c \
	src/ctl/plan.c src/ctl/plan.h \
	src/ctl/prune.c src/ctl/prune.h \
	src/ctl/retry.c \
	src/ctl/seal.c \
	src/ctl/sweep.c \
	src/ctl/target.c src/ctl/target.h \
	src/ctl/verb.h \
	src/ctl/verbs.c \
	src/ctl/version.c \
	src/ctl/wait.c \
	src/ctl/watch.c src/ctl/watch.h
libtrunkd_ctl_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBPQ_CFLAGS)
trunkctl_SOURCES = src/ctl/main.c
trunkctl_LDADD = libtrunkd-ctl.a libtrunkd-config.a libtrunkd-vault.a libtrunkd-pg.a libtrunkd-core.a \
	$(YAML_LIBS) $(SODIUM_LIBS) $(LIBPQ_LIBS) $(JSON_C_LIBS)
trunkd_doc_SOURCES = src/ctl/doc.c src/ctl/doc.h src/ctl/doc_completion.c src/ctl/doc_manual.c src/ctl/doc_schema.c
trunkd_doc_LDADD = $(trunkctl_LDADD)
dist_pkgdata_DATA = contrib/manifest.schema.json

unit_tests += tests/unit/test_manifest
tests_unit_test_manifest_SOURCES = tests/unit/test_manifest.c $(ctl_manifest)
tests_unit_test_manifest_LDADD = $(CONFIG_TEST_LDADD)
unit_tests += tests/unit/test_mutations
tests_unit_test_mutations_SOURCES = tests/unit/test_mutations.c $(ctl_manifest)
tests_unit_test_mutations_LDADD = $(CONFIG_TEST_LDADD)
