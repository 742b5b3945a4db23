/* Included by every .c file through the compiler's command line (-include): using one of these is an error without any tool.
 * They overflow, truncate without a word, keep hidden state, or read a locale. */
#ifndef TRUNKD_BANNED_H
#define TRUNKD_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A macro cannot be poisoned quietly. */
#undef alloca
#pragma GCC poison sprintf vsprintf strcpy strcat strncpy strncat strtok atoi atol atof gets gmtime localtime asctime ctime rand srand alloca

#endif
