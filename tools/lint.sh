#!/bin/bash
# lint.sh: .golangci.yml on the Go code, shellcheck on the scripts.
set -euo pipefail
cd "$(dirname "$0")/.."

linter=$(tools/tool.sh golangci-lint)
"$linter" run ./...
scripts=$(git ls-files '*.sh' .ci/run)
if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2086  # the project has no blanks in names
	shellcheck $scripts
	echo "shellcheck: $(wc -w <<<"$scripts") scripts"
else
	echo "shellcheck: not installed (apt-get install shellcheck), scripts not looked at" >&2
	[ -z "${CI:-}" ] || exit 1
fi
