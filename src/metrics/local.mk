# metrics: figures as text, and a small server on the event loop, libtrunkd-metrics.a. Links libmicrohttpd, as simd does.
noinst_LIBRARIES += libtrunkd-metrics.a
libtrunkd_metrics_a_SOURCES = src/metrics/server.c src/metrics/text.c
libtrunkd_metrics_a_CPPFLAGS = $(AM_CPPFLAGS) $(MICROHTTPD_CFLAGS) $(SYSTEMD_CFLAGS)

unit_tests += tests/unit/test_metrics
tests_unit_test_metrics_LDADD = libtrunkd-metrics.a $(LDADD) $(MICROHTTPD_LIBS) $(SYSTEMD_LIBS)
