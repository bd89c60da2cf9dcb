# SPDX-License-Identifier: BSD-2-Clause
"""Random policies, each in two languages: the router's rules and an nftables ruleset that is to mean the same."""

import ipaddress

NAMES = ["net", "one", "two", "three"]  # by interface number; net is the uplink
INNER = NAMES[1:]
V4 = {"net": "198.51.100.10", "one": "10.0.1.1", "two": "10.0.2.1", "three": "10.0.3.1"}
V6 = {"net": "2001:db8:100::10", "one": "2001:db8:1::1", "two": "2001:db8:2::1", "three": "2001:db8:3::1"}
PEER4 = {"net": "198.51.100.1", "one": "10.0.1.2", "two": "10.0.2.2", "three": "10.0.3.2"}
PEER6 = {"net": "2001:db8:100::1", "one": "2001:db8:1::2", "two": "2001:db8:2::2", "three": "2001:db8:3::2"}
FAR4 = ["203.0.113.77", "203.0.113.9", "192.0.2.5", "198.51.100.77"]
FAR6 = ["2001:db8:9::77", "2001:db8:9::9", "2001:db8:a::5", "2001:db8:100::77"]
PORTS = [22, 25, 53, 80, 443, 5432, 8000, 8001, 8002, 8003]
MTU = {"net": 1500, "one": 1500, "two": 1400, "three": 1280}

PLACES = NAMES + ["router", "nowhere"]
ZONES = {
    "any": (NAMES, PLACES), "inner": (INNER, INNER), "net": (["net"], ["net"]), "one": (["one"], ["one"]),
    "two": (["two"], ["two"]), "three": (["three"], ["three"]), "router": (None, ["router"]),
    "one, two": (["one", "two"], ["one", "two"]), "inner, net": (NAMES, NAMES), "pair": (["two", "three"], ["two", "three"]),
}

INTERFACES = "".join(
    "interface %s = %s %d address %s/24 %s %s address %s/64 %s %s\n"
    % (n, "inner" if i else "uplink", i, V4[n], "peer" if i else "gateway", PEER4[n], V6[n],
       "peer" if i else "gateway", PEER6[n])
    for i, n in enumerate(NAMES)) + "zone pair = two, three\n"


class Rule:
    def __init__(self, action, services, src, dst, targets=(), port=None):
        self.action, self.services, self.src, self.dst = action, services, src, dst
        self.targets, self.port = targets, port
        self.line = 0


class Block:
    def __init__(self, zfrom, zto, rules):
        self.zfrom, self.zto, self.rules = zfrom, zto, rules
        self.ways = {(f, t) for f in ZONES[zfrom][0] for t in ZONES[zto][1]} if zfrom else set()


def random_services(rng, ports_only=False):
    """A list of (protocol, low, high); protocol "any" or "icmp" has no ports, low None means all ports."""
    out = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        kind = rng.random()
        proto = rng.choice(["tcp", "udp"])
        if kind < 0.15 and not ports_only:
            return [("any", None, None)]
        if kind < 0.3 and not ports_only:
            out.append(("icmp", None, None))
        elif kind < 0.45 and not ports_only:
            out.append((proto, None, None))
        elif kind < 0.7:
            low = rng.choice(PORTS)
            out.append((proto, low, low))
        else:
            low = rng.choice(PORTS)
            out.append((proto, low, low + rng.choice([1, 2, 40, 1000])))
    return out


