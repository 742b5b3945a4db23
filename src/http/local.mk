# http: libcurl multi on sd-event, libtrunkd-http.a. The only room that links libcurl.
noinst_LIBRARIES += libtrunkd-http.a
libtrunkd_http_a_SOURCES = \
	src/http/classify.c src/http/classify.h \
	src/http/headers.c src/http/headers.h \
	src/http/http.c \
	src/http/sockets.c src/http/sockets.h \
	src/http/transfer.c src/http/transfer.h \
	src/http/url.c src/http/url.h \
	src/http/wiping.c src/http/wiping.h
libtrunkd_http_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(SYSTEMD_CFLAGS)

HTTP_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(SYSTEMD_CFLAGS)
HTTP_TEST_LDADD = libtrunkd-http.a $(LDADD) $(CURL_LIBS) $(SYSTEMD_LIBS)
unit_tests += tests/unit/test_http tests/unit/test_http_h2 tests/unit/test_http_parts tests/unit/test_http_proof tests/unit/test_http_tls
tests_unit_test_http_SOURCES = tests/unit/test_http.c tests/unit/http_fixture.h tests/unit/loopback.c tests/unit/loopback.h
tests_unit_test_http_CPPFLAGS = $(HTTP_TEST_CPPFLAGS)
tests_unit_test_http_LDADD = $(HTTP_TEST_LDADD)
tests_unit_test_http_parts_CPPFLAGS = $(HTTP_TEST_CPPFLAGS) -I$(top_srcdir)/src
tests_unit_test_http_parts_LDADD = $(HTTP_TEST_LDADD)
tests_unit_test_http_proof_SOURCES = tests/unit/test_http_proof.c tests/unit/http_fixture.h tests/unit/loopback.c tests/unit/loopback.h
tests_unit_test_http_proof_CPPFLAGS = $(HTTP_TEST_CPPFLAGS)
tests_unit_test_http_proof_LDADD = $(HTTP_TEST_LDADD)
tests_unit_test_http_tls_SOURCES = tests/unit/test_http_tls.c tests/unit/tls_fixture.h tests/unit/http_fixture.h tests/unit/loopback.c tests/unit/loopback.h
tests_unit_test_http_tls_CPPFLAGS = $(HTTP_TEST_CPPFLAGS)
tests_unit_test_http_tls_LDADD = $(HTTP_TEST_LDADD)
tests_unit_test_http_h2_SOURCES = tests/unit/test_http_h2.c tests/unit/tls_fixture.h tests/unit/http_fixture.h tests/unit/loopback.c tests/unit/loopback.h
tests_unit_test_http_h2_CPPFLAGS = $(HTTP_TEST_CPPFLAGS)
tests_unit_test_http_h2_LDADD = $(HTTP_TEST_LDADD)
