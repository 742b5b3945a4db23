/* What a connection policy and its targets share. */
#ifndef TRUNKD_KINDS_CONNECTION_POLICY_H
#define TRUNKD_KINDS_CONNECTION_POLICY_H

#include <trunkd/kind.h>

/* Whether the scene is a trunk that asks for one. */
bool connection_policy_wanted(const struct scene *, struct arena *);

#endif
