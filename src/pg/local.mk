# pg: libpq, asynchronous and pipelined, libtrunkd-pg.a. The only room that links libpq.
noinst_LIBRARIES += libtrunkd-pg.a
libtrunkd_pg_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBPQ_CFLAGS) $(SYSTEMD_CFLAGS)
libtrunkd_pg_a_SOURCES =

# The SQL that is compiled in. A file that is added or taken away is noticed because its folder changes.
sql_files = $(sort $(wildcard $(srcdir)/sql/queries/*.sql)) $(sort $(wildcard $(srcdir)/sql/schema/*.sql))
nodist_libtrunkd_pg_a_SOURCES = src/pg/statements.c
CLEANFILES += src/pg/statements.c
src/pg/statements.c: $(srcdir)/src/pg/sql2c.awk $(srcdir)/sql/queries $(srcdir)/sql/schema $(sql_files)
	$(AM_V_GEN)$(MKDIR_P) src/pg && LC_ALL=C $(AWK) -f $(srcdir)/src/pg/sql2c.awk $(sql_files) > $@.tmp && mv $@.tmp $@

unit_tests += tests/unit/test_statements
tests_unit_test_statements_LDADD = libtrunkd-pg.a $(LDADD)
