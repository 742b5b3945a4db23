# pg: libpq, asynchronous and pipelined, libtrunkd-pg.a. The only room that links libpq.
