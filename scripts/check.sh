#!/usr/bin/env bash
# Formatting, module files and generated code, each as its tool would write it.
# Names what is not and how to mend it.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

unformatted=$(find . \( -name node_modules -o -name .git \) -prune -o -name '*.go' -print0 | xargs -0 -r gofmt -l)
if [[ -n $unformatted ]]; then
	printf 'check: not formatted, run `make fmt`:\n%s\n' "$unformatted" >&2
	failed=1
fi

if ! go mod tidy -diff >&2; then
	echo 'check: go.mod or go.sum is not tidy, run `go mod tidy`' >&2
	failed=1
fi

if ! (cd examples/go && go mod tidy -diff) >&2; then
	echo 'check: go.mod or go.sum of examples/go is not tidy, run `go mod tidy` there' >&2
	failed=1
fi

# Compared with what was there before and not with the last commit, so that work
# in progress passes as soon as its generated code is fresh.
generated=(graph/internal/gen docs/api graph/explorer/examples.js examples/go/generated.go examples/typescript/src/generated.ts)
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
for path in "${generated[@]}"; do
	[[ -e $path ]] || continue
	mkdir -p "$before/$(dirname "$path")"
	cp -R "$path" "$before/$path"
done
if ! scripts/generate.sh >&2; then
	echo 'check: make generate failed' >&2
	failed=1
else
	for path in "${generated[@]}"; do
		if [[ -e $before/$path ]] && ! diff -r -q "$before/$path" "$path" >&2; then
			echo "check: $path was stale and has been written again, commit it" >&2
			failed=1
		fi
	done
fi

exit "$failed"
