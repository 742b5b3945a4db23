# reconcile: the machine; one event in, effects out. Pure: time and random bits arrive in events.
libtrunkd_core_a_SOURCES += \
	src/reconcile/answer.c \
	src/reconcile/commit.c \
	src/reconcile/core.c \
	src/reconcile/gate.c \
	src/reconcile/figures.c \
	src/reconcile/leads.c \
	src/reconcile/ledger.c \
	src/reconcile/line.c \
	src/reconcile/listed.c \
	src/reconcile/lookup.c \
	src/reconcile/message.c \
	src/reconcile/operate.c \
	src/reconcile/owners.c \
	src/reconcile/place.c \
	src/reconcile/reading.c \
	src/reconcile/reload.c \
	src/reconcile/rows.c src/reconcile/rows.h \
	src/reconcile/brake.c \
	src/reconcile/scan.c \
	src/reconcile/unclaimed.c \
	src/reconcile/setup.c \
	src/reconcile/show.c \
	src/reconcile/standing.c \
	src/reconcile/state.h \
	src/reconcile/sweep.c \
	src/reconcile/transition.c \
	src/reconcile/transition.h \
	src/reconcile/turn.c \
	src/reconcile/turn.h \
	src/reconcile/unit.c \
	src/reconcile/view.c
unit_tests += tests/unit/test_place tests/unit/test_transition
