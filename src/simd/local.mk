# simd: the program trunkd-sim; libmicrohttpd around libtrunkd-sim.a.
bin_PROGRAMS += trunkd-sim
trunkd_sim_SOURCES = src/simd/main.c src/simd/server.c src/simd/server.h
trunkd_sim_CPPFLAGS = $(AM_CPPFLAGS) $(MICROHTTPD_CFLAGS)
trunkd_sim_LDADD = libtrunkd-sim.a libtrunkd-core.a $(MICROHTTPD_LIBS) $(JSON_C_LIBS)
