#!/usr/bin/env bash
# Writes again what is generated: GraphQL code, docs/api and the explorer's examples by go
# generate, then the code of the clients in examples/, which are no part of the module.
set -euo pipefail
cd "$(dirname "$0")/.."

go generate ./...
(cd examples/go && go generate ./...)
if [[ -e examples/typescript/node_modules/.package-lock.json ]]; then
	node examples/typescript/generate.mjs
else
	echo "generate: NOT WRITTEN: examples/typescript/src/generated.ts, for its npm packages are missing: run make setup" >&2
	[[ ${CI:-} != true ]]
fi
