/* Key files and sealed boxes.
 *
 * A key file is text: lines "trunkd-key-1 <key id> <base64 secret key>", empty lines and lines that begin with '#'. The key id is
 * made from the public key, so a line whose parts do not belong together is found out. */
#include "keyring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>
#include <unistd.h>
#include "files.h"

#define KEY_FILE_BYTES_MAX 4096
#define KEY_FILES_MAX 64            /* in one directory */
#define KEY_WORD "trunkd-key-1 "
#define SEALED_WORD "sealed:"
#define BASE64 sodium_base64_VARIANT_ORIGINAL
#define KEY_BASE64_BYTES sodium_base64_ENCODED_LEN(crypto_box_SECRETKEYBYTES, BASE64)
#define PLAINTEXT_BYTES_MAX (VAULT_PLACE_BYTES_MAX + 1 + VAULT_SECRET_BYTES_MAX)
#define BOX_BYTES_MAX (crypto_box_SEALBYTES + PLAINTEXT_BYTES_MAX)

_Static_assert(KEY_BASE64_BYTES <= VAULT_PUBLIC_KEY_BYTES, "a public key in base64 fits its struct");

static void key_id(const unsigned char public_key[crypto_box_PUBLICKEYBYTES], char ret_id[VAULT_KEY_ID_BYTES])
{
    unsigned char digest[crypto_generichash_BYTES_MIN];

    crypto_generichash(digest, sizeof digest, public_key, crypto_box_PUBLICKEYBYTES, NULL, 0);
    sodium_bin2hex(ret_id, VAULT_KEY_ID_BYTES, digest, (VAULT_KEY_ID_BYTES - 1) / 2);
}

static bool ring_knows(const struct keyring *ring, const char *id)
{
    for (size_t i = 0; i < ring->count; i++)
        if (text_equal(ring->keys[i].id, id))
            return true;
    return false;
}

/* One line without its newline. */
static bool ring_add_line(struct keyring *ring, const char *line, size_t length, int64_t written_s, struct err *err)
{
    const size_t id_at = sizeof KEY_WORD - 1, key_at = id_at + VAULT_KEY_ID_BYTES;
    unsigned char *secret_key = ring->secret_keys.bytes + ring->count * crypto_box_SECRETKEYBYTES;
    unsigned char public_key[crypto_box_PUBLICKEYBYTES];
    char id[VAULT_KEY_ID_BYTES];
    size_t bytes;

    if (length == 0 || line[0] == '#')
        return true;
    if (ring->count == VAULT_KEYS_MAX)
        return err_set(err, ERR_CONFIG, "there are more than %d keys: take the oldest away that nothing is sealed with any more", VAULT_KEYS_MAX);
    if (length < key_at || memcmp(line, KEY_WORD, id_at) != 0 || line[key_at - 1] != ' '
        || sodium_base642bin(secret_key, crypto_box_SECRETKEYBYTES, line + key_at, length - key_at, NULL, &bytes, NULL, BASE64) != 0
        || bytes != crypto_box_SECRETKEYBYTES)
        return err_set(err, ERR_CONFIG, "this is not \"" KEY_WORD "<key id> <base64 secret key>\", as trunkd --create-key writes it");
    if (crypto_scalarmult_base(public_key, secret_key) != 0)
        return err_set(err, ERR_CONFIG, "this is no usable key");
    key_id(public_key, id);
    if (memcmp(id, line + id_at, sizeof id - 1) != 0)
        return err_set(err, ERR_CONFIG, "key %s is written under another key id: the line is damaged; put the file back from its copy", id);
    if (ring_knows(ring, id))
        return true;
    memcpy(ring->keys[ring->count].id, id, sizeof id);
    memcpy(ring->keys[ring->count].public, public_key, sizeof public_key);
    ring->keys[ring->count].written_s = written_s;
    ring->count++;
    return true;
}

