# daemon: the program trunkd; wires the core to the shells.
bin_PROGRAMS += trunkd
trunkd_SOURCES = \
	src/daemon/figures.c \
	src/daemon/figures.h \
	src/daemon/hooks.c \
	src/daemon/hooks.h \
	src/daemon/log.c \
	src/daemon/log.h \
	src/daemon/main.c \
	src/daemon/manager.c \
	src/daemon/manager.h
trunkd_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS)
trunkd_LDADD = libtrunkd-metrics.a libtrunkd-pg.a libtrunkd-http.a libtrunkd-vault.a libtrunkd-config.a libtrunkd-core.a \
	$(LIBPQ_LIBS) $(CURL_LIBS) $(SODIUM_LIBS) $(YAML_LIBS) $(JSON_C_LIBS) $(MICROHTTPD_LIBS) $(SYSTEMD_LIBS)
