#ifndef STELLA_LIBFIDO2_HOOKS_H
#define STELLA_LIBFIDO2_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A command is one call of a token, made by one thread between enter and leave;
 * any thread may cancel it. */
struct stella_command;

/* limit bounds each exchange of messages, in milliseconds. NULL: no memory. */
struct stella_command *stella_command_new(int limit);
void stella_command_free(struct stella_command *);
void stella_command_enter(struct stella_command *);
void stella_command_leave(void);
void stella_command_cancel(struct stella_command *);

/* The attestation statement of the credential that the command made; it belongs
 * to the command. NULL: none. */
const unsigned char *stella_command_statement(const struct stella_command *, size_t *);

/* What go-libfido2 leaves out of getInfo (CTAP 2.1, section 6.4, members 0x0D and
 * 0x0C): the shortest PIN in code points, 0 if the token does not say, and whether
 * the PIN has to be changed. */
uint64_t stella_command_min_pin(const struct stella_command *);
bool stella_command_pin_outdated(const struct stella_command *);

/* Waits until the token is touched, which go-libfido2 cannot. Returns an error of
 * libfido2. */
int stella_select(const char *path);

#endif
