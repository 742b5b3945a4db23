/* Twilio, trunking v1 and api v2010: hosts, requests, pages.
 *
 * The rule is Twilio's. What we do beyond it: an answer that names another account than ours is not used (a parent's token reaches
 * its subaccounts), and a next page is only followed at the origin that we asked, because our credentials go with it. */
#include "twilio.h"

#include <assert.h>
#include <string.h>

#include <trunkd/text.h>

#include "decode.h"
#include "encode.h"
#include "url.h"
#include "value.h"

#define FORM "application/x-www-form-urlencoded"
#define HOME_REGION "us1"

const char *twilio_base(const struct account *account, enum twilio_product product, struct arena *arena)
{
    static const char *const hosts[TWILIO_PRODUCT_MAX_] = { "trunking", "api", "voice" };

    assert(product < TWILIO_PRODUCT_MAX_);
    if (account->base_url)
        return account->base_url;
    if (!account->region || strcmp(account->region, HOME_REGION) == 0)
        return arena_printf(arena, "https://%s.twilio.com", hosts[product]);
    return arena_printf(arena, "https://%s%s%s.%s.twilio.com", hosts[product], account->edge ? "." : "", text_or(account->edge, ""),
                        account->region);
}

static struct request request_to(const struct account *account, enum http_method method, const char *url, struct arena *arena)
{
    return (struct request){
        .method = method,
        .url = url,
        .auth = { AUTH_BASIC, account->user, account->secret, arena_printf(arena, "account/%s", account->name) },
    };
}

static const char *url_of(const struct call *call, enum twilio_product product, const char *literal, va_list parts)
{
    const char *prefix = product == TWILIO_API ? url_path(call->arena, "/2010-04-01/Accounts/", call->account->account_sid, NULL) : "";

    return arena_printf(call->arena, "%s%s%s", twilio_base(call->account, product, call->arena), prefix,
                        url_path_v(call->arena, literal, parts));
}

#define URL_OF(call, product, literal, ret_url) do { \
        va_list parts_; \
        va_start(parts_, literal); \
        *(ret_url) = url_of(call, product, literal, parts_); \
        va_end(parts_); \
    } while (0)

void twilio_get(const struct call *call, enum twilio_product product, struct request *ret, const char *literal, ...)
{
    const char *url;

    URL_OF(call, product, literal, &url);
    *ret = request_to(call->account, HTTP_GET, url, call->arena);
}

void twilio_delete(const struct call *call, enum twilio_product product, struct request *ret, const char *literal, ...)
{
    const char *url;

    URL_OF(call, product, literal, &url);
    *ret = request_to(call->account, HTTP_DELETE, url, call->arena);
}

void twilio_list(const struct call *call, enum twilio_product product, struct request *ret, const char *literal, ...)
{
    const char *url;

    URL_OF(call, product, literal, &url);
    if (call->cursor)
        url = arena_printf(call->arena, "%s%s", url_origin(url, call->arena), call->cursor);
    *ret = request_to(call->account, HTTP_GET, url, call->arena);
}

static void post(const struct call *call, const char *url, struct buf *form, struct request *ret)
{
    struct request request = request_to(call->account, HTTP_POST, url, call->arena);

    request.one_shot = true;
    request.slot = ret->slot;
    encode_body(form, FORM, call->arena, &request);
    *ret = request;
}

void twilio_post(const struct call *call, enum operation operation, enum twilio_product product, const struct kind *kind,
                 struct request *ret, const char *literal, ...)
{
    struct buf form;
    const char *url;

    URL_OF(call, product, literal, &url);
    *ret = (struct request){ .slot = { .secret = NULL } };
    buf_init(&form, BODY_BYTES_MAX);
    encode_form(kind, call->spec, operation == OP_UPDATE ? &call->resource->applied : NULL, &form, ret);
    post(call, url, &form, ret);
}

void twilio_post_form(const struct call *call, const char *path, struct buf *form, struct request *ret)
{
    const char *url = arena_printf(call->arena, "%s%s%s", twilio_base(call->account, TWILIO_API, call->arena),
                                   url_path(call->arena, "/2010-04-01/Accounts/", call->account->account_sid, NULL), path);

    *ret = (struct request){ .slot = { .secret = NULL } };
    post(call, url, form, ret);
}

