/* trunkctl seal: a secret from standard input becomes a reference that only the daemon can open. */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <trunkd/text.h>
#include <trunkd/vault.h>
#include <unistd.h>

#include "db.h"
#include "verb.h"

/* One read more than allowed tells "too long" from "just fits". */
MUST_CHECK static bool secret_read(struct buf *ret_secret, struct err *err)
{
    char piece[256];
    ssize_t got;

    buf_init(ret_secret, VAULT_SECRET_BYTES_MAX + 1);
    while ((got = read(STDIN_FILENO, piece, sizeof piece)) > 0) {
        buf_add(ret_secret, piece, (size_t)got);
        if (isatty(STDIN_FILENO) && piece[got - 1] == '\n')
            break;
    }
    explicit_bzero(piece, sizeof piece);
    if (got < 0)
        return err_set(err, ERR_CONFIG, "cannot read the secret from standard input: %m");
    if (!buf_ok(ret_secret))
        return err_set(err, ERR_LIMIT, "the secret is longer than %d bytes", VAULT_SECRET_BYTES_MAX);
    /* The line end that an editor or echo put there is not part of it. */
    if (ret_secret->length > 0 && ret_secret->data[ret_secret->length - 1] == '\n')
        ret_secret->length--;
    if (ret_secret->length > 0 && ret_secret->data[ret_secret->length - 1] == '\r')
        ret_secret->length--;
    ret_secret->data[ret_secret->length] = '\0';
    if (ret_secret->length == 0)
        return err_set(err, ERR_REJECTED, "there is no secret on standard input");
    return true;
}

/* A person's typing is not shown. */
MUST_CHECK static bool secret_ask(struct buf *ret_secret, struct err *err)
{
    struct termios shown, hidden;
    bool ok;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &shown) != 0)
        return secret_read(ret_secret, err);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    fputs("secret: ", stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    ok = secret_read(ret_secret, err);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
    return ok;
}

MUST_CHECK static bool key_from_file(const char *path, char ret_key[static VAULT_PUBLIC_KEY_BYTES], struct err *err)
{
    char line[256] = "";
    size_t length;
    FILE *file = fopen(path, "re");

    if (!file)
        return err_set(err, ERR_CONFIG, "cannot open the key file %s: %m", path);
    length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = '\0';
    length = strcspn(line, " \t\r\n");
    if (length == 0 || length >= VAULT_PUBLIC_KEY_BYTES || line[length + strspn(line + length, " \t\r\n")] != '\0')
        return err_set(err, ERR_CONFIG, "%s does not hold a public key: one line, as in trunkd.seal_key", path);
    line[length] = '\0';
    text_copy(ret_key, VAULT_PUBLIC_KEY_BYTES, line);
    return true;
}

MUST_CHECK static bool key_from_database(const struct options *options, char ret_key[static VAULT_PUBLIC_KEY_BYTES], struct err *err)
{
    CLEANUP(db_close_at) struct db *db = NULL;
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    if (!db_open(options, &db, err) || !db_statement(db, "seal_keys", NULL, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return err_set(err, ERR_CONFIG, "there is no public key in trunkd.seal_key: a daemon with a key ring writes it there when it starts");
    text_copy(ret_key, VAULT_PUBLIC_KEY_BYTES, rows_cell(rows, 0, 1));
    return true;
}

enum exit_code run_seal(const struct options *options)
{
    char key[VAULT_PUBLIC_KEY_BYTES];
    struct buf secret = { 0 };
    char *sealed = NULL;
    struct err err;
    bool ok;

    if (text_is_empty(options->for_what))
        return fail_text("seal needs --for account/NAME or --for sip/NAME: a sealed secret can be used in one place only");
    if (!(text_starts(options->for_what, "account/") && options->for_what[8]) &&
        !(text_starts(options->for_what, "sip/") && options->for_what[4]))
        return fail_text("--for is account/NAME or sip/NAME, not \"%s\"", options->for_what);
    if (strlen(options->for_what) > VAULT_PLACE_BYTES_MAX)
        return fail_text("the name after --for is longer than %d bytes", VAULT_PLACE_BYTES_MAX);
    ok = options->key_file ? key_from_file(options->key_file, key, &err) : key_from_database(options, key, &err);
    ok = ok && secret_ask(&secret, &err) && vault_seal_with(key, options->for_what, secret.data, secret.length, &sealed, &err);
    buf_wipe(&secret);
    if (!ok)
        return fail_text("%s", err.text);
    puts(sealed);
    free(sealed);
    return EXIT_DONE;
}