static bool ring_add_file(struct keyring *ring, int directory, const char *path, struct err *err)
{
    CLEANUP(secret_release) struct secret text = { 0 };
    CLEANUP(fd_close) int fd = file_open(directory, path);
    struct stat st;

    if (fd < 0)
        return err_set(err, ERR_CONFIG, "key file %s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0)
        return err_set(err, ERR_CONFIG, "key file %s: %s", path, strerror(errno));
    if (!file_read(fd, FILE_OURS_ONLY, KEY_FILE_BYTES_MAX, &text, err))
        return err_prefix(err, "key file %s: ", path);
    for (size_t start = 0, end, line = 1; start < text.length; start = end + 1, line++) {
        const unsigned char *newline = memchr(text.bytes + start, '\n', text.length - start);

        end = newline ? (size_t)(newline - text.bytes) : text.length;
        if (!ring_add_line(ring, (const char *)text.bytes + start, end - start, st.st_mtime, err))
            return err_prefix(err, "key file %s, line %zu: ", path, line);
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void directory_close(DIR **d)
{
    if (*d)
        closedir(*d);
}

static bool ring_add_directory(struct keyring *ring, const char *path, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(directory_close) DIR *d = opendir(path);
    char *names[KEY_FILES_MAX];
    size_t count = 0;

    if (!d)
        return err_set(err, ERR_CONFIG, "key directory %s: %s", path, strerror(errno));
    for (const struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        if (count == KEY_FILES_MAX)
            return err_set(err, ERR_CONFIG, "key directory %s: more than %d files", path, KEY_FILES_MAX);
        names[count++] = arena_strdup(&arena, e->d_name);
    }
    qsort(names, count, sizeof names[0], by_name);
    for (size_t i = 0; i < count; i++)
        if (!ring_add_file(ring, dirfd(d), names[i], err))
            return err_prefix(err, "%s: ", path);
    return true;
}

static bool ring_add_path(struct keyring *ring, const char *path, struct err *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return err_set(err, ERR_CONFIG, "key file %s: %s", path, strerror(errno));
    return S_ISDIR(st.st_mode) ? ring_add_directory(ring, path, err) : ring_add_file(ring, AT_FDCWD, path, err);
}

bool keyring_load(const struct vault_options *options, struct keyring *ret_ring, struct err *err)
{
    static const char purpose[] = "trunkd fingerprints 1";
    struct keyring ring = { 0 };
    bool ok = true;

    secret_init(&ring.secret_keys, (VAULT_KEYS_MAX + 1) * crypto_box_SECRETKEYBYTES);   /* one more: a line is read in place */
    for (size_t i = 0; ok && i < options->key_paths_count; i++)
        ok = ring_add_path(&ring, options->key_paths[i], err);
    if (ok && ring.count == 0)
        ok = err_set(err, ERR_CONFIG, "there is no key: name a key file under keys; trunkd --create-key FILE makes one");
    if (!ok) {
        keyring_release(&ring);
        return false;
    }
    secret_init(&ring.fingerprint_key, FINGERPRINT_KEY_BYTES);
    crypto_generichash(ring.fingerprint_key.bytes, FINGERPRINT_KEY_BYTES, (const unsigned char *)purpose, sizeof purpose - 1,
                       ring.secret_keys.bytes, crypto_box_SECRETKEYBYTES);
    *ret_ring = ring;
    return true;
}

void keyring_release(struct keyring *ring)
{
    secret_release(&ring->secret_keys);
    secret_release(&ring->fingerprint_key);
    *ring = (struct keyring){ 0 };
}

bool seal(const unsigned char public_key[crypto_box_PUBLICKEYBYTES], const char *place,
          const void *secret, size_t secret_bytes, char **ret_sealed, struct err *err)
{
    CLEANUP(secret_release) struct secret plain = { 0 };
    unsigned char box[BOX_BYTES_MAX];
    char id[VAULT_KEY_ID_BYTES];
    size_t place_bytes = strlen(place), box_bytes, text_bytes, at;
    char *text;

    if (place_bytes == 0 || place_bytes > VAULT_PLACE_BYTES_MAX || strchr(place, '\n'))
        return err_set(err, ERR_REJECTED, "a place is one line of 1 to %d bytes", VAULT_PLACE_BYTES_MAX);
    if (secret_bytes > VAULT_SECRET_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a secret has at most %d bytes", VAULT_SECRET_BYTES_MAX);
    secret_init(&plain, PLAINTEXT_BYTES_MAX);
    secret_adds(&plain, place);
    secret_adds(&plain, "\n");
    secret_add(&plain, secret, secret_bytes);
    if (crypto_box_seal(box, plain.bytes, plain.length, public_key) != 0)
        return err_set(err, ERR_REJECTED, "the public key is not usable");

    key_id(public_key, id);
    box_bytes = crypto_box_SEALBYTES + plain.length;
    at = sizeof SEALED_WORD - 1 + sizeof id;        /* with the second colon */
    text_bytes = at + sodium_base64_encoded_len(box_bytes, BASE64);
    text = must_malloc(text_bytes);
    snprintf(text, text_bytes, SEALED_WORD "%s:", id);
    sodium_bin2base64(text + at, text_bytes - at, box, box_bytes, BASE64);
    *ret_sealed = text;
    return true;
}

static bool open_box(const struct keyring *ring, size_t key, const unsigned char *box, size_t box_bytes, const char *place,
                     struct secret *ret_secret, struct err *err)
{
    CLEANUP(secret_release) struct secret plain = { 0 };
    size_t place_bytes = strlen(place);

    secret_init(&plain, PLAINTEXT_BYTES_MAX);
    if (box_bytes < crypto_box_SEALBYTES
        || crypto_box_seal_open(plain.bytes, box, box_bytes, ring->keys[key].public,
                                ring->secret_keys.bytes + key * crypto_box_SECRETKEYBYTES) != 0)
        return err_set(err, ERR_CONFIG, "it cannot be opened with key %s: it is damaged", ring->keys[key].id);
    plain.length = box_bytes - crypto_box_SEALBYTES;
    if (plain.length <= place_bytes || memcmp(plain.bytes, place, place_bytes) != 0 || plain.bytes[place_bytes] != '\n')
        return err_set(err, ERR_CONFIG, "it was sealed for another place: seal it again for %s", place);
    secret_init(ret_secret, VAULT_SECRET_BYTES_MAX);
    secret_add(ret_secret, plain.bytes + place_bytes + 1, plain.length - place_bytes - 1);
    return true;
}

bool keyring_unseal(const struct keyring *ring, const char *sealed, const char *place, struct secret *ret_secret, struct err *err)
{
    unsigned char box[BOX_BYTES_MAX];
    const char *id = sealed + sizeof SEALED_WORD - 1;
    size_t box_bytes;

    if (!text_starts(sealed, SEALED_WORD) || strspn(id, "0123456789abcdef") != VAULT_KEY_ID_BYTES - 1
        || id[VAULT_KEY_ID_BYTES - 1] != ':'
        || sodium_base642bin(box, sizeof box, id + VAULT_KEY_ID_BYTES, strlen(id + VAULT_KEY_ID_BYTES), NULL, &box_bytes, NULL, BASE64) != 0)
        return err_set(err, ERR_CONFIG, "it is not a reference of the form sealed:<key id>:<base64>");
    for (size_t i = 0; i < ring->count; i++)
        if (strncmp(ring->keys[i].id, id, VAULT_KEY_ID_BYTES - 1) == 0)
            return open_box(ring, i, box, box_bytes, place, ret_secret, err);
    return err_set(err, ERR_CONFIG, "it is sealed with key %.8s, which is not in the key ring", id);
}

static bool write_all(int fd, const struct secret *s)
{
    for (size_t done = 0; done < s->length;) {
        ssize_t n = write(fd, s->bytes + done, s->length - done);

        if (n < 0 && errno != EINTR)
            return false;
        done += n < 0 ? 0 : (size_t)n;
    }
    return fsync(fd) == 0;
}

static void key_line(struct secret *ret_line)
{
    CLEANUP(secret_release) struct secret secret_key = { 0 };
    unsigned char public_key[crypto_box_PUBLICKEYBYTES];
    char id[VAULT_KEY_ID_BYTES];

    secret_init(&secret_key, crypto_box_SECRETKEYBYTES);
    crypto_box_keypair(public_key, secret_key.bytes);
    key_id(public_key, id);
    secret_init(ret_line, sizeof KEY_WORD + sizeof id + KEY_BASE64_BYTES + 1);
    secret_adds(ret_line, KEY_WORD);
    secret_adds(ret_line, id);
    secret_adds(ret_line, " ");
    sodium_bin2base64((char *)ret_line->bytes + ret_line->length, KEY_BASE64_BYTES, secret_key.bytes, crypto_box_SECRETKEYBYTES, BASE64);
    ret_line->length += KEY_BASE64_BYTES - 1;
    secret_adds(ret_line, "\n");
}

bool vault_key_create(const char *path, struct err *err)
{
    CLEANUP(secret_release) struct secret line = { 0 };
    CLEANUP(fd_close) int fd = -1;

    if (sodium_init() < 0)
        return err_set(err, ERR_BUG, "libsodium does not start: no source of random bytes");
    key_line(&line);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, ERR_CONFIG, "cannot make the key file %s: %s", path, strerror(errno));
    if (!write_all(fd, &line)) {
        err_set(err, ERR_TRANSIENT, "cannot write the key file %s: %s", path, strerror(errno));
        unlink(path);
        return false;
    }
    return true;
}
