#!/bin/sh
# Looks at the running router of tests/configs/outside as strangers do: with nmap, hping3, thc-ipv6 and, for what its
# translation does, a guest that asks coturn. The machine's card is a tap in a network namespace of this script's own.
# Prints what each tool saw and whether that is what docs/router.md promises.
# usage: outside.sh BUILD [nat|scan|packets|six|connections]...; exit code 0: as promised, 1: not so, 77: not run, and why
# CONNECTIONS=n: how many, 1,000,000 by itself.
# SPDX-License-Identifier: BSD-2-Clause
set -eu

build=$1
shift
parts=${*:-nat scan packets six}
router=10.0.2.15
router6=2001:db8:1::10
web6=fdca:4d00:0:1::2
mirror6=fdca:4d00:0:2::2

not_run()
{
	echo "not run: $*"
	exit 77
}

# COMMAND PACKAGE ...
needs()
{
	while [ $# -gt 0 ]; do
		command -v "$1" >/dev/null || not_run "$1 is missing: apt-get install $2"
		shift 2
	done
}

needs curl curl ip iproute2 socat socat
for part in $parts; do
	case $part in
	nat) needs turnserver coturn ;;
	scan) needs nmap nmap ;;
	packets) needs hping3 hping3 ;;
	six) needs atk6-firewall6 thc-ipv6 atk6-implementation6 thc-ipv6 ;;
	connections) needs ab apache2-utils ;;
	*)
		echo "error: no part '$part': nat, scan, packets, six, connections" >&2
		exit 2
		;;
	esac
done
[ "$(id -u)" = 0 ] || not_run 'it needs root: a network namespace, a tap and raw sockets'
[ -w /dev/net/tun ] || not_run 'there is no /dev/net/tun'
if [ "${OUTSIDE_NAMESPACE:-}" != yes ]; then
	OUTSIDE_NAMESPACE=yes exec unshare -n "$0" "$build" "$parts"
fi

work=$(mktemp -d)
console=$build/tests/log/outside.log
manage=$work/manage
mkdir -p "$build/tests/log"
machine=
server=
missed=0
# shellcheck disable=SC2317 # called by trap
finish()
{
	for process in $machine $server; do
		kill "$process" 2>/dev/null || :
	done
	rm -rf "$work"
}
trap finish EXIT

# $1: what was done, $2: what is promised of it, $3: what was seen
check()
{
	if [ "$2" = "$3" ]; then
		printf 'ok      %s: %s\n' "$1" "${3:-nothing}"
	else
		printf 'MISSED  %s: %s, expected %s\n' "$1" "${3:-nothing}" "${2:-nothing}"
		missed=$((missed + 1))
	fi
}

# How a page answers.
page()
{
	curl -s -o /dev/null -m 10 -w '%{http_code}' "http://$router:8080/" || :
}

# The router's last line of the counters called $1.
counters()
{
	sed -n "s/^router| router: stats: \(.*$1.*\)/\1/p" "$console" | tail -n 1
}

start()
{
	ip link set lo up
	ip tuntap add card mode tap
	ip link set card up
	ip address add 10.0.2.2/24 dev card
	ip address add 10.0.2.3/24 dev card
	ip -6 address add 2001:db8:1::1/64 dev card nodad
	ip -6 route add fdca:4d00::/32 via $router6
	case " $parts " in
	*" nat "*)
		(cd "$work" && exec turnserver -n -S -L 10.0.2.2 -L 10.0.2.3 -p 3478 --no-cli --no-tls --no-dtls --no-tcp \
			-l stdout --pidfile "$work/pid" --userdb "$work/db" >"$work/turnserver" 2>&1) &
		server=$!
		;;
	esac
	qemu-system-x86_64 -machine q35,accel=tcg -cpu max -m 512 -nodefaults -display none -no-reboot \
		-chardev "socket,id=console,path=$work/console,server=on,wait=off,logfile=$console" -serial chardev:console \
		-serial "unix:$manage,server=on,wait=off" -kernel "$build/vmm.elf" \
		-initrd "$build/outside/bundle.bin" \
		-netdev tap,id=net,ifname=card,script=no,downscript=no \
		-device virtio-net-pci,disable-legacy=on,netdev=net >"$work/qemu" 2>&1 &
	machine=$!
	tries=0
	until [ "$(page)" = 200 ]; do
		tries=$((tries + 1))
		if [ $tries = 60 ] || ! kill -0 $machine; then
			echo 'error: the machine does not serve its page' >&2
			cat "$work/qemu" >&2
			exit 1
		fi
		sleep 1
	done
}

