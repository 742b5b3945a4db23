/* trunkd-sim: Twilio and LiveKit on loopback. Options, start-up file, one line of JSON when ready. */
#include "server.h"

#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/text.h>

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX ((size_t)16 << 20)

struct options { struct sockaddr_in addresses[SIM_PORT_MAX_]; int64_t seed, latency_ms; const char *config; };

static void usage(FILE *out)
{
    fputs("Usage: trunkd-sim [OPTION]...\n"
          "A stand-in for Twilio and LiveKit on loopback, with latency, limits and faults.\n\n"
          "  --twilio ADDRESS:PORT    trunking, api and voice hosts together (default 127.0.0.1:0; port 0 picks one)\n"
          "  --livekit ADDRESS:PORT   LiveKit projects, told apart by their API keys (default 127.0.0.1:0)\n"
          "  --config FILE            accounts, projects, numbers and settings to begin with (JSON)\n"
          "  --latency MS             how long each request is in service (default 0)\n"
          "  --seed N                 source of all ids (default 1)\n"
          "  --help, --version\n\n"
          "Prints one JSON line with both URLs when it is ready. Control API: /_sim/ on either port.\n", out);
}

/* "127.0.0.1:8080". Nothing but loopback: the control API asks nobody who he is. */
static bool parse_address(const char *text, struct sockaddr_in *ret_address, struct err *err)
{
    char host[64];
    int64_t port = 0;
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof(host) || !text_to_int(colon + 1, 0, 65535, &port))
        return err_set(err, ERR_CONFIG, "\"%s\" is not ADDRESS:PORT, such as 127.0.0.1:8080", text);
    text_copy(host, (size_t)(colon - text) + 1, text);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    if (inet_pton(AF_INET, text_equal(host, "localhost") ? "127.0.0.1" : host, &address.sin_addr) != 1
        || (ntohl(address.sin_addr.s_addr) >> 24) != 127)
        return err_set(err, ERR_CONFIG, "\"%s\" is not a loopback address: trunkd-sim listens on 127.0.0.0/8 only", host);
    *ret_address = address;
    return true;
}

static bool parse_number(const char *name, const char *text, int64_t max, int64_t *ret_value, struct err *err)
{
    return text_to_int(text, 0, max, ret_value) || err_set(err, ERR_CONFIG, "--%s: \"%s\" is not a number in range", name, text);
}

enum { OPTION_HELP = 1, OPTION_VERSION, OPTION_TWILIO, OPTION_LIVEKIT, OPTION_CONFIG, OPTION_LATENCY, OPTION_SEED };

