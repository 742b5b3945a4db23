/* manager: the loop, and who is wired to whom. Events in from the shells, effects out to them; no policy. */
#ifndef TRUNKD_DAEMON_MANAGER_H
#define TRUNKD_DAEMON_MANAGER_H

#include <trunkd/config.h>
#include <trunkd/err.h>

struct buf;
struct manager;
struct vault;

/* Reads a configuration file, and asks the rooms beside what they know better. False: it is wrong, and ret_config empty; all that is wrong
 * is in complaints. */
MUST_CHECK bool manager_read_config(const char *path, struct config *ret_config, struct buf *complaints);

/* The key ring and the folders of secrets that a configuration names. */
MUST_CHECK bool manager_open_vault(const struct config *, struct vault **ret_vault, struct err *err);

/* config is taken over (released with the manager, replaced at a reload); path: where it was read. */
MUST_CHECK bool manager_new(struct config *, const char *path, struct manager **ret_manager, struct err *err);
void manager_free(struct manager *);

/* Until a signal ends it. The exit code. */
int manager_run(struct manager *);

#endif