# What nmap with these arguments saw that was not silent: PORT/STATE ...
seen()
{
	nmap -n -Pn -T4 --max-retries 2 -oG - "$@" 2>"$work/nmap" |
		sed -n 's/.*\(Ports\|Protocols\): \([^\t]*\).*/\2/p' | tr ',' '\n' |
		awk -F/ 'NF > 1 && $2 != "" && $2 != "filtered" && $2 != "open|filtered" { gsub(" ", "", $1); printf "%s%s/%s", gap, $1, $2; gap = " " }'
}

scan()
{
	some=7,22,53,80,443,1000-1040,7777,8079-8081
	nmap --version | sed -n '1s/^Nmap version \([^ ]*\).*/--- nmap \1/p'
	check '-sS, ports 1 to 65535' '8080/open' "$(seen -sS -p 1-65535 --min-rate 2000 $router)"
	check '-sA (a stray segment is reset where the policy would let it be)' '8080/unfiltered' "$(seen -sA -p $some $router)"
	check '-sW' '8080/closed' "$(seen -sW -p $some $router)"
	check '-sM' '8080/closed' "$(seen -sM -p $some $router)"
	for kind in -sN -sF -sX; do
		check $kind '' "$(seen $kind -p $some $router)"
	done
	check '-sU' '7777/open' "$(seen -sU --data-length 8 -p $some,67,68,123,161,500,33434 $router)"
	check '-sO' '1/open' "$(seen -sO $router)"
	check '-sS -f (tiny fragments)' '' "$(seen -sS -f -p $some $router)"
	check '-sS --badsum' '' "$(seen -sS --badsum -p $some $router)"
	check '-sU --badsum' '' "$(seen -sU --badsum -p $some $router)"
	check '-sS from port 53' '8080/open' "$(seen -sS -g 53 -p $some $router)"
	check '-6 -sS, the router' '8080/open' "$(seen -6 -sS -p $some $router6)"
	check '-6 -sS, the web server' '80/open' "$(seen -6 -sS -p $some $web6)"
	check '-6 -sA, the web server' '80/unfiltered' "$(seen -6 -sA -p $some $web6)"
	check '-6 -sU, the other service' '7/open' "$(seen -6 -sU --data-length 8 -p $some $mirror6)"
	nmap -n -Pn -T4 -v -O --max-os-tries 1 -p 22,8080 $router 2>&1 |
		sed -n 's/^\(Aggressive OS guesses\|OS details\|Running\|TCP Sequence Prediction\|IP ID Sequence Generation\)/-O      \1/p' |
		cut -c 1-120
}

# How many of five packets were answered, and with which flags: hping3's arguments.
answers()
{
	timeout 30 hping3 -c 5 -i u20000 "$@" 2>&1 |
		awk '/flags=|icmp_seq=/ { n++; if (match($0, /flags=[A-Z]+/)) f = " " substr($0, RSTART + 6, RLENGTH - 6) }
			END { printf "%d%s", n, f }'
}

# What the router says of a SYN from the address $1, where no answer could tell.
refusal()
{
	hping3 -q -c 3 -i u20000 -S -a "$1" -k -s 8080 -p 8080 $router >/dev/null 2>&1 || :
	"$build/tools/cambium" rules status --serial "unix:$manage" >"$work/status"
	sed -n "s/.*[^0-9]$1:8080 > .*: \(.*\)/\1/p" "$work/status" | head -n 1
}

