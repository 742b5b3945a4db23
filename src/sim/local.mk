# sim: both providers as one pure state machine, libtrunkd-sim.a. Uses base and json-c, never kinds.
