# base: memory, strings, errors, limits. Pure: no I/O, clock, environment or json-c.
libtrunkd_core_a_SOURCES += \
	src/base/arena.c \
	src/base/buf.c \
	src/base/err.c \
	src/base/json_write.c \
	src/base/map.c \
	src/base/text.c

unit_tests += \
	tests/unit/test_arena \
	tests/unit/test_buf \
	tests/unit/test_err \
	tests/unit/test_json_write \
	tests/unit/test_map \
	tests/unit/test_text
