#!/usr/bin/env bash
# The whole suite. Every step runs even where an earlier one failed, so that one run
# shows every fault; the tests come last and close the output. Ends with status 0
# only where every step did.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
step() {
	echo "==> make $1"
	local start=$SECONDS
	if make --no-print-directory "$1"; then
		echo "    $1: $((SECONDS - start)) s"
	else
		failed+=("$1")
		echo "    $1: FAILED" >&2
	fi
}

# go test must have the last word, so its steps print no line of their own.
tests() {
	echo "==> make $1"
	make --no-print-directory "$1" || failed+=("$1")
}

step setup
step check
step vet
step lint
step vuln
step fuzz-short
if command -v gcc >/dev/null || command -v clang >/dev/null; then
	tests test-race
else
	echo "NOT TESTED for data races: the race detector needs a C compiler" >&2
	[[ ${CI:-} == true ]] && failed+=(test-race)
fi
tests test-unit

if [[ ${#failed[@]} -gt 0 ]]; then
	echo "FAIL: ${failed[*]}" >&2
	exit 1
fi
