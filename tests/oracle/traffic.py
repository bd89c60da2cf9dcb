# SPDX-License-Identifier: BSD-2-Clause
"""Random conversations: generators that send packet by packet, so that several run at once."""

from scapy.all import (ICMP, IP, TCP, UDP, Ether, ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest,
                       ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded, IPv6, Raw)

import fragments
import policy
from sides import router_mac, station_mac

SIDES = ("core", "kernel")


class View:
    """A flow's tuple as packets of one end have it."""

    def __init__(self, zone, src, sport, dst, dport):
        self.zone, self.src, self.sport, self.dst, self.dport = zone, src, sport, dst, dport

    def mirror(self, zone):
        return View(zone, self.dst, self.dport, self.src, self.sport)

    def key(self):
        return (self.zone, self.src, self.sport, self.dst, self.dport)


def signed(difference):
    return (difference + 2**31) % 2**32 - 2**31


class Flow:
    """@opener is what its opener sends; seen[side] what left the router there, once something did."""

    def __init__(self, family, proto, opener):
        self.family, self.proto, self.opener = family, proto, opener
        self.seen = {}
        self.history = []  # in words
        self.sent = [None, None]  # behind the last byte of TCP that passed from each end
        self.window, self.scale = [0, 0], [0, 0]  # the largest window that each end offered, and its scale
        self.before = None  # the flow that had the same tuple
        self.told = []  # flags of what passed, each with its direction
        self.last = {0: {}, 1: {}}  # direction -> side -> the last frame that came out

    def key(self):
        return (self.proto,) + self.opener.key()

    def passed(self, direction, packet):
        self.told.append(packet.flags_text() + "<>"[1 - direction])
        end = packet.seq_end()
        if packet.flags() & 4:
            return  # nothing follows it
        if self.sent[direction] is None or signed(end - self.sent[direction]) > 0:
            self.sent[direction] = end
        self.window[direction] = max(self.window[direction], packet.window)

    def distance(self, direction, packet):
        """How far the end of @packet is behind what its end sent before, and what it acknowledges behind what the other sent."""
        sent, other = self.sent[direction], self.sent[1 - direction]
        return (0 if sent is None else signed(packet.seq_end() - sent),
                0 if other is None or not packet.flags() & 16 else signed(packet.ack - other))

    def ahead(self, end, seq):
        """How far @seq is behind what @end sent."""
        return 0 if self.sent[end] is None else signed(seq - self.sent[end])

    def offered(self, end):
        """The largest window that @end may have offered."""
        return max(1, self.window[end]) << self.scale[end]

    def is_amiss(self, direction, packet):
        """Not what comes next, or more than the other end offers, so that its state or window may be wrong."""
        seq, ack = self.distance(direction, packet)
        return (seq, ack) != (packet.seq_end() - packet.seq, 0) or seq > self.offered(1 - direction) or \
            packet.flags() & 7 != 0

    def sending(self, direction, side):
        if direction == 0:
            return self.opener
        seen = self.seen.get(side)
        # Nothing arrived: the answer of one who guesses what would have.
        return seen.mirror(seen.zone) if seen else self.opener.mirror(self.guess())

    def guess(self):
        for n in policy.INNER:
            if self.opener.dst in (policy.PEER4[n], policy.PEER6[n]):
                return n
        return "net" if self.opener.zone != "net" else "one"


def wrap(view, family, l4, ttl=64, flags="DF", **ip):
    iface = policy.NAMES.index(view.zone)
    station = view.src if iface or view.src.startswith(("198.51.100.", "2001:db8:100:")) else policy.PEER4["net"]
    eth = Ether(src=station_mac(iface, station), dst=router_mac(iface))
    net = IP(src=view.src, dst=view.dst, ttl=ttl, id=7, flags=flags, **ip) if family == 4 else \
        IPv6(src=view.src, dst=view.dst, hlim=ttl, **ip)
    return bytes(eth / net / l4)


def payload(length):
    return Raw(bytes(i * 7 & 255 for i in range(length)))


