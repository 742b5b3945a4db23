# daemon: the program trunkd; wires the core to the shells.
