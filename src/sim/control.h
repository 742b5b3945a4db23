/* The control API: what a test does to the world that no provider's API can. One table of routes, answered at once. */
#ifndef TRUNKD_SIM_CONTROL_H
#define TRUNKD_SIM_CONTROL_H

#include "world.h"

typedef void (*control_step)(struct sim *, struct call *, struct json_object *body);

void control_done(struct call *);                               /* {"ok":true} */
void control_error(struct call *, int status, const char *message);
/* The account or project a body or path names; answers the error when there is none. */
struct tenant *control_tenant(struct sim *, struct call *, const char *id);

/* control_objects.c */
void control_state(struct sim *, struct call *, struct json_object *body);
void control_object_add(struct sim *, struct call *, struct json_object *body);
void control_object_change(struct sim *, struct call *, struct json_object *body);
void control_object_delete(struct sim *, struct call *, struct json_object *body);
bool control_numbers_add(struct sim *, struct call *, struct json_object *body, struct json_object *made);

/* phone.c */
void phone_digest(struct sim *, struct call *, struct json_object *body);
void phone_call(struct sim *, struct call *, struct json_object *body);

#endif
