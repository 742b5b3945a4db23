# base: memory, strings, errors, limits. Pure: no I/O, clock, environment or json-c.
libtrunkd_core_a_SOURCES += \
	src/base/err.c
