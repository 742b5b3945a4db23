# daemon: the program trunkd; wires the core to the shells.
bin_PROGRAMS += trunkd
trunkd_SOURCES = \
	src/daemon/arrivals.c \
	src/daemon/arrivals.h \
	src/daemon/figures.c \
	src/daemon/figures.h \
	src/daemon/hooks.c \
	src/daemon/hooks.h \
	src/daemon/log.c \
	src/daemon/log.h \
	src/daemon/main.c \
	src/daemon/manager.c \
	src/daemon/manager.h \
	src/daemon/state.c \
	src/daemon/state.h
# The status page, compiled in.
page_files = $(srcdir)/src/daemon/page.html $(srcdir)/src/daemon/page.css $(srcdir)/src/daemon/page.js
nodist_trunkd_SOURCES = src/daemon/pages.c
CLEANFILES += src/daemon/pages.c
src/daemon/pages.c: $(srcdir)/src/daemon/page.awk $(page_files)
	$(AM_V_GEN)$(MKDIR_P) src/daemon && LC_ALL=C $(AWK) -f $(srcdir)/src/daemon/page.awk $(page_files) > $@.tmp && mv $@.tmp $@
trunkd_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/daemon $(SYSTEMD_CFLAGS)
trunkd_LDADD = libtrunkd-metrics.a libtrunkd-pg.a libtrunkd-http.a libtrunkd-vault.a libtrunkd-config.a libtrunkd-core.a \
	$(LIBPQ_LIBS) $(CURL_LIBS) $(SODIUM_LIBS) $(YAML_LIBS) $(JSON_C_LIBS) $(MICROHTTPD_LIBS) $(SYSTEMD_LIBS)

unit_tests += tests/unit/test_arrivals
tests_unit_test_arrivals_SOURCES = tests/unit/test_arrivals.c tests/unit/vault_fixture.h src/daemon/arrivals.c src/daemon/arrivals.h
tests_unit_test_arrivals_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src -I$(top_srcdir)/src/daemon $(SYSTEMD_CFLAGS)
tests_unit_test_arrivals_LDADD = $(VAULT_TEST_LDADD) $(SYSTEMD_LIBS)

unit_tests += tests/unit/test_figures
tests_unit_test_figures_SOURCES = tests/unit/test_figures.c tests/unit/vault_fixture.h src/daemon/figures.c src/daemon/state.c
nodist_tests_unit_test_figures_SOURCES = src/daemon/pages.c
tests_unit_test_figures_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src -I$(top_srcdir)/src/daemon $(SYSTEMD_CFLAGS)
tests_unit_test_figures_LDADD = libtrunkd-metrics.a libtrunkd-vault.a libtrunkd-core.a $(CMOCKA_LIBS) $(SODIUM_LIBS) $(JSON_C_LIBS) \
	$(MICROHTTPD_LIBS) $(SYSTEMD_LIBS)
