/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets "$data#checksum", each acknowledged by "+"; numbers of registers are those of gdb's description of x86-64. */
#include "gdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "machine.h"

#define PACKET_MAX 8192u
#define REGISTER_BYTES 8u
#define CS_AT (17u * REGISTER_BYTES + 4u) /* behind RFLAGS, which has four bytes */
#define CONNECT_TRIES 100u
#define TRY_US 100000u
#define INTERRUPT '\003'

struct gdb {
	int socket;
	char answer[PACKET_MAX];
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "gdb: %s\n", what);
	abort();
}

static const char *path_of(const char *log)
{
	return build_path("tests/%s.gdb", log);
}

const char *gdb_word(const char *log)
{
	static char word[160];

	snprintf(word, sizeof word, "unix:%s,server=on,wait=off", path_of(log));
	return word;
}

static void put(const struct gdb *g, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(g->socket, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			fail("QEMU does not listen");
		bytes += n;
		len -= (size_t)n;
	}
}

static char get(const struct gdb *g)
{
	char c;

	if (recv(g->socket, &c, 1, 0) != 1)
		fail("QEMU does not answer");
	return c;
}

/* The next packet, to g->answer. */
static const char *receive(struct gdb *g)
{
	size_t len = 0;
	char c;

	while (get(g) != '$')
		;
	while ((c = get(g)) != '#')
		if (len < PACKET_MAX - 1)
			g->answer[len++] = c;
	g->answer[len] = 0;
	get(g);
	get(g);
	put(g, "+", 1);
	return g->answer;
}

static void command(const struct gdb *g, const char *data)
{
	char packet[PACKET_MAX];
	uint8_t sum = 0;

	for (const char *c = data; *c; c++)
		sum = (uint8_t)(sum + (uint8_t)*c);
	put(g, packet, (size_t)snprintf(packet, sizeof packet, "$%s#%02x", data, sum));
}

static const char *ask(struct gdb *g, const char *data)
{
	command(g, data);
	return receive(g);
}

static void must(struct gdb *g, const char *data)
{
	if (strcmp(ask(g, data), "OK"))
		fail(data);
}

static void hex_write(char *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		snprintf(to + 2 * i, 3, "%02x", ((const uint8_t *)from)[i]);
}

/* False: those are fewer. */
static bool hex_read(void *to, const char *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		unsigned byte;

		if (sscanf(from + 2 * i, "%2x", &byte) != 1)
			return false;
		((uint8_t *)to)[i] = (uint8_t)byte;
	}
	return true;
}

/* Why it stopped: "T05thread:01;". */
unsigned gdb_wait(struct gdb *g)
{
	unsigned thread;

	if (sscanf(receive(g), "T%*2xthread:%x", &thread) != 1 || !thread)
		fail("no thread has stopped");
	return thread - 1;
}

struct gdb *gdb_open(const char *log)
{
	struct gdb *g = calloc(1, sizeof *g);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	unsigned tries = 0;

	if (!g || snprintf(a.sun_path, sizeof a.sun_path, "%s", path_of(log)) >= (int)sizeof a.sun_path)
		fail("the path is too long");
	g->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (connect(g->socket, (const struct sockaddr *)&a, sizeof a)) {
		if (++tries == CONNECT_TRIES)
			fail("QEMU has no stub");
		usleep(TRY_US);
	}
	gdb_wait(g); /* to connect is to stop it */
	/* Single registers are written once the description was read. */
	ask(g, "qXfer:features:read:target.xml:0,400");
	return g;
}

void gdb_close(struct gdb *g)
{
	must(g, "D");
	close(g->socket);
	free(g);
}

void gdb_go(struct gdb *g)
{
	command(g, "c");
}

void gdb_go_alone(struct gdb *g, unsigned cpu)
{
	char text[32];

	snprintf(text, sizeof text, "vCont;c:%x", cpu + 1);
	command(g, text);
}

void gdb_stop(struct gdb *g)
{
	const char stop = INTERRUPT;

	put(g, &stop, 1);
	gdb_wait(g);
}

void gdb_break(struct gdb *g, uint64_t address, bool set)
{
	char text[64];

	snprintf(text, sizeof text, "%c1,%lx,1", set ? 'Z' : 'z', address);
	must(g, text);
}

static void choose(struct gdb *g, unsigned cpu)
{
	char text[16];

	snprintf(text, sizeof text, "Hg%x", cpu + 1);
	must(g, text);
}

/* @bytes of all registers behind the first @at. */
static void registers(struct gdb *g, unsigned cpu, size_t at, void *to, size_t bytes)
{
	choose(g, cpu);
	ask(g, "g");
	if (strlen(g->answer) < 2 * (at + bytes) || !hex_read(to, g->answer + 2 * at, bytes))
		fail("no registers");
}

uint64_t gdb_register(struct gdb *g, unsigned cpu, enum gdb_register r)
{
	uint64_t value;

	registers(g, cpu, r * REGISTER_BYTES, &value, sizeof value);
	return value;
}

unsigned gdb_ring(struct gdb *g, unsigned cpu)
{
	uint32_t cs;

	registers(g, cpu, CS_AT, &cs, sizeof cs);
	return cs & 3;
}

void gdb_register_set(struct gdb *g, unsigned cpu, enum gdb_register r, uint64_t value)
{
	char text[32], hex[2 * sizeof value + 1];

	choose(g, cpu);
	hex_write(hex, &value, sizeof value);
	snprintf(text, sizeof text, "P%x=%s", r, hex);
	must(g, text);
}

bool gdb_read(struct gdb *g, unsigned cpu, uint64_t address, void *to, size_t bytes)
{
	char text[64];

	choose(g, cpu);
	snprintf(text, sizeof text, "m%lx,%lx", address, bytes);
	return strlen(ask(g, text)) == 2 * bytes && hex_read(to, g->answer, bytes);
}

bool gdb_write(struct gdb *g, unsigned cpu, uint64_t address, const void *from, size_t bytes)
{
	char text[256];
	int len;

	choose(g, cpu);
	len = snprintf(text, sizeof text, "M%lx,%lx:", address, bytes);
	if (2 * bytes >= sizeof text - (size_t)len)
		fail("too much to write");
	hex_write(text + len, from, bytes);
	return !strcmp(ask(g, text), "OK");
}

uint64_t gdb_symbol(const char *path, const char *name)
{
	char text[512];
	uint64_t address = 0;
	FILE *f;

	snprintf(text, sizeof text, "nm %s", path);
	f = popen(text, "r");
	while (f && fgets(text, sizeof text, f)) {
		uint64_t value;
		char word[128];

		if (sscanf(text, "%lx %*c %127s", &value, word) == 2 && !strcmp(word, name))
			address = value;
	}
	if (f)
		pclose(f);
	return address;
}
