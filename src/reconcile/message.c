/* The table of lines for people. */
#include <trunkd/core.h>

const struct message_row messages[MESSAGE_MAX_] = {
#define MESSAGE(name, level, about, id) [MESSAGE_##name] = { #name, LOG_LEVEL_##level, ABOUT_##about, id },
#include <trunkd/messages.def>
#undef MESSAGE
};
