# pg: libpq, asynchronous and pipelined, libtrunkd-pg.a. The only room that links libpq.
noinst_LIBRARIES += libtrunkd-pg.a
libtrunkd_pg_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBPQ_CFLAGS) $(SYSTEMD_CFLAGS)
libtrunkd_pg_a_SOURCES = \
	src/pg/backoff.c src/pg/backoff.h \
	src/pg/batch.c src/pg/batch.h \
	src/pg/conninfo.c \
	src/pg/connection.c src/pg/connection.h \
	src/pg/rows.c src/pg/rows.h \
	src/pg/sqlstate.c src/pg/sqlstate.h \
	src/pg/store.c

# The SQL that is compiled in. A file that is added or taken away is noticed because its folder changes.
sql_files = $(sort $(wildcard $(srcdir)/sql/queries/*.sql)) $(sort $(wildcard $(srcdir)/sql/schema/*.sql))
nodist_libtrunkd_pg_a_SOURCES = src/pg/statements.c
CLEANFILES += src/pg/statements.c
src/pg/statements.c: $(srcdir)/src/pg/sql2c.awk $(srcdir)/sql/queries $(srcdir)/sql/schema $(sql_files)
	$(AM_V_GEN)$(MKDIR_P) src/pg && LC_ALL=C $(AWK) -f $(srcdir)/src/pg/sql2c.awk $(sql_files) > $@.tmp && mv $@.tmp $@

unit_tests += tests/unit/test_statements
tests_unit_test_statements_LDADD = libtrunkd-pg.a $(LDADD)

# The room on its own, for tests/integration/test_store.py: effects in, events out, as lines.
noinst_PROGRAMS += tests/integration/store-drive
tests_integration_store_drive_SOURCES = tests/integration/store-drive.c
tests_integration_store_drive_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS)
tests_integration_store_drive_LDADD = libtrunkd-pg.a libtrunkd-core.a $(LIBPQ_LIBS) $(SYSTEMD_LIBS) $(JSON_C_LIBS)

unit_tests += tests/unit/test_pg
tests_unit_test_pg_LDADD = libtrunkd-pg.a $(LDADD)