# Packets of a flood for some seconds, and that a page is served after it: $1 what, $2 microseconds between, rest hping3's
flood()
{
	what=$1
	apart=$2
	shift 2
	timeout 6 hping3 -q -i "u$apart" "$@" >"$work/flood" 2>&1 || :
	sent=$(sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' "$work/flood")
	check "$what, ${sent:-some} packets, then a page" 200 "$(page)"
}

packets()
{
	hping3 --version 2>&1 | sed -n 's/^hping3* version /--- hping3 /p'
	check 'SYN to the published port' '5 SA' "$(answers -S -p 8080 $router)"
	check 'SYN to another' 0 "$(answers -S -p 8079 $router)"
	check 'ACK to the published port' '5 R' "$(answers -A -p 8080 $router)"
	for flags in '' -F -SF -SR -SFUP -FUP -SAFRPUXY; do
		# shellcheck disable=SC2086 # one word or none
		check "flags ${flags:-none}" 0 "$(answers $flags -p 8080 $router)"
	done
	check 'SYN with port 0 as source' 0 "$(answers -S -p 8080 -k -s 0 $router)"
	check 'SYN with a wrong checksum' 0 "$(answers -S -b -p 8080 $router)"
	check 'SYN with a wrong data offset' 0 "$(answers -S -O 3 -p 8080 $router)"
	check 'SYN in fragments of 16 bytes' 0 "$(answers -S -f -d 64 -p 8080 $router)"
	for source in $router 10.1.1.2; do
		check "SYN from $source, why it did not pass" "source address is not the interface's own" "$(refusal "$source")"
	done
	check 'SYN from 127.0.0.1, why it did not pass' 'address that can never be a unicast source or destination' \
		"$(refusal 127.0.0.1)"
	check 'ping' 5 "$(answers -1 $router)"
	check 'ping in fragments' 5 "$(answers -1 -d 3000 $router)"
	check 'ICMP timestamp request' 0 "$(answers -1 --icmptype 13 $router)"
	check 'ICMP address mask request' 0 "$(answers -1 --icmptype 17 $router)"
	flood 'SYNs from random sources' 100 -S -p 8080 --rand-source $router
	flood 'SYNs from one source' 100 -S -p 8080 $router
	flood 'ACKs from random sources' 100 -A -p 8080 --rand-source $router
	flood 'datagrams from random sources' 100 -2 -d 64 -p 7777 --rand-source $router
	flood 'fragments without end from random sources' 100 -2 -x -d 64 -p 7777 --rand-source $router
	flood 'pings from random sources' 100 -1 -d 64 --rand-source $router
	flood 'IP protocols without a meaning' 100 -0 -d 64 --ipproto 200 --rand-source $router
}

# Numbers of the tests of firewall6 or implementation6 that were answered: $1 its name here
answered()
{
	tr '\r' '\n' <"$build/tests/log/outside-$1.log" |
		sed -n 's/^Test *\([0-9]*[a-z]*\):.*\(received\|PASSED\).*/\1/p' | xargs
}

# Of the words $1 those that are not among $2.
beyond()
{
	for word in $1; do
		case " $2 " in
		*" $word "*) ;;
		*) printf '%s ' "$word" ;;
		esac
	done
}

# $1 name, $2 what it is, $3 tests that must be answered, $4 those that may be; what is lost on the way may be silent
judge()
{
	came=$(answered "$1")
	echo "        $2: answered ${came:-none}"
	check "$2, not answered though harmless" '' "$(beyond "$3" "$came")"
	check "$2, answered though refused by the rules or RFCs" '' "$(beyond "$came" "$3 $4")"
}

# A tool of thc-ipv6 with its words, $1 being its name here. It waits for seconds after each packet that nobody answers.
six_run()
{
	name=$1
	shift
	timeout 900 "$@" >"$build/tests/log/outside-$name.log" 2>&1 || :
}