def random_hosts(rng, own):
    """None for all, or a list of (family, text, first, last) where the last two are for ranges."""
    if rng.random() < 0.5:
        return None
    pool4 = FAR4 + [PEER4[n] for n in INNER] + ([V4["net"]] if own else [])
    pool6 = FAR6 + [PEER6[n] for n in INNER] + ([V6["net"]] if own else [])
    out = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        kind = rng.random()
        if kind < 0.12:
            out.append((4, "ipv4", "0.0.0.0/0"))
        elif kind < 0.2:
            out.append((6, "ipv6", "::/0"))
        elif kind < 0.45:
            a = rng.choice(pool4)
            out.append((4, a, a))
        elif kind < 0.6:
            a = rng.choice(pool6)
            out.append((6, a, a))
        elif kind < 0.75:
            length = rng.choice([1, 4, 8, 16, 24, 25, 30])
            out.append((4,) + prefix(rng.choice(pool4), length))
        elif kind < 0.85:
            length = rng.choice([16, 32, 48, 64, 112, 127])
            out.append((6,) + prefix(rng.choice(pool6), length))
        else:
            a = [int(x) for x in rng.choice(pool4).split(".")]
            low = "%d.%d.%d.%d" % (a[0], a[1], a[2], max(0, a[3] - rng.randrange(8)))
            high = "%d.%d.%d.%d" % (a[0], a[1], a[2], min(255, a[3] + rng.randrange(8)))
            out.append((4, low + "-" + high, low + "-" + high) if low != high else (4, low, low))
    return out


def prefix(address, length):
    text = str(ipaddress.ip_network("%s/%d" % (address, length), strict=False))
    return text, text


def random_rule(rng, zfrom, zto):
    froms, tos = (ZONES[zfrom][0], ZONES[zto][1]) if zfrom else (NAMES, PLACES)
    actions = ["drop", "reject"]
    if zfrom:
        actions += ["allow"] * 4
        if set(froms) <= set(INNER) and tos == ["net"]:
            actions += ["nat"] * 8
        if froms == ["net"] and tos == ["router"]:
            actions += ["publish"] * 12
    action = rng.choice(actions)
    if action != "publish":
        src, dst = random_hosts(rng, False), random_hosts(rng, True)
        if src and dst and not {h[0] for h in src} & {h[0] for h in dst}:
            dst = None  # no packet has both families
        return Rule(action, random_services(rng), src, dst)
    targets = rng.sample(INNER, rng.choice([1, 1, 1, 2]))
    if rng.random() < 0.5:
        return Rule(action, random_services(rng, True), random_hosts(rng, False), None, targets)
    low = rng.choice(PORTS)
    services = [(rng.choice(["tcp", "udp"]), low, low + rng.choice([0, 0, 2]))]
    return Rule(action, services, random_hosts(rng, False), None, targets, rng.choice([80, 8080, 1000]))


def random_policy(rng):
    blocks = []
    if rng.random() < 0.3:
        blocks.append(Block(None, None, []))
    # Ways that traffic takes most often come first, so that most policies have them.
    wanted = [("net", "router"), ("inner", "net")] if rng.random() < 0.85 else []
    wanted += [(rng.choice([z for z in ZONES if z != "router"]), rng.choice(list(ZONES))) for _ in range(rng.randrange(2, 9))]
    for zfrom, zto in wanted:
        block = Block(zfrom, zto, [])
        if all(block.ways.isdisjoint(b.ways) or block.ways < b.ways or b.ways < block.ways
               for b in blocks if b.zfrom):
            blocks.append(block)
    for block in blocks:
        count = rng.randrange(1, 3 if block.zfrom is None else 7)
        block.rules = [random_rule(rng, block.zfrom, block.zto) for _ in range(count)]
    return blocks


# --- the router's language ---

def services_text(services):
    out = []
    for proto, low, high in services:
        if low is None:
            out.append(proto)
        else:
            out.append("%s %d" % (proto, low) if low == high else "%s %d-%d" % (proto, low, high))
    return ", ".join(out)


def rule_text(rule, names):
    text = "%s %s" % (rule.action, services_text(rule.services))
    for word, hosts in (("from", rule.src), ("to", rule.dst)):
        if hosts is not None:
            listed = ", ".join(h[1] for h in hosts)
            name = names.get(listed)
            text += " %s %s" % (word, name or listed)
    if rule.targets:
        text += " to " + ", ".join(rule.targets)
    if rule.port:
        text += " port %d" % rule.port
    return text


def policy_text(blocks, rng):
    names, head = {}, INTERFACES
    for rule in (r for b in blocks for r in b.rules):
        for hosts in (rule.src, rule.dst):
            listed = hosts and ", ".join(h[1] for h in hosts)
            if listed and listed not in names and rng.random() < 0.4:
                name = "group%d" % len(names)
                head += "set %s = { %s }\n" % (name, listed) if rng.random() < 0.5 else "host %s = %s\n" % (name, listed)
                names[listed] = name
    lines = head.splitlines()
    for block in blocks:
        lines.append("first {" if block.zfrom is None else "from %s to %s {" % (block.zfrom, block.zto))
        for rule in block.rules:
            lines.append("\t" + rule_text(rule, names))
            rule.line = len(lines)
        lines.append("}")
    return "\n".join(lines) + "\n"


