# reconcile: the machine; one event in, effects out. Pure: time and random bits arrive in events.
