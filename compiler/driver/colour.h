/* Whether to colour: --color over NO_COLOR over CLICOLOR_FORCE over CLICOLOR over the terminal. */
#ifndef RASPC_DRIVER_COLOUR_H
#define RASPC_DRIVER_COLOUR_H

#include <stdbool.h>

/* when: the value of --color, or NULL. False when it is none of auto, always, never. */
bool colour_understood(const char *when);
bool colour_wanted(const char *when, int fd);

#endif
