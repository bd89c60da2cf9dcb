/* SPDX-License-Identifier: BSD-2-Clause */
/* How QEMU is called: the machine of `make run`, with ports that nobody else uses. */
#include "machine_command.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATHS 8u
#define PATH_BYTES 1024u

const char *build_path(const char *format, ...)
{
	static char paths[PATHS][PATH_BYTES];
	static unsigned turn;
	const char *build = getenv("CAMBIUM_BUILD");
	char *path = paths[turn++ % PATHS];
	va_list args;
	int len;

	len = snprintf(path, PATH_BYTES, "%s/", build ? build : "build");
	va_start(args, format);
	vsnprintf(path + len, PATH_BYTES - (size_t)len, format, args);
	va_end(args);
	return path;
}

__attribute__((format(printf, 2, 3))) static void word(struct machine_command *c, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(c->text + c->used, sizeof c->text - c->used, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof c->text - c->used || c->count + 1 >= COMMAND_WORDS)
		abort();
	c->words[c->count++] = c->text + c->used;
	c->used += (size_t)len + 1;
}

/* Several words that need no formatting. */
static void words(struct machine_command *c, const char *const *list)
{
	for (; *list; list++)
		word(c, "%s", *list);
}

/* The kernel chooses. 0: there is none. */
uint16_t port_free(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint16_t port = 0;

	if (!bind(fd, (struct sockaddr *)&a, sizeof a) && !getsockname(fd, (struct sockaddr *)&a, &len))
		port = ntohs(a.sin_port);
	close(fd);
	return port;
}

static void network(struct machine_command *c, const struct machine_options *options)
{
	char rules[512] = "";
	size_t len = 0;

	memset(c->guest_ports, 0, sizeof c->guest_ports);
	for (unsigned i = 0; i < MACHINE_FORWARDS && options->forwards[i]; i++) {
		c->guest_ports[i] = options->forwards[i];
		c->host_ports[i] = port_free();
		len += (size_t)snprintf(rules + len, sizeof rules - len, ",hostfwd=tcp:127.0.0.1:%u-:%u",
					c->host_ports[i], c->guest_ports[i]);
	}
	word(c, "-netdev");
	if (options->netdev)
		word(c, "%s", options->netdev);
	else
		word(c, "user,id=net%s", rules);
	word(c, "-device");
	word(c, "%s,netdev=net,id=nic", options->nic ? options->nic : "virtio-net-pci,disable-legacy=on");
}

static void pvh(struct machine_command *c, const struct machine_options *options)
{
	word(c, "-kernel");
	word(c, "%s", options->kernel ? options->kernel : build_path("vmm.elf"));
	word(c, "-initrd");
	word(c, "%s", options->bundle ? options->bundle : build_path("%s/bundle.bin", options->config));
	if (options->append) {
		word(c, "-append");
		word(c, "%s", options->append);
	}
}

static void uefi(struct machine_command *c, const struct machine_options *options)
{
	const char *firmware = getenv("OVMF") ? getenv("OVMF") : "/usr/share/OVMF";

	word(c, "-drive");
	word(c, "if=pflash,format=raw,unit=0,readonly=on,file=%s/OVMF_CODE_4M.fd", firmware);
	word(c, "-drive");
	word(c, "if=pflash,format=raw,unit=1,snapshot=on,file=%s/OVMF_VARS_4M.fd", firmware);
	word(c, "-drive");
	word(c, "if=none,id=disk,format=raw,snapshot=on,file=%s",
	     options->disk ? options->disk : build_path("%s/disk.img", options->config));
	word(c, "-device");
	word(c, "virtio-blk-pci,drive=disk");
}

void machine_command_make(struct machine_command *c, const struct machine_options *options)
{
	static const char *const common[] = {
		"qemu-system-x86_64", "-m",      "512",   "-nodefaults", "-display",        "none",
		"-no-reboot",         "-serial", "stdio", "-mon",        "chardev=monitor", NULL};

	c->count = 0;
	c->used = 0;
	words(c, common);
	word(c, "-chardev");
	word(c, "socket,id=monitor,fd=%d", MACHINE_MONITOR_FD);
	if (options->manage) {
		snprintf(c->manage, sizeof c->manage, "unix:%s", build_path("tests/%s.manage", options->log));
		word(c, "-serial");
		word(c, "%s,server=on,wait=off", c->manage);
	}
	word(c, "-machine");
	word(c, "%s,accel=tcg", options->machine ? options->machine : "q35");
	word(c, "-cpu");
	word(c, "%s", options->cpu ? options->cpu : "max");
	if (options->extra)
		words(c, options->extra);
	if (options->door == MACHINE_PVH)
		pvh(c, options);
	else
		uefi(c, options);
	network(c, options);
	c->words[c->count] = NULL;
}
