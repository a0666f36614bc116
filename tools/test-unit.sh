#!/bin/bash
# test-unit.sh [PACKAGE...]: the tests that need neither root nor real devices, with
# the race detector. Says at once what of the machine they lack, not in the middle.
set -euo pipefail
cd "$(dirname "$0")/.."

missing='' packages=''
lacks() {  # WHAT PACKAGE: PACKAGE is Debian's, or empty
	missing+=$'\n'"  $1"
	packages+=${2:+ $2}
}
for tool in git python3 openssl curl; do
	command -v $tool >/dev/null || lacks "$tool" $tool
done
command -v terraform >/dev/null || lacks "terraform, 1.11 or later: https://developer.hashicorp.com/terraform/install" ''
if ! command -v go >/dev/null; then
	lacks "go, 1.26 or later: https://go.dev/dl" ''
elif ! (cd / && go version) | awk '{ sub(/^go/, "", $3); split($3, v, "."); exit !(v[1] > 1 || v[2] >= 21) }'; then
	# From 1.21 on, go gets the version that go.mod names.
	lacks "go, 1.26 or later ($(cd / && go version) does not get it by itself): https://go.dev/dl" ''
else
	# The race detector is linked with C. What "go env CC" says may have flags.
	read -ra compiler < <(go env CC) || compiler=(cc)
	work=$(mktemp -d "${TMPDIR:-/tmp}/provision-unit.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' >"$work/race.c"
	if ! "${compiler[@]}" -o "$work/race" "$work/race.c" 2>/dev/null; then
		lacks "a C compiler with its library (${compiler[*]} builds no program), for the race detector" "gcc libc6-dev"
	elif [ "$(go env CGO_ENABLED)" != 1 ]; then
		lacks "cgo, for the race detector: CGO_ENABLED is $(go env CGO_ENABLED) (go env), it must be 1" ''
	fi
fi
if [ -n "$missing" ]; then
	echo "make test-unit: this machine lacks:$missing"
	[ -z "$packages" ] || echo "On Debian and Ubuntu: sudo apt-get install$packages"
	exit 1
fi >&2
version=$(CHECKPOINT_DISABLE=1 terraform version 2>/dev/null | sed -n '1s/^Terraform v//p') || :  # said below
if [ "$(printf '%s\n' 1.11.0 "$version" | sort -V | head -n 1)" != 1.11.0 ]; then
	echo "make test-unit: terraform is ${version:-of no version that it tells}; it must be 1.11 or later" >&2
	exit 1
fi
[ $# != 0 ] || set -- ./...
# shellcheck disable=SC2086  # flags are words
go test -race -timeout 30m ${GO_TEST_FLAGS:-} "$@"
