/* SPDX-License-Identifier: BSD-2-Clause */
/* Running programs without a shell, and files. */
#include "command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

bool command_exists(const char *name)
{
	const char *at = getenv("PATH");
	char path[1024];

	while (at && *at) {
		size_t len = strcspn(at, ":");

		snprintf(path, sizeof path, "%.*s/%s", (int)len, at, name);
		if (!access(path, X_OK))
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

int command_run(const char *const *words, char *output, size_t bytes)
{
	static char own[16384];
	size_t len = 0, room;
	int ends[2], status;
	ssize_t n;
	pid_t child;

	if (!output) {
		output = own;
		bytes = sizeof own;
	}
	room = bytes - 1;
	if (pipe2(ends, O_CLOEXEC) || (child = fork()) < 0)
		return -1;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	close(ends[1]);
	while (len < room && (n = read(ends[0], output + len, room - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	output[len] = 0;
	if (waitpid(child, &status, 0) != child)
		return -1;
	status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (status)
		fprintf(stderr, "%s: status %d: %s\n", words[0], status, output);
	return status;
}

int command_start(const char *const *words)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	return child;
}

void command_stop(int process)
{
	if (process <= 0)
		return;
	kill(process, SIGKILL);
	waitpid(process, NULL, 0);
}

bool file_copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	bool good = in && out;
	char bytes[65536];
	size_t n;

	while (good && (n = fread(bytes, 1, sizeof bytes, in)) > 0)
		good = fwrite(bytes, 1, n, out) == n;
	if (in)
		fclose(in);
	if (out)
		good &= !fclose(out);
	if (!good)
		fprintf(stderr, "cannot copy %s to %s\n", from, to);
	return good;
}

bool file_damage(const char *path, long offset)
{
	FILE *f = fopen(path, "r+b");
	int byte = EOF;

	if (f && !fseek(f, offset, offset < 0 ? SEEK_END : SEEK_SET))
		byte = fgetc(f);
	if (byte != EOF && !fseek(f, -1, SEEK_CUR))
		byte = fputc(byte ^ 0x10, f);
	if (f && fclose(f))
		byte = EOF;
	return byte != EOF;
}

bool file_cut(const char *path, long bytes)
{
	FILE *f = fopen(path, "rb");
	long end = -1;

	if (f && !fseek(f, 0, SEEK_END))
		end = ftell(f);
	if (f)
		fclose(f);
	return end >= 0 && !truncate(path, bytes < 0 ? end + bytes : bytes);
}
