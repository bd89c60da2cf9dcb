/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * antisocial WHAT: a neighbour that does one thing for ever, as fast as it can.
 *   spin            nothing
 *   thrash          writes to each cache line of 16 MiB, and to a page that it takes and gives back again
 *   calls           hypercalls that do nothing, or are refused
 *   events SLOT     events to the domain in that slot, in its first life (needs CAP_DOMAIN for the port)
 *   flood           lines to its console
 *   sink            takes datagrams at UDP port 9
 *   blast BYTES     sends datagrams of so many bytes to UDP port 9 of the uplink's gateway
 * and for the share of the CPU:
 *   count MS MS     from the first system time to the second adds one to a number, which it then tells
 */
#include <cambium/clock.h>
#include <cambium/hypercall.h>
#include <cambium/mem.h>
#include <cambium/start.h>
#include <cambium/thread.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define THRASH_PAGES 4096u
#define LINE 64u
#define PORT 9u
#define GATEWAY 0x0a000202u /* 10.0.2.2 */
#define MS 1000000ull

static void spin(void)
{
	for (;;)
		__asm__ volatile("");
}

static void thrash(void)
{
	volatile uint8_t *pages = pages_alloc(THRASH_PAGES);

	for (size_t at = 0; pages; at = (at + LINE) % (THRASH_PAGES * PAGE_SIZE)) {
		pages[at]++;
		if (at % (64 * PAGE_SIZE) == 0)
			pages_free(pages_alloc(1), 1);
	}
	printf("antisocial: memory is short\n");
}

static void calls(void)
{
	for (;;) {
		hc_abi_version();
		hc_event_send(UINT32_MAX);
		hc_timer_set(TIME_NEVER);
		hc_image_create();
	}
}

static void events(uint32_t slot)
{
	struct event_pair pair = {.a = DOMID_SELF, .b = 0x10000 | slot};
	int64_t result = hc_event_pair(&pair);

	if (result < 0)
		printf("antisocial: no port: %s\n", abi_error_text(result));
	while (result >= 0)
		hc_event_send(pair.port_a);
}

static void flood(void)
{
	for (unsigned long i = 0;; i++)
		printf("antisocial: %0100lu\n", i);
}

static void sink(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = {htonl(INADDR_ANY)}};
	static uint8_t datagram[2048];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a))
		printf("antisocial: no socket\n");
	else
		for (;;)
			recv(fd, datagram, sizeof datagram, 0);
}

static void blast(size_t bytes)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = {htonl(GATEWAY)}};
	static uint8_t datagram[2048];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bytes > sizeof datagram)
		printf("antisocial: no socket\n");
	else
		for (;;) {
			sendto(fd, datagram, bytes, 0, (struct sockaddr *)&a, sizeof a);
			thread_yield();
		}
}

static void count(uint64_t from, uint64_t to)
{
	uint64_t number = 0;

	thread_sleep_until(from * MS);
	while (clock_ns() < to * MS)
		number++;
	printf("antisocial: counted to %lu\n", number);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	printf("antisocial: %s\n", what);
	fflush(stdout);
	if (!strcmp(what, "spin"))
		spin();
	else if (!strcmp(what, "thrash"))
		thrash();
	else if (!strcmp(what, "calls"))
		calls();
	else if (!strcmp(what, "events") && argc > 2)
		events((uint32_t)strtoul(argv[2], NULL, 10));
	else if (!strcmp(what, "flood"))
		flood();
	else if (!strcmp(what, "sink"))
		sink();
	else if (!strcmp(what, "blast") && argc > 2)
		blast(strtoul(argv[2], NULL, 10));
	else if (!strcmp(what, "count") && argc > 3)
		count(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	fflush(stdout);
	return 0;
}
