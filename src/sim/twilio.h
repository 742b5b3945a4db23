/* What the Twilio files share: routes, form parameters, pages. */
#ifndef TRUNKD_SIM_TWILIO_H
#define TRUNKD_SIM_TWILIO_H

#include "form.h"
#include "world.h"

enum param_type { PARAM_TEXT, PARAM_ENUM, PARAM_BOOL, PARAM_INT, PARAM_URL, PARAM_SIP_URL };

struct param {
    const char *name, *field;       /* form parameter; member of the stored body, NULL: the handler takes it */
    enum param_type type;
    int64_t min, max;               /* PARAM_INT: the value; PARAM_TEXT: max characters, 0: any */
    const char *values;             /* PARAM_ENUM: "a|b" */
    bool required;                  /* in a create */
};

struct twilio_collection;
struct twilio_route {
    const char *method;
    const char *pattern[9];         /* segments; "*" is any id; NULL ends */
    call_step run;
    const struct param *params;     /* of a POST; ends with a NULL name */
    int64_t invalid_code;           /* for a parameter that breaks its rule */
    const struct twilio_collection *collection;     /* of the generic verbs below */
};

/* A kind whose verbs are those of every other one. Its rules answer the error themselves when they say false. */
struct twilio_collection {
    enum sim_kind kind, above;      /* above: the kind of its parent, KIND_MAX_ when it has none */
    size_t above_at, id_at;         /* segments of the path */
    const char *key;                /* of the array in a list */
    struct json_object *(*fresh)(void);
    /* `self` is NULL in a create; `form` has been checked against the parameters. */
    bool (*usable)(struct sim *, struct call *, const struct form *, const struct object *above, const struct object *self);
    bool (*removable)(struct sim *, struct call *, struct object *);    /* NULL: always; takes along what goes with it */
};
void twilio_collection_list(struct sim *, struct call *);
void twilio_collection_create(struct sim *, struct call *);
void twilio_collection_get(struct sim *, struct call *);
void twilio_collection_update(struct sim *, struct call *);
void twilio_collection_delete(struct sim *, struct call *);
size_t twilio_count_below(const struct tenant *, enum sim_kind, const char *parent);
void twilio_remove_below(struct object *parent, enum sim_kind);
/* A name is looked for among what was there when the request arrived, if the setting lets two at once pass. */
bool twilio_met(const struct sim *, const struct call *, const struct object *);
bool twilio_is_sip_url(const char *url, bool sips_too);
void twilio_fold_sip_url(const struct sim *, struct json_object *body, const char *key);

/* Reads and checks the form against the route's parameters; answers the error when it says false. */
bool twilio_form(struct sim *, struct call *, bool create, struct form *ret_form);
void twilio_apply(const struct sim *, const struct call *, const struct form *, struct json_object *body);

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
struct json_object *twilio_recording_of(const struct object *trunk);
struct json_object *twilio_recording_defaults(void);
struct json_object *twilio_number_defaults(const char *phone_number);
struct json_object *twilio_url_defaults(void);

struct json_object *twilio_address_defaults(void);
struct json_object *twilio_policy_defaults(void);
struct json_object *twilio_target_defaults(void);
struct json_object *twilio_byoc_defaults(void);

extern const struct twilio_route twilio_trunk_routes[], twilio_account_routes[], twilio_access_routes[], twilio_voice_routes[];

#endif
