/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer's side: one program for all targets. Environment: FUZZ_TARGET names one; FUZZ_SEEDS=DIR writes its seeds
 * there before the run.
 */
#include "fuzz.h"

#include <base/bits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct fuzz_target *const targets[] = FUZZ_TARGETS;
static const struct fuzz_target *target;

static void write_seeds(const char *folder)
{
	static uint8_t seed[FUZZ_INPUT_MAX];
	size_t len;

	for (unsigned n = 0; memset(seed, 0, sizeof seed), (len = target->seed(n, seed)) != 0; n++) {
		char path[4096];
		FILE *f;

		snprintf(path, sizeof path, "%s/seed-%s-%u", folder, target->name, n);
		f = fopen(path, "wb");
		if (!f || fwrite(seed, 1, len, f) != len || fclose(f)) {
			perror(path);
			exit(2);
		}
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_TARGET"), *folder = getenv("FUZZ_SEEDS");

	(void)argc;
	(void)argv;
	for (unsigned i = 0; name && i < ARRAY_SIZE(targets); i++)
		if (!strcmp(targets[i]->name, name))
			target = targets[i];
	if (!target) {
		fprintf(stderr, "error: set FUZZ_TARGET to one of:");
		for (unsigned i = 0; i < ARRAY_SIZE(targets); i++)
			fprintf(stderr, " %s", targets[i]->name);
		fputc('\n', stderr);
		exit(2);
	}
	if (folder)
		write_seeds(folder);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	target->run(bytes, MIN(len, target->max_len));
	return 0;
}
