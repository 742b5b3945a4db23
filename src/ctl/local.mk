# ctl: the program trunkctl; one file per verb.
bin_PROGRAMS += trunkctl
trunkctl_SOURCES = \
	src/ctl/db.c src/ctl/db.h \
	src/ctl/main.c \
	src/ctl/migrate.c \
	src/ctl/options.c src/ctl/options.h \
	src/ctl/out.c src/ctl/out.h \
	src/ctl/seal.c \
	src/ctl/verb.h \
	src/ctl/verbs.c \
	src/ctl/version.c
trunkctl_CPPFLAGS = $(AM_CPPFLAGS) $(LIBPQ_CFLAGS)
trunkctl_LDADD = libtrunkd-vault.a libtrunkd-pg.a libtrunkd-core.a $(SODIUM_LIBS) $(LIBPQ_LIBS) $(JSON_C_LIBS)