/* Scheme and host have no case, and Twilio is not known to keep it: a URI is compared with both in small letters. */
const char *twilio_sip_uri(const char *uri, struct arena *arena)
{
    char *text = arena_strdup(arena, uri);
    const size_t end = strcspn(text, ";?"), scheme = strcspn(text, ":");
    const char *at = memchr(text, '@', end);
    const size_t host = at ? (size_t)(at - text) : scheme;

    for (size_t i = 0; i < end; i++)
        if ((i < scheme || i > host) && text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] - 'A' + 'a');
    return text;
}

void twilio_probe(const struct account *account, struct arena *arena, struct request *ret)
{
    twilio_get(&(struct call){ .account = account, .arena = arena }, TWILIO_TRUNKING, ret, "/v1/Trunks?PageSize=1", NULL);
}

/* ---- answers ----------------------------------------------------------------------------------------------------------- */

static const struct json *items_of(const struct json *list, const char *name)
{
    const struct json *items = json_get(list, name);

    return items && items->type == JSON_ARRAY ? items : NULL;
}

/* trunking and voice: meta.next_page_url, absolute. v2010: next_page_uri, relative to the API's host. */
static bool next_page(const struct twilio_shape *shape, const struct call *call, const struct json *list, const char **ret_cursor,
                      struct err *err)
{
    const char *origin = url_origin(twilio_base(call->account, shape->product, call->arena), call->arena);
    const char *link = value_text(shape->product == TWILIO_API ? json_member(list, "next_page_uri")
                                                                  : json_member(json_get(list, "meta"), "next_page_url"));
    const char *path = link ? url_path_at(origin, link) : NULL;

    if (link && !path)
        return err_set(err, ERR_AMBIGUOUS, "the list's next page lies elsewhere than at %s", origin);
    *ret_cursor = path;
    return true;
}

static bool decode_one(const struct twilio_shape *shape, enum operation operation, const struct call *call, const struct json *item,
                       struct found *ret, struct err *err)
{
    const struct kind *kind = shape->kind;
    size_t parent = decode_parent_field(kind);
    const char *account_sid = json_member(item, "account_sid");
    struct found found = { .id = decode_id(item, "sid", SPELLING_AS_IS) };

    if (!found.id)
        return err_set(err, ERR_AMBIGUOUS, "an object in the answer has no sid");
    if (!text_equal(account_sid, call->account->account_sid))
        return err_set(err, ERR_AMBIGUOUS, "the answer is about account %.64s, not %s", text_or(account_sid, "(none)"), call->account->account_sid);
    decode_spec(kind, item, SPELLING_AS_IS, call->arena, &found.spec);
    if (operation != OP_LIST)
        found.spec.left_out = 0;            /* only a list may be shorter than the object */
    if (parent < kind->fields_count) {
        if (!found.spec.value[parent])
            found.spec.value[parent] = call->spec ? call->spec->value[parent] : call->resource ? call->resource->parent_id : NULL;
        found.spec.left_out &= ~(1u << parent);
        found.parent = found.spec.value[parent];
    }
    found.name = json_member(item, "friendly_name");
    if (shape->finish)
        shape->finish(call, item, &found);
    *ret = found;
    return true;
}

bool twilio_decode(const struct twilio_shape *shape, enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    const struct json *body, *items;
    const char *cursor = NULL;
    struct found found;

    if (operation == OP_DELETE && reply->body_bytes == 0) {
        *ret_cursor = NULL;
        return true;
    }
    if (!json_parse(call->arena, reply->body, reply->body_bytes, &body, err))
        return err_prefix(err, "%s: ", shape->kind->name);
    if (operation != OP_LIST) {
        if (!decode_one(shape, operation, call, body, &found, err))
            return err_prefix(err, "%s: ", shape->kind->name);
        each(userdata, &found);
        *ret_cursor = NULL;
        return true;
    }
    items = items_of(body, shape->items);
    if (!items)
        return err_set(err, ERR_AMBIGUOUS, "%s: the answer has no list of %s", shape->kind->name, shape->items);
    if (!next_page(shape, call, body, &cursor, err))
        return err_prefix(err, "%s: ", shape->kind->name);
    for (const struct json *item = items->child; item; item = item->next) {
        if (shape->is_asked_for && !shape->is_asked_for(call, item))
            continue;
        if (!decode_one(shape, operation, call, item, &found, err))
            return err_prefix(err, "%s: ", shape->kind->name);
        each(userdata, &found);
    }
    *ret_cursor = cursor;
    return true;
}
