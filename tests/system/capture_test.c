/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of a running machine's interface, as a file that others read; here by a small reader of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reload.h"

#define TIMEOUT 400
#define FRAMES 40u
#define FILE_MAX (1u << 20)

static uint8_t file[FILE_MAX];

static uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* What the blocks of the file say. */
struct seen {
	unsigned sections, interfaces, frames, statistics, in, out, requests, answers;
	uint64_t last_ns;
	bool ordered;
};

/* One packet block's body of @len bytes. */
static void frame_read(const uint8_t *body, uint32_t len, struct seen *s)
{
	uint64_t when = (uint64_t)word(body + 4) << 32 | word(body + 8);
	uint32_t bytes = word(body + 12), length = word(body + 16), padded = (bytes + 3) & ~3u;
	const uint8_t *data = body + 20;
	uint32_t flags;

	cr_assert(20 + padded + 12 <= len && bytes <= length && bytes >= 14, "%u bytes in a block of %u", bytes, len);
	cr_assert_eq(word(body + 20 + padded), 2 | 4 << 16, "no direction");
	flags = word(data + padded + 4);
	cr_assert(flags == 1 || flags == 2);
	s->in += flags == 1;
	s->out += flags == 2;
	s->ordered &= when >= s->last_ns;
	s->last_ns = when;
	s->frames++;
	/* web1 is 10.1.1.2: to it the requests go, from it the answers come, which are the router's view of it */
	if (flags == 2 && memmem(data, bytes, "GET / HTTP/1.1", 14))
		s->requests += !memcmp(data + 30, "\x0a\x01\x01\x02", 4);
	if (flags == 1 && memmem(data, bytes, "HTTP/1.1 200", 12))
		s->answers += !memcmp(data + 26, "\x0a\x01\x01\x02", 4);
}

static struct seen file_read(size_t size)
{
	struct seen s = {.ordered = true};

	for (size_t at = 0; at < size;) {
		uint32_t type = word(file + at), len;

		cr_assert(size - at >= 12, "half a block");
		len = word(file + at + 4);
		cr_assert(len >= 12 && len % 4 == 0 && len <= size - at, "a block of %u bytes at %zu", len, at);
		cr_assert_eq(word(file + at + len - 4), len, "its end has another length");
		switch (type) {
		case 0x0a0d0d0a:
			s.sections++;
			cr_assert_eq(word(file + at + 8), 0x1a2b3c4d);
			break;
		case 1:
			s.interfaces++;
			cr_assert_eq(word(file + at + 8), 1, "no Ethernet");
			break;
		case 5: s.statistics++; break;
		case 6: frame_read(file + at + 8, len - 12, &s); break;
		default: cr_assert_fail("a block of kind %u", type);
		}
		at += len;
	}
	return s;
}

Test(capture, frames_of_an_interface_come_as_pcapng_while_the_machine_runs, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("capture", MACHINE_PVH);
	char command[1024], said[4096];
	struct machine *m;
	struct load *load;
	struct seen s;
	size_t size;
	FILE *pipe;

	options.manage = true;
	m = demo_start_with(&options);
	load = load_start(machine_port(m, PORT_WEB1), 2, 30);
	snprintf(command, sizeof command, "%s capture --serial %s web1 --count %u", build_path("tools/cambium"),
		 machine_manage(m), FRAMES);
	pipe = popen(command, "r");
	cr_assert(pipe);
	size = fread(file, 1, sizeof file, pipe);
	cr_assert_eq(pclose(pipe), 0, "the command failed");
	s = file_read(size);
	cr_assert_eq(s.sections, 1);
	cr_assert_eq(s.interfaces, 1);
	cr_assert_eq(s.statistics, 1);
	cr_assert_eq(s.frames, FRAMES);
	cr_assert(s.in > 0 && s.out > 0 && s.ordered);
	cr_assert(s.requests > 0 && s.answers > 0, "%u requests, %u answers", s.requests, s.answers);
	/* an interface that there is not is refused, and the line is free for others */
	snprintf(command, sizeof command, "%s capture --serial %s 9 2>&1 >/dev/null", build_path("tools/cambium"),
		 machine_manage(m));
	pipe = popen(command, "r");
	said[fread(said, 1, sizeof said - 1, pipe)] = 0;
	cr_assert_neq(pclose(pipe), 0);
	cr_assert(strstr(said, "the router has no such interface"), "%s", said);
	cr_assert_eq(rules_run(m, said, sizeof said, "status", NULL), 0, "%s", said);
	MUST(load_progress(load, 20, 60));
	cr_assert_eq(load_stop(load), 0, "requests were lost");
	machine_is_well(m);
	machine_stop(m);
}
