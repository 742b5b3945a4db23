/* HTTP/1.1 around the simulator: two ports, one thread, any number of requests waiting. Knows no provider's rule. */
#ifndef TRUNKD_SIMD_SERVER_H
#define TRUNKD_SIMD_SERVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <trunkd/err.h>
#include <trunkd/sim.h>

struct server;

/* Listens at both addresses; a port of 0 picks one. The simulator stays the caller's and outlives the server. */
MUST_CHECK bool server_start(struct sim *, const struct sockaddr_in addresses[SIM_PORT_MAX_], struct server **ret_server, struct err *err);
uint16_t server_port(const struct server *, enum sim_port);
int64_t server_now_ms(const struct server *);       /* the wall clock at the start, plus what a steady clock counted since */
MUST_CHECK bool server_run(struct server *, int stop_fd, struct err *err);      /* until stop_fd can be read */
void server_free(struct server *);                  /* also NULL */

#endif
