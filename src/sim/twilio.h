/* What the Twilio files share: routes, form parameters, pages. */
#ifndef TRUNKD_SIM_TWILIO_H
#define TRUNKD_SIM_TWILIO_H

#include "form.h"
#include "world.h"

enum param_type { PARAM_TEXT, PARAM_ENUM, PARAM_BOOL, PARAM_INT };

struct param {
    const char *name, *field;       /* form parameter; member of the stored body, NULL: the handler takes it */
    enum param_type type;
    int64_t min, max;               /* PARAM_INT: the value; PARAM_TEXT: max characters, 0: any */
    const char *values;             /* PARAM_ENUM: "a|b" */
    bool required;                  /* in a create */
};

struct twilio_route {
    const char *method;
    const char *pattern[9];         /* segments; "*" is any id; NULL ends */
    call_step run;
    const struct param *params;     /* of a POST; ends with a NULL name */
    int64_t invalid_code;           /* for a parameter that breaks its rule */
};

/* Reads and checks the form against the route's parameters; answers the error when it says false. */
bool twilio_form(struct sim *, struct call *, bool create, struct form *ret_form);
void twilio_apply(const struct call *, const struct form *, struct json_object *body);

typedef struct json_object *(*twilio_show_fn)(const struct sim *, const struct object *, const char *host);
struct object_set { struct object **items; size_t count; };     /* in the call's arena */
void twilio_page(struct sim *, struct call *, const char *key, const struct object_set *, twilio_show_fn);
struct object_set twilio_set(struct call *, size_t most);
struct object_set twilio_listed(const struct sim *, struct call *, enum sim_kind, const char *parent);

void twilio_answer(struct sim *, struct call *, int status, const struct object *);
void twilio_missing(struct sim *, struct call *);       /* 404 20404 */
/* The object an id of the path names, or NULL after a 404. */
struct object *twilio_path_object(struct sim *, struct call *, enum sim_kind, const char *parent, const char *id);

struct json_object *twilio_show_trunk_number(const struct sim *, const struct object *, const char *host);
struct json_object *twilio_trunk_defaults(void);
struct json_object *twilio_number_defaults(const char *phone_number);
struct json_object *twilio_url_defaults(void);

extern const struct twilio_route twilio_trunk_routes[], twilio_account_routes[];

#endif
