# simd: the program trunkd-sim; libmicrohttpd around libtrunkd-sim.a.
