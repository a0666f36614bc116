#!/bin/bash
# lint.sh: .golangci.yml on the Go code, shellcheck on the scripts, actionlint on
# the workflows of examples/.
set -euo pipefail
cd "$(dirname "$0")/.."

linter=$(tools/tool.sh golangci-lint)
"$linter" run ./...
"$(tools/tool.sh actionlint)" examples/ci/github/*.yml
echo "actionlint: $(git ls-files 'examples/ci/github/*.yml' | wc -l) workflows"
# Those that run; what they source is looked at with them.
scripts=$(git ls-files 'tools/*.sh' 'examples/*.sh' .ci/run | xargs grep -l '^#!')
remote=$(git ls-files 'internal/*.sh')  # fragments that drivers send to devices: POSIX sh
if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2086  # the project has no blanks in names
	shellcheck --external-sources --severity=warning $scripts
	# shellcheck disable=SC2086
	[ -z "$remote" ] || shellcheck --shell=sh --severity=error $remote
	echo "shellcheck: $(wc -w <<<"$scripts $remote") scripts"
else
	echo "shellcheck: not installed (apt-get install shellcheck), scripts not looked at" >&2
	[ -z "${CI:-}" ] || exit 1
fi
