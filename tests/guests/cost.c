/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cost: what two pieces of work cost, one of its own alone and one with the router's part: datagrams to the gateway, port 9.
 * It says whether the account makes sense, and stays.
 */
#include <cambium/account.h>
#include <cambium/clock.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAMS 400u
#define GATEWAY 0x0a000202u
#define QUIET_NS 300000000ull
#define WORK_NS 20000000ull

static bool bad;

static void told(const char *what, const struct account_cost *cost, bool right)
{
	printf("cost: %s: ran %lu us, charged %lu us\n", what, cost->run / 1000, cost->charged / 1000);
	bad |= !right;
}

/* Returns when nothing has happened for a while. */
static void quiet(void)
{
	usleep(QUIET_NS / 1000);
}

static void alone(void)
{
	uint64_t end = clock_after(WORK_NS);
	struct account_cost cost;
	struct account a;

	account_open(&a);
	while (clock_ns() < end)
		;
	account_close(&a, &cost);
	told("work alone", &cost, cost.run && !cost.charged);
}

static void through_the_router(int fd)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(GATEWAY)}};
	struct account_cost cost;
	struct account a;
	unsigned sent = 0;

	account_open(&a);
	while (sent < DATAGRAMS) {
		sent += sendto(fd, &to, sizeof to, 0, (struct sockaddr *)&to, sizeof to) > 0;
		if (sent % 16 == 0)
			usleep(1000);
	}
	quiet();
	account_close(&a, &cost);
	told("datagrams", &cost, cost.run && cost.charged);
}

int main(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	quiet();
	alone();
	through_the_router(fd);
	printf("cost: %s\n", bad ? "this makes no sense" : "the router's part is in it");
	fflush(stdout);
	/* It stays, so that there is somebody to ask about. */
	for (;;)
		sleep(3600);
}
