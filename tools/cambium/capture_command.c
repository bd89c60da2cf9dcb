/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cambium capture: frames of an interface while the machine runs. The stream's records are put together again from the
 * pieces; where a piece is missing, the rest of its record and what follows up to the end of the capture cannot be told
 * apart, so the capture ends there and says so.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "live.h"
#include "pcapng.h"

#define SNAP_MAX 65535u
#define GO_ON_SECONDS 3

static const char usage[] =
	"usage: cambium capture --serial WHERE INTERFACE [--snap BYTES] [--count FRAMES] > FILE.pcapng\n"
	"\n"
	"Writes the frames that come in at and leave by an interface of the running router, named as in\n"
	"its policy or by its number, until it is interrupted or FRAMES have come. WHERE is the\n"
	"machine's second serial port: a device, or unix:SOCKET. What the line has no time for is\n"
	"dropped and counted.\n";

static volatile sig_atomic_t interrupted;

struct stream {
	FILE *out;
	uint8_t bytes[2 * (SNAP_MAX + sizeof(struct manage_record))];
	uint32_t len;
	uint32_t offset; /* of the next piece */
	uint64_t count, most;
	uint64_t last_ns;
	uint32_t dropped;
	bool broken;
};

struct words {
	const char *serial, *iface;
	uint32_t snap;
	uint64_t count;
};

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Writes the whole records that are there. */
static void records_write(struct stream *s)
{
	struct manage_record r;
	uint32_t at = 0;

	while (s->len - at >= sizeof r) {
		memcpy(&r, s->bytes + at, sizeof r);
		if (r.bytes > SNAP_MAX) {
			s->broken = true;
			return;
		}
		if (s->len - at < sizeof r + r.bytes)
			break;
		if (s->count < s->most) {
			pcapng_frame(s->out, r.when_ns, s->bytes + at + sizeof r, r.bytes, r.length,
				     r.direction == MANAGE_OUT);
			s->count++;
			s->last_ns = r.when_ns;
		}
		at += (uint32_t)sizeof r + r.bytes;
	}
	s->len -= at;
	memmove(s->bytes, s->bytes + at, s->len);
	fflush(s->out);
}

static void piece_take(void *arg, const struct manage_message *m)
{
	const uint32_t head = offsetof(struct manage_captured, bytes);
	struct manage_captured piece;
	struct stream *s = arg;
	uint32_t len = m->length - head;

	if (m->kind != MANAGE_CAPTURED || m->length < head || s->broken)
		return;
	memcpy(&piece, m->payload, m->length);
	if (piece.offset != s->offset || len > sizeof s->bytes - s->len) {
		s->broken = true;
		return;
	}
	s->dropped = piece.dropped;
	s->offset += len;
	memcpy(s->bytes + s->len, piece.bytes, len);
	s->len += len;
	records_write(s);
}

static bool ask(struct serial *serial, uint32_t on, int iface, uint32_t snap)
{
	struct manage_capture want = {.on = on, .iface = (uint32_t)iface, .snap_bytes = snap};
	struct manage_message answer;

	return serial_ask(serial, MANAGE_CAPTURE, &want, sizeof want, 0, &answer);
}

/* Takes pieces until there are enough. False: serial->why says what went wrong. */
static bool stream_follow(struct serial *serial, struct stream *s)
{
	struct manage_message m;
	time_t again = time(NULL) + GO_ON_SECONDS;
	int got;

	while (!interrupted && !s->broken && s->count < s->most) {
		got = serial_listen(serial, 1, &m);
		if (got < 0 && !interrupted) {
			snprintf(serial->why, sizeof serial->why,
				 "the serial line is gone: is the machine still running?");
			return false;
		}
		if (got > 0)
			piece_take(s, &m);
		if (time(NULL) < again)
			continue;
		again = time(NULL) + GO_ON_SECONDS;
		if (!ask(serial, MANAGE_GO_ON, 0, 0))
			return false;
	}
	return true;
}

static int capture_with(const struct words *w, struct serial *serial)
{
	static struct stream s;
	int iface = live_iface(serial, w->iface);
	bool good;

	s = (struct stream){.out = stdout, .most = w->count};
	serial->other = piece_take;
	serial->arg = &s;
	pcapng_begin(stdout, w->iface, w->snap);
	good = iface >= 0 && ask(serial, MANAGE_START, iface, w->snap) && stream_follow(serial, &s);
	if (good)
		ask(serial, MANAGE_STOP, 0, 0);
	pcapng_end(stdout, s.last_ns, s.dropped);
	if (!good)
		fprintf(stderr, "cambium: error: %s\n", serial->why);
	if (s.broken)
		fputs("cambium: error: a piece of the capture was lost on the line: it ends there\n", stderr);
	fprintf(stderr, "%llu frames, %u more found no room\n", (unsigned long long)s.count, s.dropped);
	return good && !s.broken && !fflush(stdout) ? EXIT_YES : EXIT_NO;
}

static bool number_read(const char *text, uint64_t most, uint64_t *number)
{
	char *end;

	*number = strtoull(text, &end, 10);
	return *text >= '1' && *text <= '9' && !*end && *number <= most;
}

static bool words_read(struct words *w, int argc, char **argv)
{
	uint64_t snap = SNAP_MAX;

	w->count = UINT64_MAX;
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--serial") && i + 1 < argc)
			w->serial = argv[++i];
		else if (!strcmp(argv[i], "--snap") && i + 1 < argc && number_read(argv[i + 1], SNAP_MAX, &snap))
			i++;
		else if (!strcmp(argv[i], "--count") && i + 1 < argc && number_read(argv[i + 1], INT64_MAX, &w->count))
			i++;
		else if (argv[i][0] == '-' || w->iface)
			return false;
		else
			w->iface = argv[i];
	}
	w->snap = (uint32_t)snap;
	return w->serial && w->iface;
}

int command_capture(int argc, char **argv)
{
	static struct serial serial;
	struct sigaction action = {.sa_handler = on_signal};
	struct words w = {.snap = SNAP_MAX};
	int code;

	if (argc >= 1 && !strcmp(argv[0], "--help")) {
		fputs(usage, stdout);
		return EXIT_YES;
	}
	if (!words_read(&w, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!serial_open(&serial, w.serial)) {
		fprintf(stderr, "cambium: error: %s\n", serial.why);
		return EXIT_NO;
	}
	code = capture_with(&w, &serial);
	serial_close(&serial);
	return code;
}
