/* SPDX-License-Identifier: BSD-2-Clause */
/* `make bench`: the table of docs/performance.md, measured anew. Usage: bench [calls|frames|start|create|web|dma|router|isolation|time|size]..., all without. */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/command.h"
#include "../lib/machine.h"

static bool incomplete;

void row(const char *what, const char *condition, const char *format, ...)
{
	va_list args;

	printf("| %s | ", what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" | %s |\n", condition);
	fflush(stdout);
}

void row_missing(const char *what, const char *why)
{
	row(what, why, "not measured");
	incomplete = true;
}

void progress(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
}

double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool number_behind(const char *text, const char *label, double *number)
{
	const char *at = strstr(text, label);
	char *end;

	if (!at)
		return false;
	at += strlen(label);
	*number = strtod(at, &end);
	return end != at;
}

FILE *log_open(const char *log, size_t from)
{
	FILE *f = fopen(build_path("tests/log/%s.log", log), "r");

	if (!f || fseek(f, (long)from, SEEK_SET))
		abort();
	return f;
}

bool log_next(FILE *f, const char *head, char *line, size_t bytes)
{
	while (fgets(line, (int)bytes, f))
		if (!strncmp(line, head, strlen(head))) {
			line[strcspn(line, "\r\n")] = 0;
			return true;
		}
	return false;
}

/* The line of @path that begins with @label, from behind its colon. */
static void file_value(const char *path, const char *label, char *value, size_t bytes)
{
	FILE *f = fopen(path, "r");
	char line[512];
	const char *colon;

	snprintf(value, bytes, "unknown");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, label, strlen(label)) && (colon = strchr(line, ':'))) {
			snprintf(value, bytes, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
			break;
		}
	if (f)
		fclose(f);
}

static void conditions(void)
{
	static const char *const version[] = {"qemu-system-x86_64", "--version", NULL};
	char qemu[1024], cpu[256];
	double load = 0;

	if (command_run(version, qemu, sizeof qemu))
		snprintf(qemu, sizeof qemu, "no QEMU");
	file_value("/proc/cpuinfo", "model name", cpu, sizeof cpu);
	getloadavg(&load, 1);
	printf("Host: %ld CPUs (%s), load %.1f before. %.*s; q35, -cpu max, 512 MiB, one CPU, TCG (no KVM).\n"
	       "Instructions are counted by -icount shift=0,sleep=off; all else runs without it.\n\n",
	       sysconf(_SC_NPROCESSORS_ONLN), cpu, load, (int)strcspn(qemu, "\n"), qemu);
	printf("| what | figure | condition |\n|---|---|---|\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {{"calls", bench_calls},   {"frames", bench_frames},
		     {"start", bench_start},   {"create", bench_create},
		     {"web", bench_web},       {"dma", bench_dma},
		     {"router", bench_router}, {"isolation", bench_isolation},
		     {"time", bench_time},     {"size", bench_size}};

	conditions();
	for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		bool wanted = argc == 1;

		for (int n = 1; n < argc; n++)
			wanted |= !strcmp(argv[n], parts[i].name);
		if (!wanted)
			continue;
		progress(parts[i].name);
		parts[i].run();
	}
	return incomplete;
}
