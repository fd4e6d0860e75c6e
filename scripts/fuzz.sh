#!/usr/bin/env bash
# Fuzzes every fuzz test of the module in turn, each for the time given ($1).
set -euo pipefail
cd "$(dirname "$0")/.."

for package in $(go list ./...); do
	tests=$(go test -list '^Fuzz' "$package") # a package that does not compile ends this here
	for name in $(grep '^Fuzz' <<<"$tests" || true); do
		echo "fuzz: $package $name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$1" "$package"
	done
done
