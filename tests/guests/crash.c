/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crash KIND: ends in the named way, for tests of what the runtime then prints: null, readonly, execute, opcode, divide,
 * abort, smash, overflow, thread-overflow. Exits with 99 for any other.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int recurse(int depth)
{
	volatile char room[512];

	room[0] = (char)depth;
	return depth < 0 ? room[0] : recurse(depth + 1) + room[0];
}

static void *overflow(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)recurse(1);
}

__attribute__((noinline)) static int smash(size_t len)
{
	char room[8];
	char *volatile to = room; /* unknown to the compiler */

	memset(to, 'x', len);
	return to[len / 2];
}

static int crash_as(const char *kind)
{
	static const int constant = 5;
	static int data;
	pthread_t t;

	if (!strcmp(kind, "null"))
		*(volatile int *)(intptr_t)(kind[0] - 'n') = 1;
	if (!strcmp(kind, "readonly"))
		*(volatile int *)(intptr_t)&constant = 6;
	if (!strcmp(kind, "execute"))
		((void (*)(void))(intptr_t)&data)();
	if (!strcmp(kind, "opcode"))
		__asm__ volatile("ud2");
	if (!strcmp(kind, "divide"))
		return (int)(5 / (strlen(kind) - 6));
	if (!strcmp(kind, "abort"))
		abort();
	if (!strcmp(kind, "smash"))
		return smash(8 * strlen(kind));
	if (!strcmp(kind, "overflow"))
		return recurse(1);
	if (!strcmp(kind, "thread-overflow")) {
		pthread_create(&t, NULL, overflow, NULL);
		pthread_join(t, NULL);
	}
	return 99;
}

int main(int argc, char **argv)
{
	return crash_as(argc == 2 ? argv[1] : "");
}
