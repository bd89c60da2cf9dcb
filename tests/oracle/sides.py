# SPDX-License-Identifier: BSD-2-Clause
"""The two routers that are compared: the core in a process of its own, and the kernel of a network namespace."""

import ctypes
import fcntl
import os
import select
import struct
import subprocess

from scapy.all import ARP, Ether, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6

import policy

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
CLONE_NEWNET = 0x40000000


class NotRun(Exception):
    """The machine lacks something."""


def router_mac(iface):
    return "02:00:00:00:01:%02x" % iface


def station_mac(iface, address):
    """The MAC behind @address: inner peers have one each, stations of the uplink one by their last number."""
    if iface:
        return "02:00:00:00:02:%02x" % iface
    last = int(address.split(".")[-1]) if "." in address else int(address.split(":")[-1] or "0", 16) & 0xFF
    return "02:00:00:00:03:%02x" % last


class Core:
    """The router's core. Each frame is a hundredth of a second after the one before."""

    def __init__(self, program, table):
        mtu = ["%d=%d" % (i, policy.MTU[n]) for i, n in enumerate(policy.NAMES)]
        self.process = subprocess.Popen([program, table] + mtu, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.now = 10**12

    def exactly(self, length):
        data = self.process.stdout.read(length)
        if len(data) != length:
            raise RuntimeError("the core died, see above")
        return data

    def send(self, iface, frame):
        """(verdict's reason, [(interface, frame)]); questions for neighbours are answered on the way."""
        self.now += 10**7
        try:
            self.process.stdin.write(struct.pack("<IIQ", len(frame), iface, self.now) + frame)
            self.process.stdin.flush()
        except BrokenPipeError:
            raise RuntimeError("the core died, see above") from None
        _, name_len, count, _ = self.exactly(4)
        reason, left = self.exactly(name_len).decode(), []
        for _ in range(count):
            out_if, length = struct.unpack("<II", self.exactly(8))
            left.append((out_if, self.exactly(length)))
        result = []
        for out_if, data in left:
            if data[12:14] == b"\x08\x06":
                result += self.answered(out_if, answer_arp(Ether(data)))
            elif data[12:14] == b"\x86\xdd" and data[20] == 58 and data[54] == 135:
                result += self.answered(out_if, answer_nd(Ether(data)))
            elif not data[0] & 1:  # what it tells all is not about the frame
                result.append((out_if, data))
        return reason, result

    def answered(self, iface, frame):
        return self.send(iface, frame)[1] if frame else []

    def close(self):
        """How many new flows the rule at each line decided."""
        rest = self.process.communicate()[0]
        if self.process.returncode:
            raise RuntimeError("the core ended with %d" % self.process.returncode)
        return {line: hits for line, hits in struct.iter_unpack("<QQ", rest)}


def answer_arp(frame):
    if frame[ARP].op != 1 or frame[ARP].psrc == frame[ARP].pdst:
        return None
    mac = station_mac(0, frame[ARP].pdst)
    return bytes(Ether(src=mac, dst=frame.src) / ARP(op=2, hwsrc=mac, psrc=frame[ARP].pdst, hwdst=frame.src,
                                                      pdst=frame[ARP].psrc))


def answer_nd(frame):
    target = frame[ICMPv6ND_NS].tgt
    mac = station_mac(0, target)
    return bytes(Ether(src=mac, dst=frame.src) / IPv6(src=target, dst=frame[IPv6].src, hlim=255) /
                 ICMPv6ND_NA(tgt=target, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac))


def run(command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command), done.stderr.strip()))
    return done.stdout


def sysctl(name, value, must=True):
    try:
        with open("/proc/sys/net/" + name, "w") as f:
            f.write(str(value))
    except OSError:
        if must:
            raise


