/* From a settings document of a row to fields of a spec. The document was checked by the database; what is not in it is not set. */
#ifndef TRUNKD_KINDS_SETTING_H
#define TRUNKD_KINDS_SETTING_H

#include <trunkd/kind.h>

/* One setting (include/trunkd/settings.def): its key in the document, and the field it becomes. Seconds become a duration; of a field
 * with names, `words` are what the document says for each name, in the same order. */
struct setting {
    const char *key;
    size_t field;
    const char *const *words;
};

/* document: JSON text, NULL when there is none. */
void settings_take(const struct kind *, const struct setting *, size_t count, const char *document, struct arena *, struct spec *);

/* Whether a switch is on. */
bool setting_is_on(const char *document, const char *key, struct arena *);

/* The first of the documents that a setting lists; NULL: there is none. */
const struct json *setting_documents(const char *document, const char *key, struct arena *);
/* A number of such a document, under the field's name; `standard` where there is none. */
const char *setting_int(const struct json *document, const struct field *, const char *standard, struct arena *);

/* The password that a document refers to, by its key auth_password: the field gets what the vault says of it, once it has looked. */
void settings_password(const struct scene *, const char *document, size_t field, struct arena *, struct wanted *);

/* What both trunks of LiveKit know. */
extern const char encryption_read[];         /* where LiveKit shows what is in force: `media` where it is set, else the older field */
extern const char *const encryption_names[], *const encryption_words[], *const include_names[], *const include_words[];

#endif