# --- nftables ---

def matches(rule, family):
    """The matches of @rule for packets of @family, each an nftables expression; none: it takes no such packet."""
    word = "ip" if family == 4 else "ip6"
    hosts = "meta nfproto ipv%d " % family
    for side, listed in (("saddr", rule.src), ("daddr", rule.dst)):
        if listed is None:
            continue
        mine = [h[2] for h in listed if h[0] == family]
        if not mine:
            return
        if not any(m in ("0.0.0.0/0", "::/0") for m in mine):
            hosts += "%s %s { %s } " % (word, side, ", ".join(mine))
    for proto, low, high in rule.services:
        if proto == "any":
            yield hosts, None
        elif proto == "icmp":
            yield hosts + "meta l4proto %s " % ("icmp" if family == 4 else "icmpv6"), "icmp"
        elif low is None:
            yield hosts + "meta l4proto %s " % proto, proto
        else:
            yield hosts + "%s dport %d-%d " % (proto, low, high), proto


class Nft:
    def __init__(self, blocks):
        self.blocks, self.marks, self.dnat = blocks, 1, []

    def verdicts(self, rule, family, proto):
        """The statements behind a match, with its further matches, in order."""
        if rule.action in ("allow", "drop"):
            return [("", "ct mark set 0x1 accept" if rule.action == "allow" else "drop")]
        if rule.action == "nat":
            return [("", "meta mark set 0x1 ct mark set 0x1 accept")]
        if rule.action == "publish":
            return [("", "meta mark set %#x ct mark set 0x1 accept" % self.mark_of(rule, family))]
        return [("meta l4proto tcp ", "reject with tcp reset"), ("", "reject with icmpx type admin-prohibited")]

    def mark_of(self, rule, family):
        self.marks += 1
        peers = PEER4 if family == 4 else PEER6
        word = "ip" if family == 4 else "ip6"
        low = rule.services[0][1]
        high = rule.services[0][2]
        address = peers[rule.targets[0]]
        if len(rule.targets) > 1:
            address = "jhash %s saddr . th sport mod %d seed 0x7 map { %s }" % (
                word, len(rule.targets), ", ".join("%d : %s" % (i, peers[t]) for i, t in enumerate(rule.targets)))
        protos = sorted({s[0] for s in rule.services})
        for proto in protos:
            match = "meta mark %#x meta l4proto %s " % (self.marks, proto)
            if rule.port is None:
                self.dnat.append(match + "dnat %s to %s" % (word, address))
                continue
            for port in range(low, high + 1):
                to = rule.port + port - low
                if len(rule.targets) == 1:
                    to_text = "[%s]:%d" % (address, to) if family == 6 else "%s:%d" % (address, to)
                    self.dnat.append(match + "%s dport %d dnat %s to %s" % (proto, port, word, to_text))
                else:
                    self.dnat.append(match + "%s dport %d dnat %s to %s" % (
                        proto, port, word, self.spread(rule, word, peers, to)))
        return self.marks

    @staticmethod
    def spread(rule, word, peers, port):
        return "jhash %s saddr . th sport mod %d seed 0x7 map { %s }" % (
            word, len(rule.targets), ", ".join("%d : %s . %d" % (i, peers[t], port) for i, t in enumerate(rule.targets)))

    def block(self, block):
        lines = []
        for rule in block.rules:
            for family in (4, 6):
                for match, proto in matches(rule, family):
                    for more, verdict in self.verdicts(rule, family, proto):
                        if more and proto not in (None, "tcp"):
                            continue
                        lines.append('%s%scounter name "line%d" %s' % (match, more, rule.line, verdict))
        return lines

    def ways(self):
        """Which chain decides about each way: that of the block with the fewest ways of those that cover it."""
        lines = ["jump block%d" % i for i, b in enumerate(self.blocks) if b.zfrom is None]
        for place in ["router"] + NAMES + ["nowhere"]:
            for source in NAMES:
                covering = [(len(b.ways), i) for i, b in enumerate(self.blocks) if (source, place) in b.ways]
                there = {"router": "fib daddr . iif type local", "nowhere": ""}.get(place, 'fib daddr oifname "%s" fib daddr type != { broadcast, anycast }' % place)
                lines.append('iifname "%s" %s %s' % (source, there, "goto block%d" % min(covering)[1] if covering else "drop"))
        return lines

    def text(self):
        chains = [("block%d" % i, None, self.block(b)) for i, b in enumerate(self.blocks)]
        chains += [("guard", "filter hook prerouting priority -300", guard()),
                   ("decide", "filter hook prerouting priority -150; policy drop",
                    # The kernel calls a flow new until it is answered: the mark tells that it was decided.
                    ["ct state established,related accept", "ct state invalid drop", "ct mark 0x1 accept"] + self.ways()),
                   ("published", "nat hook prerouting priority -100", self.dnat),
                   ("hidden", "nat hook postrouting priority 100", ["meta mark 0x1 masquerade"]),
                   # Never back where it came from; to the router itself only echo requests.
                   ("clamp", "filter hook forward priority -10", ["tcp flags syn tcp option maxseg size set rt mtu"]),
                  ("pass", "filter hook forward priority 0", ['iifname "%s" oifname "%s" drop' % (n, n) for n in NAMES]),
                   ("self", "filter hook input priority 0; policy drop",
                    ["fib daddr . iif type local icmp type echo-request accept", "fib daddr . iif type local icmpv6 type echo-request accept"])]
        text = "table inet oracle {\n"
        for rule in (r for b in self.blocks for r in b.rules):
            text += "\tcounter line%d { }\n" % rule.line
        for name, hook, lines in chains:
            text += "\tchain %s {\n" % name
            text += "\t\ttype %s;\n" % hook if hook else ""
            text += "".join("\t\t%s\n" % line for line in lines) + "\t}\n"
        return text + "}\n"


