# plan: wanted and known in, operations in order out. Pure.
libtrunkd_core_a_SOURCES += src/plan/plan.c src/plan/plan.h src/plan/status.c src/plan/status.h
unit_tests += tests/unit/test_plan tests/unit/test_plan_livekit tests/unit/test_status
