/* A vault on a directory of its own, for the tests of the vault. */
#ifndef TEST_VAULT_FIXTURE_H
#define TEST_VAULT_FIXTURE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <trunkd/vault.h>
#include <unistd.h>

static char directory[64];

static const char *path_of(const char *name)
{
    static char path[4][256];
    static size_t next;
    char *p = path[next++ % 4];

    snprintf(p, sizeof path[0], "%s/%s", directory, name);
    return p;
}

static inline void write_file(const char *name, const char *text, mode_t mode)
{
    const char *path = path_of(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    assert_int_equal(chmod(path, mode), 0);
}

/* key_paths: names below the directory, NULL-terminated. */
static bool open_vault(const char *const *names, struct vault **ret_vault, struct err *err)
{
    char paths[4][256], secrets[256], credentials[256];
    const char *list[4];
    struct vault_options options = { .secrets_directory = secrets, .credentials_directory = credentials, .key_paths = list };

    snprintf(secrets, sizeof secrets, "%s/secrets", directory);
    snprintf(credentials, sizeof credentials, "%s/credentials", directory);
    for (; names[options.key_paths_count]; options.key_paths_count++) {
        size_t i = options.key_paths_count;

        snprintf(paths[i], sizeof paths[i], "%s/%s", directory, names[i]);
        list[i] = paths[i];
    }
    return vault_new(&options, ret_vault, err);
}

static struct vault *one_key_vault(void)
{
    static const char *const names[] = { "key", NULL };
    struct vault *v = NULL;
    struct err err = { 0 };

    if (!open_vault(names, &v, &err))
        fail_msg("%s", err.text);
    return v;
}

static int set_up(void **state)
{
    struct err err = { 0 };

    (void)state;
    snprintf(directory, sizeof directory, "/tmp/trunkd-test-vault-XXXXXX");
    if (!mkdtemp(directory) || mkdir(path_of("secrets"), 0700) || mkdir(path_of("secrets/account"), 0700)
        || mkdir(path_of("secrets/sip"), 0700) || mkdir(path_of("credentials"), 0700))
        return -1;
    return vault_key_create(path_of("key"), &err) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