/* Exits for --help, --version and an unknown option. */
static bool parse_options(int argc, char **argv, struct options *ret_options, struct err *err)
{
    static const struct option table[] = {
        { "help", no_argument, NULL, OPTION_HELP }, { "version", no_argument, NULL, OPTION_VERSION },
        { "twilio", required_argument, NULL, OPTION_TWILIO }, { "livekit", required_argument, NULL, OPTION_LIVEKIT },
        { "config", required_argument, NULL, OPTION_CONFIG }, { "latency", required_argument, NULL, OPTION_LATENCY },
        { "seed", required_argument, NULL, OPTION_SEED }, { 0 },
    };
    struct options o = { .seed = 1 };
    bool ok = parse_address("127.0.0.1:0", &o.addresses[SIM_TWILIO], err) && parse_address("127.0.0.1:0", &o.addresses[SIM_LIVEKIT], err);
    for (int c = 0; ok && (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        switch (c) {
        case OPTION_HELP: usage(stdout); exit(0);
        case OPTION_VERSION: puts("trunkd-sim " PACKAGE_VERSION); exit(0);
        case OPTION_TWILIO: ok = parse_address(optarg, &o.addresses[SIM_TWILIO], err); break;
        case OPTION_LIVEKIT: ok = parse_address(optarg, &o.addresses[SIM_LIVEKIT], err); break;
        case OPTION_CONFIG: o.config = optarg; break;
        case OPTION_LATENCY: ok = parse_number("latency", optarg, 600000, &o.latency_ms, err); break;
        case OPTION_SEED: ok = parse_number("seed", optarg, INT64_MAX, &o.seed, err); break;
        default: usage(stderr); exit(2);
        }
    }
    if (ok && optind < argc)
        return err_set(err, ERR_CONFIG, "\"%s\" is one word too many", argv[optind]);
    *ret_options = o;
    return ok;
}

static void file_close(FILE **f) { if (*f) (void)fclose(*f); }

static bool read_file(const char *path, struct buf *text, struct err *err)
{
    char part[4096];
    CLEANUP(file_close) FILE *f = fopen(path, "re");
    if (!f)
        return err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
    for (size_t n = 0; (n = fread(part, 1, sizeof(part), f)) > 0;)
        buf_add(text, part, n);
    return buf_ok(text) || err_set(err, ERR_LIMIT, "%s: larger than %zu bytes", path, CONFIG_BYTES_MAX);
}

/* The world begins by the same API that tests change it with. */
static bool control(struct sim *sim, int64_t now_ms, const char *path, const char *body, size_t bytes, struct err *err)
{
    struct sim_request request = { .port = SIM_TWILIO, .method = "POST", .path = path, .body = body, .body_bytes = bytes };
    struct sim_answer answer = { 0 };
    (void)sim_arrive(sim, now_ms, &request);
    bool ok = sim_take(sim, &answer) && answer.status < 300;
    if (!ok) {
        CLEANUP(arena_release) struct arena arena = { 0 };
        const char *words = text_or(answer.body, "");
        const struct json *said;
        bool read = json_parse(&arena, words, strlen(words), &said, NULL);
        (void)err_set(err, ERR_CONFIG, "%s", text_or(read ? json_member(said, "error") : NULL, "no answer"));
    }
    sim_answer_release(&answer);
    return ok;
}

static bool begin_world(struct sim *sim, const struct options *o, int64_t now_ms, struct err *err)
{
    struct buf text;
    char latency[64];
    bool ok = true;
    buf_init(&text, CONFIG_BYTES_MAX);
    if (o->config)
        ok = read_file(o->config, &text, err)
            && (control(sim, now_ms, "/_sim/load", text.data, text.length, err) || err_prefix(err, "%s: ", o->config));
    buf_release(&text);
    (void)snprintf(latency, sizeof(latency), "{\"latency_ms\":%lld}", (long long)o->latency_ms);
    return ok && (o->latency_ms == 0 || control(sim, now_ms, "/_sim/config", latency, strlen(latency), err));
}

static int stop_signals(void)
{
    sigset_t set;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void say_ready(const struct server *server, const struct options *o)
{
    char host[2][INET_ADDRSTRLEN];
    for (size_t i = 0; i < SIM_PORT_MAX_; i++)
        (void)inet_ntop(AF_INET, &o->addresses[i].sin_addr, host[i], sizeof(host[i]));
    printf("{\"twilio\":\"http://%s:%u\",\"livekit\":\"http://%s:%u\"}\n", host[SIM_TWILIO], server_port(server, SIM_TWILIO),
           host[SIM_LIVEKIT], server_port(server, SIM_LIVEKIT));
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err = { 0 };
    struct server *server = NULL;
    struct sim *sim = NULL;
    bool ok = parse_options(argc, argv, &options, &err);
    if (ok) {
        struct timespec now;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
        int stop_fd = stop_signals();
        sim = sim_new((uint64_t)options.seed, now_ms);
        ok = begin_world(sim, &options, now_ms, &err) && server_start(sim, options.addresses, &server, &err);
        if (ok)
            say_ready(server, &options);
        ok = ok && server_run(server, stop_fd, &err);
        (void)close(stop_fd);
    }
    server_free(server);
    sim_free(sim);
    if (!ok)
        (void)fprintf(stderr, "trunkd-sim: %s\n", err.text);
    return ok ? 0 : 1;
}
