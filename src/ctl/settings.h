/* settings.def as a table. */
#ifndef TRUNKD_CTL_SETTINGS_H
#define TRUNKD_CTL_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

enum setting_type { SETTING_TEXT, SETTING_BOOL, SETTING_INT, SETTING_LIST, SETTING_MAP, SETTING_DOCUMENTS, SETTING_SECRET };

struct setting {
    const char *document, *key, *manifest;
    enum setting_type type;
    int64_t least, most;            /* -1: none */
    const char *words;              /* separated by spaces */
    const char *what;
};
extern const struct setting settings[];
extern const size_t setting_count;

#endif
