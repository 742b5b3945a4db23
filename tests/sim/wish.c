/* What a test wishes. */
#include "world.h"

#include <trunkd/text.h>

void world_wish(struct world *w, const char *table, const char *key, const char *columns)
{
    db_wish(&w->db, table, key, columns);
    world_hint(w);
}

void world_ask(struct world *w, const char *verb, const char *object_type, const char *object)
{
    db_ask(&w->db, verb, object_type, object, object);
    world_hint(w);
}

void world_sweep(struct world *w, const char *account, const char *name)
{
    db_ask(&w->db, "sweep", "account", account, name);
    world_hint(w);
}

void world_add_sip(struct world *w, const char *number)
{
    world_wish(w, "number", number, "{'label':'Front desk','provider':'sip','livekit_project':'voice','agent':'support'}");
}

void world_add_sip_both(struct world *w, const char *number)
{
    world_add_sip(w, number);
    world_wish(w, "number", number, "{'supports_outbound':true,'outbound_trunk':{'address':'sip.carrier.example','transport':'tcp',"
        "'auth_username':'desk','auth_password':'file:sip/carrier'}}");
}

void world_add_number(struct world *w, const char *number, const char *directions)
{
    char columns[300];
    bool outbound = !text_equal(directions, "inbound"), inbound = !text_equal(directions, "outbound");

    snprintf(columns, sizeof(columns), "{'label':'Support line','provider':'twilio','twilio_account':'main','livekit_project':'voice',"
             "'agent':%s,'supports_inbound':%s,'supports_outbound':%s}", inbound ? "'support'" : "null", inbound ? "true" : "false",
             outbound ? "true" : "false");
    world_wish(w, "number", number, columns);
}
