# SPDX-License-Identifier: BSD-2-Clause
"""What a frame that left says, read apart from both routers: addresses and ports, whether its sums are right, the rest."""

import ipaddress
import struct

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
ERRORS = {ICMP: (3, 11, 12), ICMP6: (1, 2, 3, 4)}
REQUEST, REPLY = {ICMP: 8, ICMP6: 128}, {ICMP: 0, ICMP6: 129}


def total(data):
    if len(data) % 2:
        data += b"\0"
    return sum(struct.unpack(">%dH" % (len(data) // 2), data)) % 65535


class Frame:
    """@rest is all that translation must not change; @mss the segment size that a SYN offers, or None; @error is the Frame that
    an ICMP error quotes, or None."""

    def __init__(self, data, quoted=False):
        ip = data if quoted else data[14:]
        self.ethernet = b"" if quoted else data[:14]
        self.good = True
        self.family = ip[0] >> 4
        if self.family == 4:
            self.proto, self.ttl, header = ip[9], ip[8], (ip[0] & 15) * 4
            self.src, self.dst = (str(ipaddress.IPv4Address(ip[i:i + 4])) for i in (12, 16))
            self.good = total(ip[:header]) == 0
            self.fragment = struct.unpack(">H", ip[6:8])[0] & 0x3FFF
            self.id, length = ip[4:6], struct.unpack(">H", ip[2:4])[0]
            head = ip[:4] + ip[6:9]
            pseudo = ip[12:20]
        else:
            self.proto, self.ttl, header, self.fragment = ip[6], ip[7], 40, 0
            self.src, self.dst = (str(ipaddress.IPv6Address(ip[i:i + 16])) for i in (8, 24))
            self.id, length = b"", 40 + struct.unpack(">H", ip[4:6])[0]
            head = ip[:6] + ip[7:8]
            pseudo = ip[8:40]
        l4 = ip[header:length]
        if not quoted and self.proto in (TCP, UDP, ICMP6, ICMP) and not self.fragment:
            sum_ = total(l4) + (0 if self.proto == ICMP else total(pseudo) + self.proto + len(l4))
            absent = self.proto == UDP and l4[6:8] == b"\0\0"
            self.good = self.good and (absent or sum_ % 65535 == 0)
        self.sport = self.dport = None
        self.error = self.mss = None
        rest = l4
        if self.proto == TCP and not quoted:
            self.seq, self.ack, self.window = struct.unpack(">II2xH", l4[4:16])
        if self.proto in (TCP, UDP):
            self.sport, self.dport = struct.unpack(">HH", l4[:4])
            at = 16 if self.proto == TCP else 6
            rest = l4[4:at] + l4[at + 2:]
            if self.proto == TCP and l4[13:14] and l4[13] & 2 and l4[20:22] == b"\x02\x04":
                self.mss = struct.unpack(">H", l4[22:24])[0]
                rest = l4[4:at] + l4[18:22] + l4[24:]
        elif self.proto in ERRORS:
            self.kind = tuple(l4[:2])
            rest = l4[:2] + l4[4:]
            if l4[0] in ERRORS[self.proto]:
                self.error = Frame(l4[8:], quoted=True)
                rest = l4[:2] + l4[4:8] + self.error.rest
            elif l4[0] in (REQUEST[self.proto], REPLY[self.proto]):
                rest = l4[:2] + l4[6:]
                ident = struct.unpack(">H", l4[4:6])[0]
                self.sport, self.dport = (ident, 0) if l4[0] == REQUEST[self.proto] else (0, ident)
        self.length, self.l4, self.rest = length, l4, head + rest

    def tuple(self):
        return (self.src, self.sport, self.dst, self.dport)

    def flags(self):
        return self.l4[13] & 0x3F if self.proto == TCP else None

    def flags_text(self):
        return "".join(c for i, c in enumerate("FSRPAU") if self.flags() >> i & 1) or "none"

    def seq_end(self):
        """Behind the last byte of a TCP segment: SYN and FIN count one each."""
        return self.seq + len(self.l4) - (self.l4[12] >> 4) * 4 + (self.flags() & 1) + (self.flags() >> 1 & 1)

    def describe(self):
        name = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmp6"}.get(self.proto, str(self.proto))
        text = "%s %s:%s > %s:%s ttl %d" % ((name,) + self.tuple() + (self.ttl,))
        if self.proto == TCP and len(self.l4) >= 16:
            text += " %s seq %d ack %d window %d" % ((self.flags_text(),) + struct.unpack(">II2xH", self.l4[4:16]))
        elif self.proto in ERRORS:
            text += " type %d code %d" % self.kind
        return text + (" about [" + self.error.describe() + "]" if self.error else "") + " length %d" % len(self.l4)
