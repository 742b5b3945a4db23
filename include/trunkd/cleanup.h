/* Ownership macros. A handle lives in a CLEANUP variable until STEAL hands it on. */
#ifndef TRUNKD_CLEANUP_H
#define TRUNKD_CLEANUP_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Calls `static void name(T *handle)` when the variable leaves its scope. */
#define CLEANUP(name) __attribute__((cleanup(name)))

/* Takes the value out of a variable and leaves NULL behind. */
#define STEAL(p) __extension__({ __typeof__(p) stolen_ = (p); (p) = NULL; stolen_; })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