# Those that speak to one address would take each other's answers for theirs: they take turns.
six()
{
	echo "--- thc-ipv6 $(dpkg-query -W -f '${Version}' thc-ipv6 2>/dev/null || echo '(version unknown)')"
	six_run itself atk6-implementation6 card $router6 &
	itself=$!
	six_run shut atk6-firewall6 card $mirror6 81 &
	shut=$!
	six_run open atk6-firewall6 card $web6 80
	six_run inside atk6-implementation6 card $web6
	wait "$itself" "$shut"
	# Another source port or the same fragment again is no reason to refuse, nor a whole packet in one fragment (RFC 6946).
	ports_from=$(printf '39%s ' a b c d e f g h i j k)
	judge open "firewall6, the web server's port 80" '1 2' "5 6 7 8 10 27 28 $ports_from"
	judge shut 'firewall6, a port that is shut' '' ''
	judge inside 'implementation6, the web server through the router' '0 58' '1 5 7 11 12 43 44 45 46'
	judge itself 'implementation6, the router itself' '0 58' '1 5 7 11 12 41 43 44 45 46 56'
	check 'then a page' 200 "$(page)"
}

# What the guest found out.
found()
{
	sed -n "s/^client| nat: $1 *\(.*\)/\1/p" "$console" | tail -n 1 | tr -d '\r'
}

nat()
{
	turnserver --version 2>&1 | sed -n 's/^\([0-9.]*\)$/--- coturn \1/p' | tail -n 1
	tries=0
	until grep -q '^client| nat: done' "$console" || [ $tries = 60 ]; do
		sleep 1
		tries=$((tries + 1))
	done
	check 'a domain inside is seen as' "$router:40000" "$(found 'seen as')"
	check 'mapping (RFC 5780)' endpoint-independent "$(found mapping)"
	check 'filtering (RFC 5780)' 'address and port-dependent' "$(found filtering)"
	check 'a request after those in vain' answered "$(found '' | grep -q . && sed -n 's/^client| nat: \(.*\) afterwards.*/\1/p' "$console")"
	check 'hairpin' silent "$(found hairpin)"
}

# Frames of the router and of the web server, by the console's `memory`.
frames()
{
	echo memory | timeout 5 socat - "unix:$work/console" >/dev/null || :
	sed -n 's/^control: memory: \(router\|web1\) \([0-9]*\) .*/\2/p' "$console" | tail -n 2 | xargs
}

# $1: frames before, $2: after; the router's and the web server's. Tables of either may still grow a little.
frames_left()
{
	echo "$1 $2" | awk '{ print ($3 <= $1 + 64 && $4 <= $2 + 64) ? "as many" : "more" }'
}

# How many connections: each has one request.
callers()
{
	ab -q -s 60 -c 20 -n "$1" "http://$router:8080/" >"$work/ab" 2>&1 || :
	for line in 'Complete requests' 'Failed requests' 'Non-2xx responses'; do
		sed -n "s/^$line: *//p" "$work/ab"
	done | xargs
}

connections()
{
	count=${CONNECTIONS:-1000000}
	echo '--- ab'
	callers 5000 >/dev/null
	before=$(frames)
	began=$(date +%s)
	check "$count connections of one request each: good and bad" "$count 0" "$(callers "$count")"
	echo "        in $(($(date +%s) - began)) s, the slowest after $(sed -n 's/^ *100% *\([0-9]*\).*/\1/p' "$work/ab") ms"
	check 'a page' 200 "$(page)"
	sleep 30
	check 'packets dropped early, since the web server is over its budget' '' "$(counters 'over its budget')"
	after=$(frames)
	check "frames of router and web server, $before before, $after after" 'as many' "$(frames_left "$before" "$after")"
}

start
for part in $parts; do
	$part
done

echo '--- afterwards'
sleep 12
check 'a page' 200 "$(page)"
check 'the machine runs' yes "$(kill -0 $machine && echo yes)"
check 'starts of the router' 1 "$(grep -c '^router| router: uplink 10' "$console")"
check 'deaths but that of the client, which ends' 0 "$(grep ' died: ' "$console" | grep -vc 'client died: exited, code' || :)"
check 'errors of its rings' 'bad-slots 0' "$(counters bad-slots | sed 's/.*\(bad-slots [0-9]*\).*/\1/')"
echo "        $(counters ' flows ')"
echo "        $(counters half-open)"
echo "        $(counters 'nic rx')"
if [ $missed = 0 ]; then
	echo 'outside: as promised'
else
	echo "outside: $missed expectations missed; the machine's console is in $console"
	exit 1
fi
