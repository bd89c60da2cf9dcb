/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two taps and packet sockets in a network namespace; this process is the wire between them. A child enters the namespace,
 * opens everything and hands the descriptors over, which keep the namespace alive: nobody else leaves the network he is in.
 */
#include "tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FD_FIRST 10 /* the lower ones have another meaning in the machine's process */
#define CARD "card"
#define FAR "far"

enum { FD_CARD, FD_FAR, FD_FROM, FD_TO, FDS };

struct handover {
	struct msghdr message;
	struct iovec iov;
	char byte;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(FDS * sizeof(int))];
	} control;
};

static void handover_init(struct handover *h)
{
	memset(h, 0, sizeof *h);
	h->iov = (struct iovec){&h->byte, 1};
	h->message.msg_iov = &h->iov;
	h->message.msg_iovlen = 1;
	h->message.msg_control = h->control.room;
	h->message.msg_controllen = sizeof h->control.room;
}

static int tap_make(const char *name, short flags)
{
	struct ifreq r = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | flags)};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strcpy(r.ifr_name, name);
	return fd >= 0 && !ioctl(fd, TUNSETIFF, &r) ? fd : -1;
}

/* Brings @name up and opens a socket for packets with virtio headers on it; -1: it could not be. */
static int packets_open(const char *name)
{
	struct ifreq r = {0};
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)), on = 1;

	strcpy(r.ifr_name, name);
	if (fd < 0 || ioctl(fd, SIOCGIFINDEX, &r))
		return -1;
	address.sll_ifindex = r.ifr_ifindex;
	r.ifr_flags = IFF_UP | IFF_PROMISC;
	if (ioctl(fd, SIOCSIFFLAGS, &r) || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&address, sizeof address))
		return -1;
	return fd;
}

/* In the child. */
_Noreturn static void hand_over(int socket)
{
	struct handover h;
	int fds[FDS];

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		_exit(1);
	fds[FD_CARD] = tap_make(CARD, IFF_VNET_HDR);
	fds[FD_FAR] = tap_make(FAR, 0);
	if (fds[FD_CARD] < 0 || fds[FD_FAR] < 0)
		_exit(1);
	fds[FD_FROM] = packets_open(CARD);
	fds[FD_TO] = packets_open(FAR);
	if (fds[FD_FROM] < 0 || fds[FD_TO] < 0)
		_exit(1);
	handover_init(&h);
	h.control.header = (struct cmsghdr){CMSG_LEN(sizeof fds), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&h.control.header), fds, sizeof fds);
	_exit(sendmsg(socket, &h.message, 0) != 1);
}

const char *tap_open(struct tap *tap)
{
	struct handover h;
	int ends[2], fds[FDS];
	pid_t child;
	bool got;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return "no sockets";
	child = fork();
	if (child == 0)
		hand_over(ends[1]);
	close(ends[1]);
	handover_init(&h);
	got = child > 0 && recvmsg(ends[0], &h.message, MSG_CMSG_CLOEXEC) == 1 &&
	      h.control.header.cmsg_len == CMSG_LEN(sizeof fds);
	close(ends[0]);
	waitpid(child, NULL, 0);
	if (!got)
		return "no taps in a network namespace: that needs root, or user namespaces and a /dev/net/tun for all";
	memcpy(fds, CMSG_DATA(&h.control.header), sizeof fds);
	*tap = (struct tap){.from = fds[FD_FROM], .to = fds[FD_TO], .far = fds[FD_FAR]};
	tap->card = fcntl(fds[FD_CARD], F_DUPFD, FD_FIRST); /* inherited by QEMU */
	close(fds[FD_CARD]);
	snprintf(tap->netdev, sizeof tap->netdev, "tap,id=net,fd=%d", tap->card);
	return NULL;
}

void tap_close(struct tap *tap)
{
	close(tap->card);
	close(tap->from);
	close(tap->to);
	close(tap->far);
}

static bool ready(int fd, unsigned seconds)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, (int)seconds * 1000) == 1;
}

bool tap_receive(struct tap *tap, struct tap_packet *packet, unsigned seconds)
{
	static uint8_t bytes[sizeof(struct virtio_net_hdr) + TAP_FRAME_MAX];
	const struct virtio_net_hdr *header = (const void *)bytes;
	struct sockaddr_ll from;
	socklen_t len;
	ssize_t got;

	do {
		len = sizeof from;
		if (!ready(tap->from, seconds))
			return false;
		got = recvfrom(tap->from, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &len);
		if (got < (ssize_t)sizeof *header)
			return false;
	} while (from.sll_pkttype == PACKET_OUTGOING); /* the host's own */
	packet->len = (uint32_t)got - (uint32_t)sizeof *header;
	packet->gso_size = header->gso_type ? header->gso_size : 0;
	memcpy(packet->bytes, bytes + sizeof *header, packet->len);
	return send(tap->to, bytes, (size_t)got, 0) == got;
}

size_t tap_read(struct tap *tap, uint8_t bytes[TAP_FRAME_MAX], unsigned seconds)
{
	ssize_t got;

	if (!ready(tap->far, seconds))
		return 0;
	got = read(tap->far, bytes, TAP_FRAME_MAX);
	return got > 0 ? (size_t)got : 0;
}
