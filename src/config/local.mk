# config: configuration file and manifests, libtrunkd-config.a. The only room that links libyaml.
noinst_LIBRARIES += libtrunkd-config.a
libtrunkd_config_a_SOURCES = \
	src/config/config.c \
	src/config/duration.c \
	src/config/yaml.c \
	src/config/yaml_write.c
libtrunkd_config_a_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS)

CONFIG_TEST_LDADD = libtrunkd-config.a $(LDADD) $(YAML_LIBS)
unit_tests += tests/unit/test_yaml
tests_unit_test_yaml_LDADD = $(CONFIG_TEST_LDADD)
unit_tests += tests/unit/test_config
tests_unit_test_config_LDADD = $(CONFIG_TEST_LDADD)