def guard():
    """What the router's language has no word for, since it holds always: who may send what from where."""
    lines = ["meta l4proto != { tcp, udp, icmp, icmpv6 } drop",
             "ip protocol icmpv6 drop", "ip6 nexthdr icmp drop",
             "icmp type != { echo-request, echo-reply, destination-unreachable, time-exceeded, parameter-problem } drop",
             "icmpv6 type != { echo-request, echo-reply, destination-unreachable, packet-too-big, time-exceeded, "
             "parameter-problem } drop",
             "ip saddr { 0.0.0.0/8, 127.0.0.0/8, 224.0.0.0/3 } drop", "ip daddr { 0.0.0.0/8, 127.0.0.0/8, 224.0.0.0/3 } drop",
             "ip6 saddr { ::/96, ::ffff:0:0/96, fe80::/10, ff00::/8 } drop",
             "ip6 daddr { ::/96, ::ffff:0:0/96, fe80::/10, ff00::/8 } drop"]
    for n in INNER:
        lines += ['iifname "%s" ip saddr != %s drop' % (n, PEER4[n]), 'iifname "%s" ip6 saddr != %s drop' % (n, PEER6[n]),
                  'iifname "%s" ip daddr { %s, %s } drop' % (n, V4[n][:-1] + "0", V4[n][:-1] + "255"),
                  'iifname "%s" ip6 daddr %s drop' % (n, V6[n][:-1]),
                  'iifname "%s" ether saddr != 02:00:00:00:02:%02x drop' % (n, NAMES.index(n))]
    lines += ['iifname "net" ip saddr { %s, 10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24, 198.51.100.0, 198.51.100.255 } drop'
              % V4["net"],
              'iifname "net" ip6 saddr { %s, 2001:db8:1::/64, 2001:db8:2::/64, 2001:db8:3::/64, 2001:db8:100:: } drop' % V6["net"],
              'iifname "net" ip daddr { 198.51.100.0, 198.51.100.255 } drop', 'iifname "net" ip6 daddr 2001:db8:100:: drop']
    return lines
