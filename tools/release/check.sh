#!/bin/bash
# check.sh [quick]: checks .goreleaser.yml, builds an unsigned snapshot of every
# platform into dist/ and looks whether a registry would take it, and whether both
# engines install it. quick: three platforms by the same file, one of each family;
# every other part is the same.
set -euo pipefail
cd "$(dirname "$0")/../.."

die() { echo "release-check: $*" >&2; exit 1; }
# shellcheck source=tools/engine.sh
. tools/engine.sh
# bill_of_materials PLATFORM FILE: it must name every module that the binary of
# the platform is linked with, in the version that go.mod has, and Go itself.
bill_of_materials() {
	local modules missing
	grep -q " $2\$" "$sums" || die "$2 is not in $sums"
	modules=$(GOOS=${1%_*} GOARCH=${1#*_} CGO_ENABLED=0 go list -C .. -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}' .)
	missing=$(sort -u <<<"std $(go env GOVERSION)"$'\n'"$modules" | comm -23 - <(python3 -c '
import json, sys
for c in json.load(open(sys.argv[1]))["components"]: print(c["name"], c["version"])' "$2" | sort))
	[ -z "$missing" ] || die "$2 lacks: $missing"
}
# reproducible BINARY: the same commit, built in another folder, must give the
# same binary. Our packages are compiled again for it; those of others come from
# the build cache, which does not tell folders apart.
reproducible() {
	local other
	if [ -n "$(git status --porcelain)" ]; then
		[ -z "${CI:-}" ] || die "the tree has changes that are not committed"
		echo "release-check: not built again in another folder: the tree has changes that are not committed" >&2
		return
	fi
	other=$(mktemp -d "${TMPDIR:-/tmp}/provision-release.XXXXXX")
	git clone -q --shared .. "$other/clone"
	git -C "$other/clone" checkout -q --detach "$(git rev-parse HEAD)"
	CGO_ENABLED=0 go list -C .. -trimpath -deps -export -f '{{with .Module}}{{if .Main}}{{$.Export}}{{end}}{{end}}' . | xargs -r rm -f
	(cd "$other/clone" && "$goreleaser" build --config "$config" --snapshot --single-target --output "$other/binary")
	cmp "$1" "$other/binary" || die "the same commit gives another binary in another folder ($1 and $other/binary)"
	rm -rf "$other"
}
# installs: each engine must install the archives from a filesystem mirror, lock
# them and plan with them.
installs() (
	cd ..
	for engine in terraform tofu; do
		use_engine "$engine"
		PROVISION_RELEASE=$PWD/dist go test -count=1 -timeout 40m -run '^TestInstallFromAFilesystemMirror$' ./internal/provider/engines/
	done
)
SECONDS=0
goreleaser=$(tools/tool.sh goreleaser) sbom=$(tools/tool.sh cyclonedx-gomod)
export PATH=${sbom%/*}:$PATH
"$goreleaser" check
platforms="darwin_amd64 darwin_arm64 freebsd_386 freebsd_amd64 freebsd_arm freebsd_arm64 linux_386 linux_amd64 linux_arm linux_arm64 windows_386 windows_amd64 windows_arm64"
config=$PWD/.goreleaser.yml
if [ "${1:-}" = quick ]; then
	platforms="darwin_amd64 linux_amd64 windows_amd64"
	mkdir -p bin && config=$PWD/bin/goreleaser-quick.yml
	sed -e 's/^\( *goos:\) \[.*/\1 [darwin, linux, windows]/' -e 's/^\( *goarch:\) \[.*/\1 [amd64]/' .goreleaser.yml >"$config"
fi
"$goreleaser" release --config "$config" --snapshot --clean --skip=sign,publish

cd dist
sums=$(ls ./*_SHA256SUMS) || die "no checksums"
sha256sum --quiet --check --ignore-missing "$sums" || die "the checksums are wrong"
prefix=${sums%_SHA256SUMS} prefix=${prefix#./}
for platform in $platforms; do
	zip=${prefix}_$platform.zip
	[ -f "$zip" ] || die "no archive for $platform"
	grep -q " $zip\$" "$sums" || die "$zip is not in $sums"
	# A zip of nothing but the binary, by the name that Terraform looks for.
	names=$(python3 -c 'import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist())' "$zip")
	case $names in
	terraform-provider-provision_v"${prefix#*_}" | terraform-provider-provision_v"${prefix#*_}".exe) ;;
	*) die "$zip holds: $names" ;;
	esac
	bill_of_materials "$platform" "${zip%.zip}.cdx.json"
done
count=$(find . -maxdepth 1 -name '*.zip' | wc -l)
[ "$count" = "$(wc -w <<<"$platforms")" ] || die "$count archives, and $(wc -w <<<"$platforms") platforms are checked here"
# Goreleaser uploads the manifest under the name that it has in the sums.
read -r manifest _ < <(sha256sum ../terraform-registry-manifest.json)
grep -q "^$manifest  ${prefix}_manifest.json\$" "$sums" || die "the registry manifest is not in $sums"
grep -q '"protocol_versions": \["6.0"\]' ../terraform-registry-manifest.json || die "the manifest does not say protocol 6.0"
host=${prefix}_$(go env GOOS)_$(go env GOARCH).zip
python3 -m zipfile -e "$host" check
binary=check/terraform-provider-provision_v${prefix#*_}
chmod +x "$binary"
version=$("$binary" -version)
[ "$version" = "${prefix#*_}" ] || die "the binary says it is $version, the archive ${prefix#*_}"
reproducible "$binary"
installs
rm -r check
echo "release-check: $count archives, checksums, bills of materials, manifest (protocol 6.0), version $version, the same binary from another folder, installed by both engines: ${SECONDS} s"
