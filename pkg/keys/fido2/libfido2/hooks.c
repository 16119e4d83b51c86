//go:build libfido2 && cgo && linux

/* Functions that the linker puts before those of libfido2 (ld --wrap), see the
 * package's documentation. Without a command of its thread each of them is only
 * the real one. */

#define _GNU_SOURCE
#include <fido.h>
#include <fido/credman.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hooks.h"

struct stella_command {
	int limit;
	pthread_mutex_t lock; /* guards the next two */
	fido_dev_t *dev;      /* only while it is open */
	bool cancelled;
	unsigned char *statement; /* belongs to the command's thread */
	size_t statement_len;
	uint64_t min_pin; /* as the next, of the last answer to getInfo */
	bool pin_outdated;
};

static _Thread_local struct stella_command *current;

struct stella_command *stella_command_new(int limit)
{
	struct stella_command *c = calloc(1, sizeof(*c));
	if (c != NULL) {
		c->limit = limit;
		pthread_mutex_init(&c->lock, NULL);
	}
	return c;
}

void stella_command_free(struct stella_command *c)
{
	pthread_mutex_destroy(&c->lock);
	free(c->statement);
	free(c);
}

void stella_command_enter(struct stella_command *c) { current = c; }
void stella_command_leave(void) { current = NULL; }

void stella_command_cancel(struct stella_command *c)
{
	pthread_mutex_lock(&c->lock);
	c->cancelled = true;
	if (c->dev != NULL)
		fido_dev_cancel(c->dev);
	pthread_mutex_unlock(&c->lock);
}

const unsigned char *stella_command_statement(const struct stella_command *c, size_t *len)
{
	*len = c->statement_len;
	return c->statement;
}

uint64_t stella_command_min_pin(const struct stella_command *c) { return c->min_pin; }
bool stella_command_pin_outdated(const struct stella_command *c) { return c->pin_outdated; }

static bool cancelled(struct stella_command *c)
{
	pthread_mutex_lock(&c->lock);
	bool is = c->cancelled;
	pthread_mutex_unlock(&c->lock);
	return is;
}

static void set_device(struct stella_command *c, fido_dev_t *dev)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->dev = dev;
	pthread_mutex_unlock(&c->lock);
}

/* libfido2 takes a poll that a signal interrupts for a broken token, and the Go
 * runtime signals threads to take turns. */
