#!/usr/bin/env bash
# Fuzzes every fuzz test of the module in turn, each for the time given ($1). What is found
# is written beside the test, in testdata/fuzz, and ends this; it is a test from then on.
#
# What earlier runs found interesting is kept in Go's cache, and tried first. With `fresh`
# as $2 it is left aside: a short run would do nothing but try it again. Nor is a short run
# guided by coverage in packages that have the database in them: to build that with counters
# takes a minute and a half, and would leave seconds of fuzzing.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cache=$(go env GOCACHE)/fuzz
[[ ${2:-} == fresh ]] && cache=$work/cache

targets=$(grep -rhoE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9]*' . | wc -l)
ran=0
for directory in $(grep -rlE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz' . | xargs -n 1 dirname | sort -u); do
	guided=(-fuzz Fuzz) how=
	if [[ ${2:-} == fresh ]] && grep -qx modernc.org/sqlite/lib < <(go list -deps -test "$directory"); then
		guided=() how=', not guided by coverage'
	fi
	go test -c "${guided[@]}" -o "$work/fuzz.test" "$directory"
	for name in $(grep -rhoE '^func Fuzz[A-Za-z0-9]*' "$directory"/*_test.go | cut -d ' ' -f 2); do
		echo "fuzz: $directory $name$how"
		# What is merely new is not made smaller for long: that time finds nothing.
		(cd "$directory" && "$work/fuzz.test" -test.run '^$' -test.fuzz "^$name\$" -test.fuzztime "$1" \
			-test.fuzzminimizetime 1s -test.fuzzcachedir "$cache/$(go list .)")
		ran=$((ran + 1))
	done
done
[[ $ran -gt 0 && $ran -eq $targets ]] || { echo "fuzz: $ran of $targets targets ran" >&2; exit 1; }
