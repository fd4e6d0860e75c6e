#!/usr/bin/env bash
# Fuzzes every fuzz test of the module in turn, each for the time given ($1).
set -euo pipefail
cd "$(dirname "$0")/.."

for package in $(go list ./...); do
	for name in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "fuzz: $package $name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$1" "$package"
	done
done