static void quiet(sigset_t *before)
{
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

static void loud(const sigset_t *before) { pthread_sigmask(SIG_SETMASK, before, NULL); }

/* go-libfido2 makes the copy, uses it for this one call and forgets it. It is not
 * freed here, so that a version which does free it is no danger. */
static void wipe(const char *secret)
{
	if (secret != NULL)
		explicit_bzero((char *)secret, strlen(secret));
}

int __real_fido_dev_open(fido_dev_t *, const char *);
int __real_fido_dev_close(fido_dev_t *);
int __real_fido_dev_get_cbor_info(fido_dev_t *, fido_cbor_info_t *);
int __real_fido_dev_get_retry_count(fido_dev_t *, int *);
int __real_fido_dev_set_pin(fido_dev_t *, const char *, const char *);
int __real_fido_dev_make_cred(fido_dev_t *, fido_cred_t *, const char *);
int __real_fido_dev_get_assert(fido_dev_t *, fido_assert_t *, const char *);
int __real_fido_credman_get_dev_rp(fido_dev_t *, fido_credman_rp_t *, const char *);
int __real_fido_credman_get_dev_rk(fido_dev_t *, const char *, fido_credman_rk_t *, const char *);

/* Opening exchanges messages too, so the limit has to be there before. It may wait
 * for another program's lock until nobody wants the command any more. */
int __wrap_fido_dev_open(fido_dev_t *dev, const char *path)
{
	struct stella_command *c = current;
	if (c != NULL && cancelled(c))
		return FIDO_ERR_KEEPALIVE_CANCEL;
	if (c != NULL)
		fido_dev_set_timeout(dev, c->limit);
	sigset_t before;
	quiet(&before);
	int r = __real_fido_dev_open(dev, path);
	loud(&before);
	if (r != FIDO_OK)
		return r;
	set_device(c, dev);
	if (c != NULL && cancelled(c)) {
		set_device(c, NULL);
		__real_fido_dev_close(dev);
		return FIDO_ERR_KEEPALIVE_CANCEL;
	}
	return FIDO_OK;
}

int __wrap_fido_dev_close(fido_dev_t *dev)
{
	set_device(current, NULL);
	return __real_fido_dev_close(dev);
}

int __wrap_fido_dev_get_cbor_info(fido_dev_t *dev, fido_cbor_info_t *info)
{
	sigset_t before;
	quiet(&before);
	int r = __real_fido_dev_get_cbor_info(dev, info);
	loud(&before);
	if (r == FIDO_OK && current != NULL) {
		current->min_pin = fido_cbor_info_minpinlen(info);
		current->pin_outdated = fido_cbor_info_new_pin_required(info);
	}
	return r;
}

int __wrap_fido_dev_get_retry_count(fido_dev_t *dev, int *count)
{
	sigset_t before;
	quiet(&before);
	int r = __real_fido_dev_get_retry_count(dev, count);
	loud(&before);
	return r;
}

int __wrap_fido_dev_set_pin(fido_dev_t *dev, const char *pin, const char *old)
{
	sigset_t before;
	quiet(&before);
	int r = __real_fido_dev_set_pin(dev, pin, old);
	loud(&before);
	wipe(pin);
	wipe(old);
	return r;
}

static void keep_statement(struct stella_command *c, const fido_cred_t *cred)
{
	size_t len = fido_cred_attstmt_len(cred);
	if (len == 0 || c->statement != NULL || (c->statement = malloc(len)) == NULL)
		return;
	memcpy(c->statement, fido_cred_attstmt_ptr(cred), len);
	c->statement_len = len;
}

int __wrap_fido_dev_make_cred(fido_dev_t *dev, fido_cred_t *cred, const char *pin)
{
	sigset_t before;
	quiet(&before);
	int r = __real_fido_dev_make_cred(dev, cred, pin);
	loud(&before);
	wipe(pin);
	if (r == FIDO_OK && current != NULL)
		keep_statement(current, cred);
	return r;
}

int __wrap_fido_dev_get_assert(fido_dev_t *dev, fido_assert_t *assert, const char *pin)
{
	sigset_t before;
	quiet(&before);
	int r = __real_fido_dev_get_assert(dev, assert, pin);
	loud(&before);
	wipe(pin);
	return r;
}

int __wrap_fido_credman_get_dev_rp(fido_dev_t *dev, fido_credman_rp_t *rp, const char *pin)
{
	sigset_t before;
	quiet(&before);
	int r = __real_fido_credman_get_dev_rp(dev, rp, pin);
	loud(&before);
	wipe(pin);
	return r;
}

int __wrap_fido_credman_get_dev_rk(fido_dev_t *dev, const char *rp, fido_credman_rk_t *rk, const char *pin)
{
	sigset_t before;
	quiet(&before);
	int r = __real_fido_credman_get_dev_rk(dev, rp, rk, pin);
	loud(&before);
	wipe(pin);
	return r;
}

static int await_touch(fido_dev_t *dev)
{
	sigset_t before;
	quiet(&before);
	int touched = 0;
	int r = fido_dev_get_touch_begin(dev);
	for (int left = current->limit; r == FIDO_OK && !touched && left > 0; left -= 100) {
		if (cancelled(current))
			r = FIDO_ERR_KEEPALIVE_CANCEL;
		else
			r = fido_dev_get_touch_status(dev, &touched, 100);
	}
	loud(&before);
	if (r == FIDO_OK && !touched)
		r = FIDO_ERR_USER_ACTION_TIMEOUT;
	return r;
}

int stella_select(const char *path)
{
	fido_dev_t *dev = fido_dev_new();
	if (dev == NULL)
		return FIDO_ERR_INTERNAL;
	int r = fido_dev_open(dev, path);
	if (r == FIDO_OK) {
		r = await_touch(dev);
		if (r != FIDO_OK)
			fido_dev_cancel(dev); /* it blinks no more */
		fido_dev_close(dev);
	}
	fido_dev_free(&dev);
	return r;
}
