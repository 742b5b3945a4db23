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
	src/sim/livekit_rules.c \
	src/sim/livekit_update.c \
	src/sim/log.c \
	src/sim/phone.c \
	src/sim/settings.c \
	src/sim/store.c \
	src/sim/twilio.c src/sim/twilio.h \
	src/sim/twilio_account.c \
	src/sim/twilio_show.c \
	src/sim/twilio_trunks.c \
	src/sim/world.h
