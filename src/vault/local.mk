# vault: references, sealing, tokens, random; libtrunkd-vault.a. The only room that links libsodium.
noinst_LIBRARIES += libtrunkd-vault.a
libtrunkd_vault_a_SOURCES = \
	src/vault/environment.c \
	src/vault/files.c src/vault/files.h \
	src/vault/fill.c \
	src/vault/fingerprint.c src/vault/fingerprint.h \
	src/vault/keyring.c src/vault/keyring.h \
	src/vault/reference.c \
	src/vault/room.h \
	src/vault/scrub.c \
	src/vault/secret.c src/vault/secret.h \
	src/vault/vault.c
libtrunkd_vault_a_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS)

VAULT_TEST_LDADD = libtrunkd-vault.a $(LDADD) $(SODIUM_LIBS)
unit_tests += tests/unit/test_vault tests/unit/test_vault_scrub tests/unit/test_vault_sentences
tests_unit_test_vault_LDADD = $(VAULT_TEST_LDADD)
tests_unit_test_vault_scrub_LDADD = $(VAULT_TEST_LDADD)
tests_unit_test_vault_sentences_LDADD = $(VAULT_TEST_LDADD)