class Conversations:
    def __init__(self, rng, judge):
        self.rng, self.judge = rng, judge
        self.busy, self.spoilt = set(), set()

    # --- who talks to whom ---

    def address(self, zone, family):
        if zone == "net":
            return self.rng.choice(policy.FAR4 if family == 4 else policy.FAR6)
        return (policy.PEER4 if family == 4 else policy.PEER6)[zone]

    def target(self, zone, family):
        own = policy.V4 if family == 4 else policy.V6
        kind = self.rng.random()
        if zone == "net" and kind < 0.6:
            return own["net"]
        if kind < 0.04:
            return own[zone]
        if kind < 0.08:
            return own[self.rng.choice(policy.NAMES)]
        if kind < 0.1:
            return "10.0.2.9" if family == 4 else "2001:db8:2::9"
        others = [n for n in policy.NAMES if n != zone or kind < 0.13]
        return self.address(self.rng.choice(others + ([] if zone == "net" else ["net", "net"])), family)

    def flow(self, proto):
        while True:
            family = 4 if self.rng.random() < 0.6 else 6
            zone = self.rng.choice(["net", "net", "one", "two", "three"])
            dst = self.target(zone, family)
            sport = self.rng.choice([40000, 40001, 40002, self.rng.randrange(30000, 60000)])
            dport = self.rng.choice(policy.PORTS + [self.rng.randrange(20, 9000)])
            if proto == "icmp":
                dport = 0
            flow = Flow(family, proto, View(zone, self.address(zone, family), sport, dst, dport))
            if flow.key() not in self.busy and flow.key() not in self.spoilt:
                return flow

    def run(self, packets):
        """Let conversations talk until at least @packets were sent."""
        live = []
        while self.judge.packets < packets:
            if len(live) < 6:
                kind = self.rng.choices([self.tcp, self.udp, self.ping, self.stray, self.probe], [5, 3, 2, 1, 1])[0]
                proto = {self.udp: "udp", self.ping: "icmp"}.get(kind, "tcp")
                flow = self.flow(proto)
                self.busy.add(flow.key())
                live.append((flow, kind(flow)))
            flow, talk = live[self.rng.randrange(len(live))]
            if next(talk, None) is None:
                live.remove((flow, talk))
                self.busy.discard(flow.key())

    # --- one packet through both ---

    def send(self, flow, direction, make, cut=False, **how):
        """True: it arrived by both. make(view, side) is the layer 4. @cut: in fragments, good ones or not."""
        frames, zones = {}, {}
        if cut:
            how["flags"] = 0
        for side in SIDES:
            view = flow.sending(direction, side)
            frames[side] = wrap(view, flow.family, make(view, side), **how)
            zones[side] = policy.NAMES.index(view.zone)
        pieces = self.fragments(frames, policy.MTU[policy.NAMES[zones["core"]]]) if cut else None
        verdict = self.judge.packet(flow, direction, zones, frames, pieces)
        # The kernel takes note of a segment before it finds that it cannot pass it on.
        if verdict == "differs" or (verdict == "answer" and flow.proto == "tcp" and flow.seen):
            self.spoilt.add(flow.key())
            raise Spoilt
        return verdict == "forward"

    def fragments(self, frames, mtu):
        """Each side's frame in the same pieces, for a link of @mtu: in any order, some twice, and now and then wrong."""
        rng, at, ends = self.rng, fragments.head_len(frames["core"]), []
        total, ident = len(frames["core"]) - at, rng.getrandbits(32)
        step = (mtu - 28 if at == 34 else mtu - 48) // 8 * 8
        wrong = rng.choice(["overlap", "bytes", "end", "tiny", "hole"]) if rng.random() < 0.25 else None
        here = 8 * rng.randrange(1, 3) if wrong == "tiny" else 8 * rng.randrange(3, step // 8 + 1)
        if total > 2000 and wrong != "tiny":
            here = step  # no more pieces than wait for a next hop
        while here < total:
            ends.append(here)
            here += step if total > 3000 or len(ends) > 1 or rng.random() < 0.6 else 8 * rng.randrange(1, step // 8 + 1)
        ends.append(total)
        spans = list(zip([0] + ends, ends))
        order = list(range(len(spans)))
        if rng.random() < 0.4:
            rng.shuffle(order)
        pick, twice = rng.randrange(len(spans)), rng.randrange(len(spans)) if rng.random() < 0.2 else None

        if len(spans) == 1:
            wrong = twice = None

        def one_side(frame):
            out = [fragments.fragment(frame, spans[i][0], spans[i][1], ident, i + 1 < len(spans)) for i in order]
            start, end = spans[pick]
            data = frame[at + start:at + end]
            if twice is not None:
                out.insert(twice, out[twice])
            bad = None
            if wrong == "overlap" and end - start >= 16:
                bad = fragments.fragment(frame, start + 8, end, ident, pick + 1 < len(spans))
            elif wrong == "bytes" and pick != order[-1]:  # else these complete it
                bad = fragments.fragment(frame, start, end, ident, pick + 1 < len(spans), bytes(b ^ 1 for b in data))
            elif wrong == "end":
                bad = fragments.fragment(frame, (total + 7) // 8 * 8 + 8, 0, ident, False, b"12345678")
            if bad is not None:
                out.insert(len(out) - 1, bad)
            return out[1:] if wrong == "hole" else out

        return {side: one_side(frames[side]) for side in frames}

    # --- TCP ---

    def tcp(self, flow):
        try:
            yield from Connection(self, flow).talk()
        except Spoilt:
            return

    def stray(self, flow):
        """Segments of no connection."""
        try:
            for _ in range(self.rng.randrange(1, 4)):
                flags = self.rng.choice(["A", "PA", "SA", "FA", "R", "RA", "F", "", "FPU", "SF", "SR", "SRA", "SFA", "FR", "PUA"])
                seq, ack = self.rng.getrandbits(32), self.rng.getrandbits(32)
                self.send(flow, 0, lambda v, s: TCP(sport=v.sport, dport=v.dport, flags=flags, seq=seq, ack=ack) /
                          payload(seq % 50))
                yield True
        except Spoilt:
            return

    # --- UDP and echo ---

    def udp(self, flow):
        try:
            arrived = False
            for i in range(self.rng.randrange(1, 8)):
                direction = self.rng.randrange(2) if arrived else 0
                length = self.length(flow, [0, 1, 33, 512, 1200, 1232, 1300, 1352, 1353, 1452])
                cut = self.rng.random() < 0.25
                if cut:
                    length = self.rng.choice([40, 100, 700, 1400, 2000, 4000])
                if flow.opener.dst in (policy.V4["net"], policy.V6["net"]):
                    length = min(length, 1200)  # whichever instance gets it
                zero = flow.family == 4 and self.rng.random() < 0.05
                make = lambda v, s: UDP(sport=v.sport, dport=v.dport, **({"chksum": 0} if zero else {})) / payload(length)
                may = {"flags": 0} if self.rng.random() < 0.2 else {}
                arrived = self.send(flow, direction, make, cut, ttl=self.ttl(), **may) or arrived
                yield True
                if arrived and self.rng.random() < 0.2:
                    yield from self.error(flow)
                if not arrived and self.rng.random() < 0.7:
                    return
        except Spoilt:
            return

    def ping(self, flow):
        request, reply = (ICMPv6EchoRequest, ICMPv6EchoReply) if flow.family == 6 else (None, None)

        def make(view, is_request, seq, length):
            ident = view.sport if is_request else view.dport
            if flow.family == 4:
                return ICMP(type=8 if is_request else 0, id=ident, seq=seq) / payload(length)
            return (request if is_request else reply)(id=ident, seq=seq, data=bytes(length))

        try:
            arrived = False
            for i in range(self.rng.randrange(1, 5)):
                direction = self.rng.randrange(2) if arrived else 0
                is_request = direction == 0 if self.rng.random() < 0.95 else direction == 1
                length = self.length(flow, [0, 8, 56, 1232, 1400])
                cut = self.rng.random() < 0.25
                if cut:
                    length = self.rng.choice([40, 700, 2000, 3000])
                if is_request and direction == 1:
                    continue  # would be a flow of the other end
                arrived = self.send(flow, direction, lambda v, s: make(v, is_request, i, length), cut,
                                    ttl=self.ttl()) or arrived
                yield True
                if arrived and self.rng.random() < 0.2:
                    yield from self.error(flow)
                if not arrived:
                    return
        except Spoilt:
            return

    def length(self, flow, lengths):
        """Mostly such as the opener's link carries."""
        most = policy.MTU[flow.opener.zone] - 48
        return min(self.rng.choice(lengths), most if self.rng.random() < 0.98 else 1452)

    def ttl(self):
        return self.rng.choice([64] * 30 + [1, 2, 255])

    # --- errors and forgeries ---

    def error(self, flow):
        """An ICMP error from behind the router, about a packet that came out there."""
        about = 0 if flow.last[0] else 1
        if flow.last[1] and self.rng.random() < 0.4:
            about = 1
        if any(side not in flow.last[about] for side in SIDES):
            return
        length = self.rng.choice([28, 40, 60, 100, 548])
        kind, foreign = self.rng.randrange(5), self.rng.random() < 0.1
        wrong = self.rng.random() < 0.1

        def make(view, side):
            quote = bytearray(flow.last[about][side][14:][:max(length, 48) if flow.family == 6 else length])
            if wrong:
                quote[(20 if flow.family == 4 else 40) + (4 if flow.proto == "icmp" else 1)] ^= 0x40
            if flow.family == 4:
                head = ICMP(type=[3, 3, 3, 11, 12][kind], code=[1, 3, 4, 0, 0][kind], nexthopmtu=[0, 0, 1300, 0, 0][kind]) \
                    if kind == 2 else ICMP(type=[3, 3, 3, 11, 12][kind], code=[1, 3, 4, 0, 0][kind])
                return head / Raw(bytes(quote))
            head = [ICMPv6DestUnreach(code=0), ICMPv6DestUnreach(code=4), ICMPv6PacketTooBig(mtu=1300),
                    ICMPv6TimeExceeded(), ICMPv6ParamProblem(ptr=6)][kind]
            return head / Raw(bytes(quote))

        frames, zones = {}, {}
        for side in SIDES:
            view = flow.sending(1 - about, side)
            if foreign and view.zone == "net":
                view = View("net", policy.PEER4["net"] if flow.family == 4 else policy.PEER6["net"], 0, view.dst, 0)
            zones[side] = policy.NAMES.index(view.zone)
            frames[side] = wrap(view, flow.family, make(view, side))
        if self.judge.packet(flow, 1 - about, zones, frames) == "differs":
            self.spoilt.add(flow.key())
            raise Spoilt
        yield True

    def probe(self, flow):
        """One packet that is not what it should be: source, protocol, type, port or checksum."""
        try:
            v, kind = flow.opener, self.rng.randrange(7)
            if kind == 0:
                v.src = self.rng.choice(list(policy.V4.values()) + list(policy.PEER4.values()) + [
                    "10.0.1.77", "127.0.0.1", "0.0.0.0", "224.0.0.5", "255.255.255.255", "198.51.100.255", "9.9.9.9"]) \
                    if flow.family == 4 else self.rng.choice(list(policy.V6.values()) + list(policy.PEER6.values()) + [
                        "2001:db8:1::77", "::1", "::", "ff02::5", "fe80::9", "::ffff:1.2.3.4", "2001:db8:100::"])
            l4 = TCP(sport=v.sport, dport=v.dport, flags="S", seq=9)
            more = {}
            if kind == 1:
                more = {"proto": 47} if flow.family == 4 else {"nh": 47}
            elif kind == 2 and flow.family == 4:
                l4 = ICMP(type=self.rng.choice([5, 9, 10, 13, 15, 17, 30, 0]), id=v.sport)
            elif kind == 3:
                v.dst = self.rng.choice(["198.51.100.255", "10.0.2.0", "255.255.255.255", "224.0.0.1", "127.0.0.1",
                                         "0.0.0.0"]) if flow.family == 4 else \
                    self.rng.choice(["ff02::1", "::1", "2001:db8:2::", "fe80::2", "::ffff:1.2.3.4"])
            elif kind == 4:
                l4 = UDP(sport=self.rng.choice([0, v.sport]), dport=v.dport)
            elif kind == 5 and flow.family == 4:
                more = {"chksum": 1}
            elif kind == 6:
                l4 = ICMP(type=8, id=v.sport, chksum=1) if flow.family == 4 else ICMPv6EchoRequest(id=v.sport, cksum=1)
            self.spoilt.add(flow.key())
            self.send(flow, 0, lambda view, side: l4, **more)
        except Spoilt:
            pass
        return
        yield


class Spoilt(Exception):
    """The two no longer agree about this flow: what follows proves nothing."""


class Connection:
    """Both ends of a TCP connection, and one in the middle who guesses."""

    def __init__(self, all_, flow):
        self.all, self.rng, self.flow = all_, all_.rng, flow
        self.next = [self.rng.getrandbits(32), self.rng.getrandbits(32)]
        self.window = [self.rng.choice([0, 500, 5000, 60000, 65535]), self.rng.choice([500, 5000, 60000, 65535])]
        self.scale = [self.rng.choice([None, 0, 2, 7, 14]), self.rng.choice([None, 0, 2, 7])]

    def segment(self, direction, flags, length=0, seq=None, ack=None, options=(), window=None):
        seq = (self.next[direction] if seq is None else seq) & 0xFFFFFFFF
        ack = (self.next[1 - direction] if ack is None else ack) & 0xFFFFFFFF if "A" in flags else 0
        window = self.window[direction] if window is None else window
        return self.all.send(self.flow, direction, lambda v, s: TCP(
            sport=v.sport, dport=v.dport, flags=flags, seq=seq, ack=ack, window=window, options=list(options)) /
            payload(length), length >= 100 and self.rng.random() < 0.15, ttl=self.all.ttl())

    def open_options(self, direction):
        out = [("MSS", self.rng.choice([536, 1220, 1280, 1400, 1460, 8960]))]
        if self.scale[direction] is not None:
            out += [("NOP", None), ("WScale", self.scale[direction])]
        return out

    def rogue(self):
        """A segment that neither end sent."""
        d = self.rng.randrange(2)
        far = self.rng.choice([1 << 21, 1 << 26, 1 << 30]) * self.rng.choice([1, -1])
        near = self.rng.choice([-70000, -1000, -1, 1, 2, 1000])
        kind = self.rng.randrange(11)
        if kind == 0:
            self.segment(d, "PA", 10, seq=self.next[d] + far)
        elif kind == 1:
            self.segment(d, "A", 0, ack=self.next[1 - d] + far)
        elif kind == 2:
            self.segment(d, "PA", 10, seq=self.next[d] + near)
        elif kind == 3:
            self.segment(d, "A", 0, ack=self.next[1 - d] + near)
        elif kind == 4:
            self.segment(d, self.rng.choice(["R", "RA"]), 0, seq=self.next[d] + far)
        elif kind == 5:
            self.segment(d, self.rng.choice(["R", "RA"]), 0, seq=self.next[d] + near)
        elif kind == 6:
            over = any("F" in flags or "R" in flags for flags in self.flow.told)  # the other end would open a flow of its own
            self.segment(0 if over else d, "S", 0, seq=self.rng.choice([self.next[d], self.rng.getrandbits(32)]))
        elif kind == 7:
            self.segment(d, "SA", 0, seq=self.rng.choice([self.next[d], self.rng.getrandbits(32)]))
        elif kind == 8:
            self.segment(d, self.rng.choice(["", "F", "SF", "SR", "FPU", "FRA", "P"]), 5)
        elif kind == 9:
            self.segment(d, "PA", 1, seq=self.next[d] + (self.window[1 - d] << (self.scale[1 - d] or 0)) + near)
        else:
            self.segment(d, "FA", 0, seq=self.next[d] + far)

    def talk(self):
        rng = self.rng
        arrived = self.segment(0, "S", options=self.open_options(0))
        yield True
        if rng.random() < 0.1:
            self.segment(0, "S", options=self.open_options(0))
            yield True
        if not arrived:
            if rng.random() < 0.3:
                self.next[0] += 1
                self.segment(rng.randrange(2), rng.choice(["A", "SA", "R", "RA"]))
                yield True
            return
        self.next[0] += 1
        if rng.random() < 0.1:
            self.rogue()
            yield True
        if rng.random() < 0.12:
            yield from self.all.error(self.flow)
        if rng.random() < 0.08:
            self.segment(1, "RA", seq=0)
            yield True
        if rng.random() < 0.05:
            return
        if not self.segment(1, "SA", options=self.open_options(1)):
            return
        self.next[1] += 1
        if None in self.scale:
            self.scale = [None, None]
        self.flow.scale = [s or 0 for s in self.scale]
        yield True
        if rng.random() < 0.1:
            self.rogue()
            yield True
        self.segment(0, "A")
        yield True
        yield from self.exchange()
        yield from self.end()

    def exchange(self):
        rng = self.rng
        self.window = [max(w, 2000) for w in self.window]
        for _ in range(rng.randrange(1, 8)):
            d, length = rng.randrange(2), rng.choice([1, 100, 536, 1220])
            self.segment(d, "PA", length)
            yield True
            if rng.random() < 0.1:
                self.segment(d, "PA", length)  # once more
                yield True
            self.next[d] += length
            if rng.random() < 0.7:
                self.segment(1 - d, "A")
                yield True
            if rng.random() < 0.12:
                self.rogue()
                yield True
            if rng.random() < 0.06:
                yield from self.all.error(self.flow)

    def end(self):
        rng, d = self.rng, self.rng.randrange(2)
        kind = rng.random()
        if kind < 0.2:
            self.segment(d, rng.choice(["R", "RA"]))
            yield True
        elif kind < 0.85:
            self.segment(d, "FA")
            yield True
            self.next[d] += 1
            self.segment(1 - d, "A")
            yield True
            if rng.random() < 0.3:
                self.segment(1 - d, "PA", 50)
                self.next[1 - d] += 50
                yield True
            self.segment(1 - d, "FA")
            yield True
            self.next[1 - d] += 1
            self.segment(d, "A")
            yield True
        if kind < 0.85 and rng.random() < 0.3:
            self.rogue()
            yield True
        if kind < 0.85 and rng.random() < 0.3:  # the opener begins anew with the same ports
            self.next[0] += 100000
            self.segment(0, "S", options=self.open_options(0))
            yield True
