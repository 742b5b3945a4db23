/* The rule: a write is done, or provably not done, or unknown; and unknown is what is left. A rule that is missing from a table may
 * cost a list, never a duplicate. */
#include "judge.h"

#include <assert.h>
#include <string.h>

#include <trunkd/text.h>

#define WORDS_BYTES_MAX 200

static bool is_read(enum operation operation)
{
    assert(operation < OP_MAX_);
    return (ON_READ & (1u << operation)) != 0;
}

/* One line, whatever the provider wrote. */
static const char *words_of(const struct reply *reply, const char *provider, const struct complaint *complaint, struct arena *arena)
{
    char *words;

    if (complaint->code)
        words = arena_printf(arena, "HTTP %d, %s %s: %s", reply->status, provider, complaint->code, text_or(complaint->message, ""));
    else if (reply->status == 401 || (reply->status >= 200 && reply->status < 300))
        words = arena_printf(arena, "HTTP %d", reply->status);
    else
        words = arena_printf(arena, "HTTP %d, and the answer is not %s's", reply->status, provider);
    words[text_utf8_cut(words, WORDS_BYTES_MAX)] = '\0';
    for (char *at = words; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    return words;
}

static bool rule_matches(const struct judge_rule *rule, enum operation operation, int status, const char *code)
{
    if (!(rule->operations & (1u << operation)) || (rule->status != 0 && rule->status != status))
        return false;
    if (!rule->code)
        return true;
    if (!*rule->code)
        return !code;
    size_t length = strlen(rule->code);
    bool all_that_begin_so = rule->code[length - 1] == '*';
    return code && (all_that_begin_so ? strncmp(rule->code, code, length - 1) == 0 : strcmp(rule->code, code) == 0);
}

/* 4xx says that a request was understood and not carried out; 408 and 425 say no such thing. */
static bool is_refusal(int status)
{
    return status >= 400 && status < 500 && status != 408 && status != 425;
}

struct judgement judge(enum operation operation, const struct reply *reply, const char *provider, const struct complaint *complaint,
                       const struct judge_rule *rules, size_t count, struct arena *arena)
{
    struct judgement judgement = {
        .verdict = is_read(operation) ? VERDICT_LATER : VERDICT_UNKNOWN,
        .retry_after_ms = reply->retry_after_ms,
    };

    if (reply->transport != REPLY_ANSWERED) {
        if (reply->transport == REPLY_NOT_SENT)
            judgement.verdict = VERDICT_NOT_SENT;
        judgement.words = arena_strdup(arena, reply->text);
        return judgement;
    }
    judgement.words = words_of(reply, provider, complaint, arena);
    if (reply->status >= 200 && reply->status < 300)
        judgement.verdict = VERDICT_DONE;
    for (size_t i = 0; is_refusal(reply->status) && i < count; i++) {
        if (!rule_matches(&rules[i], operation, reply->status, complaint->code))
            continue;
        judgement.verdict = rules[i].verdict;
        judgement.reason = rules[i].reason;
        break;
    }
    return judgement;
}
