#!/bin/bash
# tool.sh NAME: prints the path of a tool that the project uses (golangci-lint,
# tfplugindocs, terraform-docs, goreleaser, cyclonedx-gomod, act, actionlint, tofu,
# terraform), at the version that the go.mod in tools/ or in one of its folders
# names. Builds it the first time, into the user's cache, so that clones share it and
# `make clean` leaves it.
#
# terraform is one that knows actions and queries, for the tests of those alone. Its
# licence (BUSL 1.1) allows that; it is neither shipped nor linked with anything.
set -euo pipefail

name=${1:?golangci-lint, tfplugindocs, terraform-docs, goreleaser, cyclonedx-gomod, act, actionlint, tofu or terraform}
here=$(cd "$(dirname "$0")" && pwd)
takes="1 to 3 minutes" ldflags="-s -w"
case $name in
golangci-lint) dir=$here module=github.com/golangci/golangci-lint/v2 package=$module/cmd/golangci-lint ;;
tfplugindocs) dir=$here module=github.com/hashicorp/terraform-plugin-docs package=$module/cmd/tfplugindocs ;;
terraform-docs) dir=$here/terraform-docs module=github.com/terraform-docs/terraform-docs package=$module ;;
goreleaser) dir=$here/release module=github.com/goreleaser/goreleaser/v2 package=$module ;;
act) dir=$here/workflows module=github.com/nektos/act package=$module ;;
actionlint) dir=$here/workflows module=github.com/rhysd/actionlint package=$module/cmd/actionlint ;;
cyclonedx-gomod) dir=$here/sbom module=github.com/CycloneDX/cyclonedx-gomod package=$module/cmd/cyclonedx-gomod ;;
tofu)
	dir=$here/opentofu module=github.com/opentofu/opentofu package=$module/cmd/tofu takes="5 minutes"
	# Else it calls itself a development version, which no required_version takes.
	ldflags+=" -X $module/version.dev=no" ;;
terraform)
	dir=$here/terraform module=github.com/hashicorp/terraform package=$module takes="5 minutes"
	ldflags+=" -X $module/version.dev=no" ;;
*) echo "tool.sh: no tool named $name" >&2; exit 1 ;;
esac

cd "$dir"
version=$(awk -v m="$module" '$1 == m && NF > 1 { print $2 } $1 == "require" && $2 == m { print $3 }' go.mod)
[ -n "$version" ] || { echo "tool.sh: $module is not in $dir/go.mod" >&2; exit 1; }
# A linter reads only what its own Go version knows: one binary a Go version.
bin=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-provision/tools/$version/$(go env GOVERSION)/$name
if [ ! -x "$bin" ]; then
	echo "tool.sh: building $name $version (once; $takes)" >&2
	mkdir -p "$(dirname "$bin")"
	# GOFLAGS of the caller are for the product, not for its tools.
	GOFLAGS='' GOOS='' GOARCH='' CGO_ENABLED=0 go build -trimpath -ldflags "$ldflags" -o "$bin.$$" "$package"
	mv "$bin.$$" "$bin"  # whole or not at all, when two build at once
fi
echo "$bin"