def enter_namespace():
    """This process gets a network of its own."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise NotRun("no network namespaces: " + os.strerror(ctypes.get_errno()))


class Kernel:
    """Linux forwarding between TAP devices, each of them an interface of the policy."""

    def __init__(self, ruleset):
        self.taps = []
        for n in policy.NAMES:
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", n.encode(), IFF_TAP_NO_PI))
            self.taps.append(fd)
        for kind in ("all", "default") + tuple(policy.NAMES):
            for name, value in (("rp_filter", 0), ("send_redirects", 0), ("accept_redirects", 0)):
                sysctl("ipv4/conf/%s/%s" % (kind, name), value)
            for name, value in (("accept_dad", 0), ("accept_ra", 0), ("addr_gen_mode", 1)):
                sysctl("ipv6/conf/%s/%s" % (kind, name), value, must=kind != "all")
        for name, value in (("ipv4/ip_forward", 1), ("ipv6/conf/all/forwarding", 1), ("ipv4/icmp_ratelimit", 0),
                            ("ipv4/icmp_ratemask", 0), ("ipv6/icmp/ratelimit", 0),
                            ("netfilter/nf_conntrack_tcp_loose", 0), ("netfilter/nf_conntrack_tcp_be_liberal", 0),
                            ("ipv4/ip_local_port_range", "1024 65535")):
            sysctl(name, value)
        for name in ("ipv4/icmp_msgs_per_sec", "ipv4/icmp_msgs_burst", "ipv4/ip_no_pmtu_disc"):
            sysctl(name, 0 if name.endswith("disc") else 100000000, must=False)
        run(["ip", "-batch", "-"], addresses())
        run(["nft", "-f", "-"], ruleset)
        self.receive()

    def receive(self):
        """What came out since, but for what the kernel says by itself to all."""
        out = []
        for iface, fd in enumerate(self.taps):
            while True:
                try:
                    data = os.read(fd, 70000)
                except BlockingIOError:
                    break
                if not data[0] & 1:
                    out.append((iface, data))
        return out

    def send(self, iface, frame):
        # The kernel forwards within the call of write(): what it sends is there when that returns.
        os.write(self.taps[iface], frame)
        return self.receive()

    def wait(self):
        """For what might come late after all."""
        select.select(self.taps, [], [], 0.02)
        return self.receive()

    def close(self):
        """How many new flows the rule at each line decided."""
        text = run(["nft", "list", "counters"], "")
        for fd in self.taps:
            os.close(fd)
        words, hits = text.split(), {}
        for i, word in enumerate(words):
            if word == "counter":
                line = int(words[i + 1][4:])
            elif word == "packets":
                hits[line] = int(words[i + 1])
        return hits


def addresses():
    lines = ["link set lo up"]
    for i, n in enumerate(policy.NAMES):
        lines += ["link set %s address %s mtu %d up" % (n, router_mac(i), policy.MTU[n])]
        if i == 0:
            lines += ["addr add %s/24 dev net" % policy.V4[n], "addr add %s/64 dev net nodad" % policy.V6[n]]
            continue
        lines += ["addr add %s peer %s dev %s" % (policy.V4[n], policy.PEER4[n], n),
                  "addr add %s peer %s dev %s nodad" % (policy.V6[n], policy.PEER6[n], n),
                  "route add blackhole %s0/24" % policy.V4[n][:-1], "route add blackhole %s/64" % policy.V6[n][:-1],
                  "neigh replace %s lladdr %s dev %s" % (policy.PEER4[n], station_mac(i, ""), n),
                  "neigh replace %s lladdr %s dev %s" % (policy.PEER6[n], station_mac(i, ""), n)]
    for a in policy.FAR4 + policy.FAR6 + [policy.PEER4["net"], policy.PEER6["net"]]:
        if a.startswith(("198.51.100.", "2001:db8:100:")):
            lines.append("neigh replace %s lladdr %s dev net" % (a, station_mac(0, a)))
    lines += ["route add default via %s" % policy.PEER4["net"], "route add default via %s" % policy.PEER6["net"]]
    return "\n".join(lines) + "\n"
