/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests in the background, one after another on connections of their own, while a test does something else. */
#ifndef CAMBIUM_TESTS_LOAD_H
#define CAMBIUM_TESTS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct load;

/* @workers threads ask @port for /; each step of a request may take @patience seconds. Never NULL. */
struct load *load_start(uint16_t port, unsigned workers, unsigned patience);
/* Good and bad answers so far. */
unsigned load_good(const struct load *l);
unsigned load_bad(const struct load *l);
/* Ends the connections under way, which count as bad: those that died with what they went through hinder the load. */
void load_renew(struct load *l);
/* Waits until there are @count more good answers than now; false when @seconds pass first. */
bool load_progress(const struct load *l, unsigned count, unsigned seconds);
/* Lets the requests under way end, frees @l and returns how many were bad; the first reason goes to standard error. */
unsigned load_stop(struct load *l);

#endif
