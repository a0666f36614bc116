#!/bin/bash
# gitlab-ci-local.sh: prints the path of gitlab-ci-local, which runs a GitLab
# pipeline on this machine, at the version of package.json beside it. Installs it
# the first time, from the lock file, into the user's cache. It wants Node, npm and
# rsync, which as root on Debian are installed when they are missing.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck disable=SC2034  # common.sh reads it
ME=gitlab-ci-local.sh
# shellcheck source=tools/common.sh
. ../common.sh

packages=()
for program in node:nodejs npm:npm rsync:rsync; do
	command -v "${program%:*}" >/dev/null || packages+=("${program#*:}")
done
[ ${#packages[@]} = 0 ] || {
	[ "$(id -u)" = 0 ] || die "these are missing and only root can install them: ${packages[*]}"
	install_packages "${packages[@]}"
}
version=$(sed -n 's/.*"gitlab-ci-local": "\(.*\)".*/\1/p' package.json)
tools=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-provision/tools
dir=$tools/gitlab-ci-local-$version-$(sha256sum package-lock.json | head -c 12)
mkdir -p "$tools"
exec 9>"$tools/gitlab-ci-local.lock"
flock 9
if [ ! -d "$dir" ]; then
	say "installing gitlab-ci-local $version (once; half a minute)"
	part=$dir.part
	rm -rf "$part" && mkdir "$part"
	cp package.json package-lock.json "$part"
	# No script of a package runs.
	npm --prefix "$part" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	mv "$part" "$dir"
fi
echo "$dir/node_modules/.bin/gitlab-ci-local"
