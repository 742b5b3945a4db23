# sim: both providers as one pure state machine, libtrunkd-sim.a. Uses base and json-c, never kinds.
noinst_LIBRARIES += libtrunkd-sim.a
libtrunkd_sim_a_SOURCES = \
	src/sim/call.c \
	src/sim/control.c src/sim/control.h \
	src/sim/control_objects.c \
	src/sim/date.c \
	src/sim/fault.c \
	src/sim/form.c src/sim/form.h \
	src/sim/hash.c src/sim/hash.h \
	src/sim/json.c src/sim/json.h \
	src/sim/jwt.c \
	src/sim/livekit.c src/sim/livekit.h \
	src/sim/livekit_codec.c \
	src/sim/livekit_fields.c \
	src/sim/livekit_list.c \
	src/sim/livekit_objects.c \
	src/sim/livekit_past.c \
	src/sim/livekit_rules.c \
	src/sim/livekit_update.c \
	src/sim/log.c \
	src/sim/phone.c \
	src/sim/settings.c \
	src/sim/store.c \
	src/sim/twilio.c src/sim/twilio.h \
	src/sim/twilio_access.c \
	src/sim/twilio_account.c \
	src/sim/twilio_collection.c \
	src/sim/twilio_show.c \
	src/sim/twilio_trunks.c \
	src/sim/twilio_voice.c \
	src/sim/world.h

SIM_TEST_LDADD = libtrunkd-sim.a $(LDADD)
SIM_FIXTURE = tests/unit/sim_fixture.c tests/unit/sim_fixture.h
unit_tests += \
	tests/unit/test_sim_bytes \
	tests/unit/test_sim_faults \
	tests/unit/test_sim_livekit \
	tests/unit/test_sim_livekit_rules \
	tests/unit/test_sim_phone \
	tests/unit/test_sim_twilio \
	tests/unit/test_sim_twilio_kinds
tests_unit_test_sim_bytes_SOURCES = tests/unit/test_sim_bytes.c
tests_unit_test_sim_bytes_LDADD = $(SIM_TEST_LDADD)
tests_unit_test_sim_faults_SOURCES = tests/unit/test_sim_faults.c $(SIM_FIXTURE)
tests_unit_test_sim_faults_LDADD = $(SIM_TEST_LDADD)
tests_unit_test_sim_livekit_SOURCES = tests/unit/test_sim_livekit.c $(SIM_FIXTURE)
tests_unit_test_sim_livekit_LDADD = $(SIM_TEST_LDADD)
tests_unit_test_sim_livekit_rules_SOURCES = tests/unit/test_sim_livekit_rules.c $(SIM_FIXTURE)
tests_unit_test_sim_livekit_rules_LDADD = $(SIM_TEST_LDADD)
tests_unit_test_sim_phone_SOURCES = tests/unit/test_sim_phone.c $(SIM_FIXTURE)
tests_unit_test_sim_phone_LDADD = $(SIM_TEST_LDADD)
tests_unit_test_sim_twilio_SOURCES = tests/unit/test_sim_twilio.c $(SIM_FIXTURE)
tests_unit_test_sim_twilio_LDADD = $(SIM_TEST_LDADD)
tests_unit_test_sim_twilio_kinds_SOURCES = tests/unit/test_sim_twilio_kinds.c $(SIM_FIXTURE)
tests_unit_test_sim_twilio_kinds_LDADD = $(SIM_TEST_LDADD)
