#!/bin/sh
# CBMC, the checker of `make proof`, from the Debian release after this one (this one has none), with the libraries it
# needs, into the cache; nothing is installed. Prints the command to run. usage: cbmc.sh [fetch]
# Without `fetch` it ends with 1 when the cache does not hold it.
# SPDX-License-Identifier: BSD-2-Clause
set -eu

release=trixie
version=6.6.0-4
cache=${CAMBIUM_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or CAMBIUM_CACHE}/.cache}/cambium}
dir=$cache/cbmc-$version

die()
{
	echo "error: $*" >&2
	exit 1
}

command_line()
{
	lib=$dir/usr/lib/x86_64-linux-gnu
	# The SAT solver's library lies beside, not in, the directory of the architecture.
	set -- "$lib/ld-linux-x86-64.so.2" --library-path "$lib:$dir/usr/lib" "$dir/usr/bin/cbmc"
	"$@" --version >/dev/null 2>&1 || return 1
	echo "$@"
}

# apt with a state of its own, as in deps.sh; signatures are checked with Debian's keyring.
private_apt()
{
	apt-get -qq -o Dir::State="$state" -o Dir::State::Lists="$state/lists" \
		-o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" \
		-o Dir::Etc::SourceList="$state/src.list" -o Dir::Etc::SourceParts="$state/parts" \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
		-o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false \
		-o APT::Update::Error-Mode=any "$@"
}

fetch()
{
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -r "$keyring" ] || die "apt-get install debian-archive-keyring"
	state=$(mktemp -d)
	trap 'rm -rf "$state"' EXIT
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/parts" "$state/get" "$state/root"
	: >"$state/status"
	# shellcheck disable=SC2016 # apt's own variables
	site=$(apt-get indextargets --format '$(ORIGIN)|$(SITE)|$(RELEASE)' 'Created-By: Packages' |
		awk -F'|' '$1 == "Debian" && $3 !~ /security|updates|backports/ { print $2; exit }')
	[ -n "$site" ] || die "no Debian mirror among apt's sources, or no lists yet: apt-get update"
	echo "deb [signed-by=$keyring] $site $release main" >"$state/src.list"
	private_apt update || die "the mirror has no $release that this keyring vouches for"
	# The libraries that it depends on, and those that they do.
	(cd "$state/get" && private_apt download cbmc) || die "cannot fetch cbmc"
	for round in 1 2; do
		libraries=$(for deb in "$state"/get/*.deb; do dpkg-deb -f "$deb" Depends; done | sed 's/[,|]/\n/g' |
			sed -n 's/^ *\(lib[^ ]*\).*/\1/p; s/^ *\(minisat[^ ]*\).*/\1/p' | grep -v '^libcrypt1$' | sort -u)
		# shellcheck disable=SC2086 # the package names are words
		(cd "$state/get" && private_apt download $libraries) || die "round $round: cannot fetch: $libraries"
	done
	for deb in "$state"/get/*.deb; do
		dpkg-deb -x "$deb" "$state/root"
	done
	ls "$state"/get/cbmc_"$version"_* >/dev/null 2>&1 || die "the mirror's cbmc is not $version: $(ls "$state/get")"
	mkdir -p "$cache"
	rm -rf "$dir"
	mv "$state/root" "$dir"
}

[ "${1:-}" != fetch ] || command_line >/dev/null || fetch
command_line
