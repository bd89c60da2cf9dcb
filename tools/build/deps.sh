#!/bin/sh
# What the project needs from Debian: packages, and the pinned sources of configs/sources.
# usage: deps.sh                install missing packages, fetch missing sources into the cache
#        deps.sh check          say which packages are missing, install nothing
#        deps.sh tarball NAME   print the path of a cached source after checking its SHA-256
#        deps.sh fetch NAME     the same, fetched before if need be: for kind `deb`, which only those fetch that use it
# The cache is ${CAMBIUM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cambium}. The system's apt
# configuration is only read: fetching a source happens in a private state directory.
# SPDX-License-Identifier: BSD-2-Clause
set -eu

cd "$(dirname "$0")/../.."
sources=configs/sources
cache=${CAMBIUM_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or CAMBIUM_CACHE}/.cache}/cambium}

# package, and what for
packages='
gcc               compiles everything
libc6-dev         host tools and tests
binutils          assembler, linker, objcopy
make              builds newlib and this project
xz-utils          unpacks the pinned sources
gnu-efi           the UEFI loader
gdisk             GPT of the disk image
dosfstools        FAT file system of the disk image
mtools            fills that file system without root
qemu-system-x86   runs the appliance
qemu-utils        disk image formats
ovmf              UEFI firmware for QEMU
curl              speaks to the running appliance
libcriterion-dev  unit and system tests
apache2-utils     ab, the load of the system tests
wrk               the load of the benchmarks
socat             reaches QEMU sockets from scripts
iproute2          network namespaces of tests and benchmarks
nftables          make test-oracle: the reference
python3-scapy     make test-oracle: the packets
g++               make check: the ABI headers in C++
clang             second compiler for the ABI headers
clang-format      make check: layout
libclang-rt-14-dev  make fuzz
shellcheck        make check: scripts
'

die()
{
	echo "error: $*" >&2
	exit 1
}

installed()
{
	test "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed
}

missing_packages()
{
	command -v dpkg-query >/dev/null ||
		die "this is not a Debian system; the packages are listed in tools/build/deps.sh"
	echo "$packages" | while read -r package _; do
		[ -z "$package" ] || installed "$package" || echo "$package"
	done
}

source_names()
{
	awk '$1 !~ /^#/ && ($2 == "binary" || $2 == "source") { print $1 }' "$sources"
}

source_field() # NAME COLUMN
{
	awk -v n="$1" -v c="$2" '$1 == n { print $c }' "$sources"
}

good_sum() # FILE NAME
{
	[ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$(source_field "$2" 6)" ]
}

print_tarball() # NAME
{
	file=$cache/$(source_field "$1" 5)
	[ -r "$file" ] || die "$file is missing; run \`make deps\` once with a network"
	good_sum "$file" "$1" ||
		die "$file does not have the SHA-256 of $sources; delete it and run \`make deps\`"
	echo "$file"
}

install_packages()
{
	wanted=$(missing_packages)
	[ -n "$wanted" ] || { echo "packages: all there"; return; }
	echo "packages to install:"
	for package in $wanted; do
		echo "$packages" | sed -n "s/^\($package  *.*\)/    \1/p"
	done
	root=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			die "not root and no sudo; as root: apt-get install $(echo "$wanted" | xargs)"
		root=sudo
	fi
	# shellcheck disable=SC2086 # the package names are words
	$root apt-get install -y --no-install-recommends $wanted ||
		{ $root apt-get update && $root apt-get install -y --no-install-recommends $wanted; } ||
		die "apt could not install them; with a network: apt-get update, then make deps again"
}

# apt-get with a state of its own; $state/src.list is its only list of sources, once made.
private_apt()
{
	apt-get -qq -o Dir::State="$state" -o Dir::State::Lists="$state/lists" \
		-o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
		-o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false \
		-o APT::Update::Error-Mode=any "$@"
}

mirror_apt()
{
	private_apt -o Dir::Etc::SourceList="$state/src.list" \
		-o Dir::Etc::SourceParts="$state/parts" "$@"
}

# The configured Debian mirrors, as binary and source entries in a list of our own.
open_mirrors()
{
	[ ! -s "$state/src.list" ] || return 0
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -r "$keyring" ] || die "apt-get install debian-archive-keyring, then make deps again"
	# shellcheck disable=SC2016 # apt's own variables
	format='$(ORIGIN)|$(SITE)|$(RELEASE)|$(COMPONENT)'
	apt-get indextargets --format "$format" 'Created-By: Packages' \
		2>/dev/null | sort -u >"$state/targets"
	if ! grep -q '^Debian|' "$state/targets"; then
		private_apt update || die "no network or no mirror: apt-get update fails"
		private_apt indextargets --format "$format" 'Created-By: Packages' |
			sort -u >"$state/targets"
	fi
	awk -F'|' -v k="$keyring" '$1 == "Debian" {
		print "deb [signed-by=" k "] " $2 " " $3 " " $4
		print "deb-src [signed-by=" k "] " $2 " " $3 " " $4 }' \
		"$state/targets" >"$state/src.list"
	[ -s "$state/src.list" ] || die "no Debian mirror configured in apt's sources"
	mirror_apt update || die "cannot reach the Debian mirrors; make deps needs a network once"
}

