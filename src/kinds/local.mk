# kinds: one file per external kind, two per provider, and what draws on the field tables. Pure.
libtrunkd_core_a_SOURCES += \
	src/kinds/accounts.c \
	src/kinds/connection_policy.c \
	src/kinds/connection_policy.h \
	src/kinds/connection_policy_target.c \
	src/kinds/credential.c \
	src/kinds/credential.h \
	src/kinds/credential_list.c \
	src/kinds/decode.c \
	src/kinds/decode.h \
	src/kinds/dispatch_rule.c \
	src/kinds/encode.c \
	src/kinds/encode.h \
	src/kinds/inbound_trunk.c \
	src/kinds/judge.c \
	src/kinds/judge.h \
	src/kinds/kinds.c \
	src/kinds/kinds.h \
	src/kinds/livekit.c \
	src/kinds/livekit.h \
	src/kinds/origination_url.c \
	src/kinds/outbound_trunk.c \
	src/kinds/recording.c \
	src/kinds/secure.c \
	src/kinds/secure.h \
	src/kinds/setting.c \
	src/kinds/setting.h \
	src/kinds/spec.c \
	src/kinds/trunk_credential_list.c \
	src/kinds/trunk_phone_number.c \
	src/kinds/twilio.c \
	src/kinds/twilio.h \
	src/kinds/twilio_judge.c \
	src/kinds/twilio_trunk.c \
	src/kinds/url.c \
	src/kinds/url.h \
	src/kinds/value.c \
	src/kinds/value.h
unit_tests += \
	tests/unit/test_connection_policy \
	tests/unit/test_credentials \
	tests/unit/test_dispatch_rule \
	tests/unit/test_inbound_trunk \
	tests/unit/test_judge \
	tests/unit/test_kinds \
	tests/unit/test_origination_url \
	tests/unit/test_outbound_trunk \
	tests/unit/test_recording \
	tests/unit/test_secure \
	tests/unit/test_spec \
	tests/unit/test_trunk_phone_number \
	tests/unit/test_twilio_trunk
