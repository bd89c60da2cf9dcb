/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket options. lwIP's control blocks are looked at under the core lock; a listener's is the short kind, so that TCP
 * options on it are only remembered where a connection inherits them (TCP_NODELAY) and else refused.
 */
#include <errno.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include "socket.h"

#define BUFFER_BYTES TCP_WND

static int take_int(const void *value, socklen_t length, int *out)
{
	if (value == NULL || length < sizeof(*out))
		return -EINVAL;
	memcpy(out, value, sizeof(*out));
	return 0;
}

static int give(void *value, socklen_t *length, const void *from, size_t size)
{
	if (value == NULL || length == NULL)
		return -EFAULT;
	if (*length > size)
		*length = (socklen_t)size;
	memcpy(value, from, *length);
	return 0;
}

/* lwIP's name of a flag that every control block has, or 0. */
static u8_t flag_of(int option)
{
	switch (option) {
	case SO_REUSEADDR:
	case SO_REUSEPORT: return SOF_REUSEADDR;
	case SO_KEEPALIVE: return SOF_KEEPALIVE;
	case SO_BROADCAST: return SOF_BROADCAST;
	default: return 0;
	}
}

static int set_timeout(struct sock *s, int option, const void *value, socklen_t length)
{
	struct timeval tv;
	int64_t ms;

	if (value == NULL || length < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, value, sizeof(tv));
	if (tv.tv_sec < 0 || tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	ms = tv.tv_sec > INT32_MAX / 1000 - 1 ? INT32_MAX : tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000;
	if (option == SO_RCVTIMEO)
		netconn_set_recvtimeout(s->conn, (u32_t)ms);
	else
		netconn_set_sendtimeout(s->conn, (s32_t)ms);
	return 0;
}

static int get_timeout(struct sock *s, int option, void *value, socklen_t *length)
{
	int64_t ms = option == SO_RCVTIMEO ? (int64_t)netconn_get_recvtimeout(s->conn)
					   : (int64_t)netconn_get_sendtimeout(s->conn);
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	return give(value, length, &tv, sizeof(tv));
}

static int set_linger(struct sock *s, const void *value, socklen_t length)
{
	struct linger linger;

	if (value == NULL || length < sizeof(linger))
		return -EINVAL;
	memcpy(&linger, value, sizeof(linger));
	if (linger.l_linger < 0 || linger.l_linger > INT16_MAX)
		linger.l_linger = INT16_MAX;
	s->conn->linger = linger.l_onoff ? (s16_t)linger.l_linger : -1;
	return 0;
}

static int set_socket_option(struct sock *s, int option, const void *value, socklen_t length)
{
	int on, result;

	switch (option) {
	case SO_RCVTIMEO:
	case SO_SNDTIMEO: return set_timeout(s, option, value, length);
	case SO_LINGER: return set_linger(s, value, length);
	default: break;
	}
	result = take_int(value, length, &on);
	if (result != 0)
		return result;
	if (option == SO_SNDBUF || option == SO_RCVBUF || option == SO_DONTROUTE || option == SO_OOBINLINE)
		return 0; /* fixed sizes, one route, no urgent data */
	if (flag_of(option) == 0)
		return -ENOPROTOOPT;
	if (s->conn->pcb.ip == NULL)
		return -EINVAL;
	if (on)
		ip_set_option(s->conn->pcb.ip, flag_of(option));
	else
		ip_reset_option(s->conn->pcb.ip, flag_of(option));
	return 0;
}

static int set_ip_option(struct sock *s, int option, int value)
{
	if (s->conn->pcb.ip == NULL || value < 0 || value > 255)
		return -EINVAL;
	switch (option) {
	case IP_TTL: s->conn->pcb.ip->ttl = (u8_t)value; return 0;
	case IP_TOS: s->conn->pcb.ip->tos = (u8_t)value; return 0;
	default: return -ENOPROTOOPT;
	}
}

static int set_ip6_option(struct sock *s, int option, int value)
{
	if (sock_family(s) != AF_INET6 || option != IPV6_V6ONLY)
		return -ENOPROTOOPT;
	netconn_set_ipv6only(s->conn, value != 0);
	return 0;
}

static int set_tcp_option(struct sock *s, int option, int value)
{
	struct tcp_pcb *pcb = s->conn->pcb.tcp;

	if (!sock_is_stream(s))
		return -ENOPROTOOPT;
	if (option == TCP_NODELAY)
		s->nodelay = value != 0;
	if (s->listening)
		return option == TCP_NODELAY ? 0 : -EINVAL;
	if (pcb == NULL || (option != TCP_NODELAY && (value <= 0 || value > 32767)))
		return -EINVAL;
	switch (option) {
	case TCP_NODELAY:
		if (value)
			tcp_nagle_disable(pcb);
		else
			tcp_nagle_enable(pcb);
		return 0;
	case TCP_KEEPIDLE: pcb->keep_idle = (u32_t)value * 1000; return 0;
	case TCP_KEEPINTVL: pcb->keep_intvl = (u32_t)value * 1000; return 0;
	case TCP_KEEPCNT: pcb->keep_cnt = (u32_t)value; return 0;
	default: return -ENOPROTOOPT;
	}
}

static int set_option(struct sock *s, int level, int option, const void *value, socklen_t length)
{
	int number, result;

	if (level == SOL_SOCKET)
		return set_socket_option(s, option, value, length);
	result = take_int(value, length, &number);
	if (result != 0)
		return result;
	switch (level) {
	case IPPROTO_IP: return set_ip_option(s, option, number);
	case IPPROTO_IPV6: return set_ip6_option(s, option, number);
	case IPPROTO_TCP: return set_tcp_option(s, option, number);
	default: return -ENOPROTOOPT;
	}
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
	int result;
	struct sock *s = sock_get(fd, &result);

	if (s == NULL)
		return (int)result_of(result);
	LOCK_TCPIP_CORE();
	result = set_option(s, level, option, value, length);
	UNLOCK_TCPIP_CORE();
	sock_put(s);
	return (int)result_of(result);
}

/* The error of the last background operation, which is thereby told and forgotten. */
static int take_error(struct sock *s)
{
	err_t error = netconn_err(s->conn);

	if (error == ERR_OK)
		return 0;
	if (s->connecting) {
		s->connecting = false;
		s->connected = false;
	}
	switch (error) {
	case ERR_RST: return s->connected ? ECONNRESET : ECONNREFUSED;
	case ERR_ABRT: return ETIMEDOUT;
	case ERR_CLSD:
	case ERR_CONN: return 0;
	default: return -sock_error(error);
	}
}

static int get_socket_option(struct sock *s, int option, int *number)
{
	switch (option) {
	case SO_TYPE: *number = sock_is_stream(s) ? SOCK_STREAM : SOCK_DGRAM; return 0;
	case SO_DOMAIN: *number = sock_family(s); return 0;
	case SO_PROTOCOL: *number = sock_is_stream(s) ? IPPROTO_TCP : IPPROTO_UDP; return 0;
	case SO_ACCEPTCONN: *number = s->listening; return 0;
	case SO_SNDBUF:
	case SO_RCVBUF: *number = BUFFER_BYTES; return 0;
	default: break;
	}
	if (flag_of(option) == 0)
		return -ENOPROTOOPT;
	if (s->conn->pcb.ip == NULL)
		return -EINVAL;
	*number = ip_get_option(s->conn->pcb.ip, flag_of(option)) != 0;
	return 0;
}

static int get_tcp_option(struct sock *s, int option, int *number)
{
	const struct tcp_pcb *pcb = s->conn->pcb.tcp;

	if (!sock_is_stream(s))
		return -ENOPROTOOPT;
	if (option == TCP_NODELAY) {
		*number = s->nodelay;
		return 0;
	}
	if (pcb == NULL || s->listening)
		return -EINVAL;
	switch (option) {
	case TCP_MAXSEG: *number = pcb->mss; return 0;
	case TCP_KEEPIDLE: *number = (int)(pcb->keep_idle / 1000); return 0;
	case TCP_KEEPINTVL: *number = (int)(pcb->keep_intvl / 1000); return 0;
	case TCP_KEEPCNT: *number = (int)pcb->keep_cnt; return 0;
	default: return -ENOPROTOOPT;
	}
}

static int get_number(struct sock *s, int level, int option, int *number)
{
	switch (level) {
	case SOL_SOCKET: return get_socket_option(s, option, number);
	case IPPROTO_TCP: return get_tcp_option(s, option, number);
	case IPPROTO_IPV6:
		if (sock_family(s) != AF_INET6 || option != IPV6_V6ONLY)
			return -ENOPROTOOPT;
		*number = netconn_get_ipv6only(s->conn) != 0;
		return 0;
	case IPPROTO_IP: break;
	default: return -ENOPROTOOPT;
	}
	if (s->conn->pcb.ip == NULL)
		return -EINVAL;
	switch (option) {
	case IP_TTL: *number = s->conn->pcb.ip->ttl; return 0;
	case IP_TOS: *number = s->conn->pcb.ip->tos; return 0;
	default: return -ENOPROTOOPT;
	}
}

static int get_option(struct sock *s, int level, int option, void *value, socklen_t *length)
{
	int number, result;

	if (level == SOL_SOCKET && option == SO_LINGER) {
		struct linger linger = {s->conn->linger >= 0, s->conn->linger >= 0 ? s->conn->linger : 0};

		return give(value, length, &linger, sizeof(linger));
	}
	if (level == SOL_SOCKET && (option == SO_RCVTIMEO || option == SO_SNDTIMEO))
		return get_timeout(s, option, value, length);
	result = get_number(s, level, option, &number);
	return result != 0 ? result : give(value, length, &number, sizeof(number));
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *length)
{
	int result;
	struct sock *s = sock_get(fd, &result);

	if (s == NULL)
		return (int)result_of(result);
	if (level == SOL_SOCKET && option == SO_ERROR) {
		int error = take_error(s);

		result = give(value, length, &error, sizeof(error));
	} else {
		LOCK_TCPIP_CORE();
		result = get_option(s, level, option, value, length);
		UNLOCK_TCPIP_CORE();
	}
	sock_put(s);
	return (int)result_of(result);
}