# Every version of the package that the mirrors have, until one carries the pinned tarball.
fetch() # NAME
{
	name=$1 kind=$(source_field "$1" 2) package=$(source_field "$1" 3)
	version=$(source_field "$1" 4) file=$(source_field "$1" 5)
	echo "  $name: fetching $package"
	open_mirrors
	case $kind in
	binary | deb) table=Packages ;;
	source) table=Sources ;;
	*) die "$sources: kind '$kind' of $name is unknown" ;;
	esac
	# shellcheck disable=SC2016 # apt's own variable
	mirror_apt indextargets --format '$(FILENAME)' "Created-By: $table" >"$state/tables"
	versions=$(xargs -r /usr/lib/apt/apt-helper cat-file <"$state/tables" |
		awk -v p="$package" '/^(Package|Version): / { f[$1] = $2 }
			/^$/ { if (f["Package:"] == p) print f["Version:"]; delete f }
			END { if (f["Package:"] == p) print f["Version:"] }' |
		grep -F "$version" | sort -ruV)
	for v in $versions; do
		get=$(mktemp -d "$state/get.XXXXXX")
		case $kind in
		binary) (cd "$get" && mirror_apt download "$package=$v" && dpkg-deb -x ./*.deb .) ;;
		deb) (cd "$get" && mirror_apt download "$package=$v") ;;
		source) (cd "$get" && mirror_apt source --download-only "$package=$v") ;;
		esac >"$state/log" 2>&1 || { cat "$state/log" >&2; continue; }
		for candidate in "$get"/*.deb "$get"/*.tar.* "$get"/usr/src/*/*.tar.*; do
			{ [ -f "$candidate" ] && good_sum "$candidate" "$name"; } || continue
			cp "$candidate" "$cache/.$file.$$"
			mv "$cache/.$file.$$" "$cache/$file"
			return
		done
	done
	die "no version of $package on the mirrors carries the tarball pinned in $sources" \
		"(tried: $(echo "${versions:-none}" | xargs)); review and pin the new one"
}

open_cache()
{
	mkdir -p "$cache" || die "cannot write $cache; set CAMBIUM_CACHE to a folder of yours"
	state=$(mktemp -d)
	trap 'rm -rf "$state"' EXIT
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/parts"
	: >"$state/status"
}

fetch_missing() # NAME
{
	[ -e "$cache/$(source_field "$1" 5)" ] || fetch "$1" >&2
	print_tarball "$1"
}

fetch_sources()
{
	open_cache
	for name in $(source_names); do
		file=$(fetch_missing "$name")
		echo "sources: $name is in $file"
	done
}

case ${1:-all} in
check)
	wanted=$(missing_packages | xargs)
	[ -z "$wanted" ] || die "missing packages: $wanted; run \`make deps\`"
	for name in $(source_names); do
		print_tarball "$name" >/dev/null
	done
	;;
tarball) print_tarball "$2" ;;
fetch)
	open_cache
	fetch_missing "$2"
	;;
all)
	install_packages
	fetch_sources
	;;
*) die "usage: deps.sh [check | tarball NAME | fetch NAME]" ;;
esac
