/* SPDX-License-Identifier: BSD-2-Clause */
/* One thread; it also takes what QEMU sends to the socket, so that QEMU never waits for it. */
#include "flood.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

#define FRAME_BYTES 1014u /* as frame_make() writes it down */
#define IP_AT 14u
#define UDP_AT 34u
#define DATA_AT 42u
#define BURST 16u
#define PAUSE_NS                                                                                                       \
	2000000 /* between bursts: the card is never idle for long, and the rest of the machine still gets on */

struct flood {
	int socket;
	struct sockaddr_un ours, theirs;
	_Atomic bool stop;
	uint64_t frames;
	pthread_t thread;
	uint8_t frame[FRAME_BYTES];
};

static void address(struct sockaddr_un *a, const char *name, const char *end)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((size_t)snprintf(a->sun_path, sizeof a->sun_path, "%s", build_path("tests/%s.%s", name, end)) >=
	    sizeof a->sun_path)
		abort();
}

void flood_words(const char **words, const char *name, uint16_t port, uint16_t to)
{
	static char user[96], dgram[320];
	struct sockaddr_un ours, theirs;
	const char *const all[] = {"-netdev", user,  "-netdev", "hubport,hubid=0,id=hub-up,netdev=up",
				   "-netdev", dgram, "-netdev", "hubport,hubid=0,id=hub-flood,netdev=flood",
				   NULL};

	address(&ours, name, "flood");
	address(&theirs, name, "card");
	unlink(theirs.sun_path);
	snprintf(user, sizeof user, "user,id=up,hostfwd=tcp:127.0.0.1:%u-:%u", port, to);
	snprintf(dgram, sizeof dgram, "dgram,id=flood,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s",
		 theirs.sun_path, ours.sun_path);
	memcpy(words, all, sizeof all);
}

/* From 10.0.2.77 to port 9 of 10.0.2.15, which has the address that QEMU gives to a machine's first card. */
static void frame_make(uint8_t *frame)
{
	static const char head[DATA_AT + 1] = "\x52\x54\x00\x12\x34\x56\x02\xca\x4d\xff\xff\x01\x08\x00" /* Ethernet */
					      "\x45\x00\x03\xe8\0\0\0\0\x40\x11\0\0" /* IP: 1000 bytes, UDP */
					      "\x0a\x00\x02\x4d\x0a\x00\x02\x0f"     /* from, to */
					      "\x30\x39\x00\x09\x03\xd4\0\0";        /* UDP: 980 bytes */
	uint32_t sum = 0;

	memset(frame, 0xa5, FRAME_BYTES);
	memcpy(frame, head, DATA_AT);
	for (unsigned i = IP_AT; i < UDP_AT; i += 2)
		sum += (uint32_t)frame[i] << 8 | frame[i + 1];
	sum = ~(sum + (sum >> 16));
	frame[IP_AT + 10] = (uint8_t)(sum >> 8);
	frame[IP_AT + 11] = (uint8_t)sum;
}

static void *work(void *arg)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct flood *f = arg;
	uint8_t drop[2048];

	while (!f->stop) {
		for (unsigned i = 0; i < BURST; i++)
			f->frames += sendto(f->socket, f->frame, sizeof f->frame, MSG_DONTWAIT,
					    (const struct sockaddr *)&f->theirs, sizeof f->theirs) > 0;
		while (recv(f->socket, drop, sizeof drop, MSG_DONTWAIT) > 0)
			;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

struct flood *flood_start(const char *name)
{
	struct flood *f = calloc(1, sizeof *f);

	if (!f)
		abort();
	frame_make(f->frame);
	address(&f->ours, name, "flood");
	address(&f->theirs, name, "card");
	unlink(f->ours.sun_path);
	f->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (f->socket < 0 || bind(f->socket, (const struct sockaddr *)&f->ours, sizeof f->ours) ||
	    pthread_create(&f->thread, NULL, work, f))
		abort();
	return f;
}

uint64_t flood_stop(struct flood *f)
{
	uint64_t frames;

	f->stop = true;
	pthread_join(f->thread, NULL);
	close(f->socket);
	unlink(f->ours.sun_path);
	frames = f->frames;
	free(f);
	return frames;
}
