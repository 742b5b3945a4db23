/* trunkd: the daemon's door: options, the configuration file, and then the loop. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>
#include <trunkd/vault.h>

#include "hooks.h"
#include "log.h"
#include "manager.h"

#define CONFIG_PATH "/etc/trunkd/trunkd.yaml"

static const char help[] =
    "Usage: trunkd [-c FILE] [--check]\n"
    "\n"
    "Makes Twilio and LiveKit match the phone numbers in the tables of the schema trunkd of a PostgreSQL database.\n"
    "\n"
    "  -c, --config FILE    configuration file (default: $TRUNKD_CONFIG, else " CONFIG_PATH ")\n"
    "      --check          say whether the configuration is right, and end\n"
    "      --create-key FILE\n"
    "                       make a new key to seal passwords with, in a new file, and end\n"
    "      --version        print the version, and end\n"
    "  -h, --help           print this, and end\n"
    "\n"
    "Signals: SIGHUP reads the configuration again; SIGTERM ends when what is under way is recorded, within 10 s; SIGUSR1 says in the log how\n"
    "long the longest turn of the loop took since it was asked last.\n";

enum { OPTION_CHECK = 256, OPTION_CREATE_KEY, OPTION_VERSION };

static const struct option options[] = {
    { "config", required_argument, NULL, 'c' },
    { "check", no_argument, NULL, OPTION_CHECK },
    { "create-key", required_argument, NULL, OPTION_CREATE_KEY },
    { "version", no_argument, NULL, OPTION_VERSION },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static bool read_config(const char *path, struct config *ret_config)
{
    struct buf complaints;

    buf_init(&complaints, CONFIG_COMPLAINTS_BYTES_MAX);
    bool ok = manager_read_config(path, ret_config, &complaints);
    fputs(complaints.data, stderr);
    buf_release(&complaints);
    return ok;
}

static int create_key(const char *path)
{
    struct err err = { 0 };

    if (vault_key_create(path, &err))
        return EXIT_SUCCESS;
    fprintf(stderr, "trunkd: %s\n", err.text);
    return EXIT_FAILURE;
}

static int check(const char *path)
{
    struct config config = { 0 };

    struct vault *vault = NULL;
    struct err err = { 0 };

    if (!read_config(path, &config))
        return EXIT_FAILURE;
    bool ok = manager_open_vault(&config, &vault, &err);
    if (ok)
        puts("configuration OK");
    else
        fprintf(stderr, "%s: %s\n", path, err.text);
    vault_free(vault);
    config_release(&config);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(const char *path)
{
    struct config *config = must_calloc(1, sizeof(*config));
    struct manager *manager = NULL;
    struct err err = { 0 };

    if (!read_config(path, config)) {
        free(config);
        return EXIT_FAILURE;
    }
    log_open(config->log_level);
    hooks_open();
    if (!vault_harden(&err) || !manager_new(config, path, &manager, &err)) {
        log_line(MESSAGE_NOT_STARTED, NULL, err.text);
        return EXIT_FAILURE;
    }
    int code = manager_run(manager);
    manager_free(manager);
    return code;
}

int main(int argc, char **argv)
{
    const char *path = getenv("TRUNKD_CONFIG");
    bool only_check = false;

    for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;)
        switch (option) {
        case 'c': path = optarg; break;
        case OPTION_CHECK: only_check = true; break;
        case OPTION_CREATE_KEY: return create_key(optarg);
        case OPTION_VERSION: puts("trunkd " PACKAGE_VERSION); return EXIT_SUCCESS;
        case 'h': fputs(help, stdout); return EXIT_SUCCESS;
        default: fputs("trunkd: try --help\n", stderr); return EXIT_FAILURE;
        }
    if (optind < argc) {
        fprintf(stderr, "trunkd: \"%s\" is not an option; try --help\n", argv[optind]);
        return EXIT_FAILURE;
    }
    path = text_or(path, CONFIG_PATH);
    return only_check ? check(path) : run(path);
}
