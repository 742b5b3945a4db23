# model: the rows, as plain structs. Pure.
libtrunkd_core_a_SOURCES += \
	src/model/cut.c \
	src/model/json.c \
	src/model/rows.c \
	src/model/tag.c
unit_tests += \
	tests/unit/test_cut \
	tests/unit/test_json \
	tests/unit/test_rows \
	tests/unit/test_tag
