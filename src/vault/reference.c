/* From a reference to its secret.
 *
 * The rule: a place names what a secret is for, and its prefix alone decides where a reference may point. A row that people write
 * can therefore not make trunkd send an account's token as a SIP password, nor read any other file. */
#include "room.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <trunkd/text.h>
#include "files.h"

#define NAME_BYTES_MAX 128

static const struct name_space {
    const char *place, *directory, *file, *variable;
} name_spaces[] = {
    { "account/", "account", "file:account/", "env:TRUNKD_ACCOUNT_" },
    { "sip/",     "sip",     "file:sip/",     "env:TRUNKD_SIP_" },
};

static const struct name_space *name_space_of(const char *place)
{
    for (size_t i = 0; i < ARRAY_SIZE(name_spaces); i++)
        if (text_starts(place, name_spaces[i].place) && place[strlen(name_spaces[i].place)] != '\0')
            return &name_spaces[i];
    return NULL;
}

/* One component of a path: nothing that leads elsewhere, nothing hidden. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > NAME_BYTES_MAX || name[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
            return false;
    return true;
}

/* Credentials directory first. -1 with errno; ENOENT: in neither. */
static int open_named(const struct vault *v, const struct name_space *space, const char *name)
{
    int fd = -1;

    errno = ENOENT;
    if (v->credentials_directory) {
        CLEANUP(fd_close) int directory = directory_open(AT_FDCWD, v->credentials_directory);
        char file[sizeof "account." + NAME_BYTES_MAX];

        snprintf(file, sizeof file, "%s.%s", space->directory, name);
        if (directory >= 0)
            fd = file_open(directory, file);
    }
    if (fd < 0 && errno == ENOENT && v->secrets_directory) {
        CLEANUP(fd_close) int top = directory_open(AT_FDCWD, v->secrets_directory);
        CLEANUP(fd_close) int directory = top < 0 ? -1 : directory_open(top, space->directory);

        if (directory >= 0)
            fd = file_open(directory, name);
    }
    return fd;
}

static bool from_file(const struct vault *v, const struct name_space *space, const char *name, struct secret *ret_secret, struct err *err)
{
    CLEANUP(fd_close) int fd = -1;

    if (!is_name(name))
        return err_set(err, ERR_CONFIG, "the name after %s is made of letters, digits, '.', '_' and '-'", space->file);
    fd = open_named(v, space, name);
    if (fd < 0 && errno == ENOENT)
        return err_set(err, ERR_CONFIG, "%s%s: there is neither a credential %s.%s nor a file %s%s in the secrets directory",
                       space->file, name, space->directory, name, space->place, name);
    if (fd < 0)
        return err_set(err, ERR_CONFIG, "%s%s: %s", space->file, name, strerror(errno));
    if (!file_read(fd, FILE_NOT_WRITABLE, VAULT_SECRET_BYTES_MAX, ret_secret, err))
        return err_prefix(err, "%s%s: ", space->file, name);
    return true;
}

static bool from_environment(const struct vault *v, const char *name, struct secret *ret_secret, struct err *err)
{
    if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != strlen(name))
        return err_set(err, ERR_CONFIG, "the name of an environment variable is made of capital letters, digits and '_'");
    for (size_t i = 0; i < v->variables_count; i++) {
        if (!text_equal(v->variables[i].name, name))
            continue;
        secret_init(ret_secret, VAULT_SECRET_BYTES_MAX);
        secret_add(ret_secret, v->variables[i].value.bytes, v->variables[i].value.length);
        return true;
    }
    return err_set(err, ERR_CONFIG, "env:%s: this variable was not set when the program started", name);
}

static bool resolve(const struct vault *v, const struct name_space *space, const char *reference, const char *place,
                    struct secret *ret_secret, struct err *err)
{
    if (text_starts(reference, space->file))
        return from_file(v, space, reference + strlen(space->file), ret_secret, err);
    if (text_starts(reference, space->variable))
        return from_environment(v, reference + strlen("env:"), ret_secret, err);
    if (text_starts(reference, "sealed:"))
        return keyring_unseal(&v->ring, reference, place, ret_secret, err);
    return err_set(err, ERR_CONFIG, "not a reference allowed here: %sNAME, %sNAME or sealed:<key id>:<base64>", space->file, space->variable);
}

bool reference_resolve(const struct vault *v, const char *reference, const char *place, struct secret *ret_secret, struct err *err)
{
    CLEANUP(secret_release) struct secret s = { 0 };
    const struct name_space *space = name_space_of(place);

    if (!space)
        return err_set(err, ERR_BUG, "secret of %s: a place begins with account/ or sip/", place);
    if (!resolve(v, space, text_or(reference, ""), place, &s, err) || !secret_check_text(&s, err))
        return err_prefix(err, "secret of %s: ", place);
    *ret_secret = s;
    s = (struct secret){ 0 };
    return true;
}
