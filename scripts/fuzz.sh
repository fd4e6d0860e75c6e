#!/usr/bin/env bash
# Fuzzes every fuzz test of the module in turn, each for the time given ($1). What is found
# is written beside the test, in testdata/fuzz, and ends this; it is a test from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=$(grep -rhoE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9]*' . | wc -l)
ran=0
for directory in $(grep -rlE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz' . | xargs -n 1 dirname | sort -u); do
	for name in $(grep -rhoE '^func Fuzz[A-Za-z0-9]*' "$directory"/*_test.go | cut -d ' ' -f 2); do
		echo "fuzz: $directory $name"
		# What is merely new is not made smaller for long: that time finds nothing.
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$1" -fuzzminimizetime 1s "$directory"
		ran=$((ran + 1))
	done
done
[[ $ran -gt 0 && $ran -eq $targets ]] || { echo "fuzz: $ran of $targets targets ran" >&2; exit 1; }
