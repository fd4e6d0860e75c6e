#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: with apt-get where it may
# (root, or sudo without a password), and npm packages into tools/node and examples. What cannot
# be installed is named together with the tests that are left out for it; with
# CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

# command | Debian packages | what is left out without it
needs=(
	"gcc|gcc libc6-dev|tests with the race detector"
	"git|git|tests of the command line in a fresh clone"
	"hledger|hledger|hledger reading the exported journal"
	"ledger|ledger|ledger reading the exported journal"
	"bean-check|beancount|beancount reading the exported journal"
	"xmllint|libxml2-utils|the exported XML against its schema"
	"openssl|openssl|the signatures of seals and evidence packs checked by another program"
	"xmlstarlet|xmlstarlet|the control totals of the exported XML"
	"openpyxl|python3 python3-openpyxl|a spreadsheet reader on the exported workbook"
	"node|nodejs|comparison with npm packages, the client in TypeScript"
	"npm|npm|comparison with npm packages, the client in TypeScript"
	"chromium|chromium|the explorer and the balance page in a browser"
	"promtool|prometheus|Prometheus checking the alert rules and the dashboard"
	"initdb|postgresql|everything on PostgreSQL 15 or newer, unless TEST_POSTGRES_URL names a server"
)

have() { # whether the command is there; PostgreSQL's are off the path on Debian, openpyxl is a module of its Python
	local initdb
	if [[ $1 == openpyxl ]]; then
		/usr/bin/python3 -c 'import openpyxl' 2>/dev/null
		return
	fi
	if [[ $1 != initdb ]]; then
		command -v "$1" >/dev/null
		return
	fi
	[[ -n ${TEST_POSTGRES_URL:-} ]] && return
	for initdb in "$(command -v initdb)" /usr/lib/postgresql/*/bin/initdb; do
		[[ -x $initdb ]] && "$initdb" --version | awk '{ exit !($3 + 0 >= 15) }' && return
	done
	return 1
}

missing() { # prints the rows of needs whose command is not there
	local row
	for row in "${needs[@]}"; do
		have "${row%%|*}" || echo "$row"
	done
}

as_root=()
may_install() {
	command -v apt-get >/dev/null || return 1
	[[ $(id -u) -eq 0 ]] && return 0
	as_root=(sudo -n)
	command -v sudo >/dev/null && sudo -n true 2>/dev/null
}

mapfile -t lacking < <(missing)
if [[ ${#lacking[@]} -gt 0 ]] && may_install; then
	packages=()
	for row in "${lacking[@]}"; do
		IFS='|' read -r _ names _ <<<"$row"
		read -ra words <<<"$names"
		packages+=("${words[@]}")
	done
	echo "setup: installing ${packages[*]}"
	export DEBIAN_FRONTEND=noninteractive
	"${as_root[@]}" apt-get update -qq || echo "setup: apt-get update failed" >&2
	if [[ " ${packages[*]} " == *' postgresql '* ]]; then
		# Tests start servers of their own: the package need not start one.
		"${as_root[@]}" apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null &&
			"${as_root[@]}" sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
	fi
	# Packages bring servers (prometheus is one), and none of them is to be started.
	policy=/usr/sbin/policy-rc.d
	if [[ ! -e $policy ]]; then
		printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
		"${as_root[@]}" chmod 755 "$policy"
		trap '"${as_root[@]}" rm -f "$policy"' EXIT
	fi
	"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
		echo "setup: apt-get install failed" >&2
	mapfile -t lacking < <(missing)
fi

# npm records what it installed; a lock file newer than that record asks for npm ci.
declare -A uses=(
	[tools/node]="comparison with npm packages (ISO 4217, GraphQL over HTTP, the released schema, pages in a browser, DuckDB reading exported files)"
	[examples/typescript]="the client in TypeScript"
)
for dir in "${!uses[@]}"; do
	lock=$dir/package-lock.json installed=$dir/node_modules/.package-lock.json
	if command -v npm >/dev/null && [[ ! -e $installed || $lock -nt $installed ]]; then
		echo "setup: npm ci in $dir"
		if (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); then
			touch "$installed"
		else
			rm -f "$installed" # what a failed npm ci left behind is no installation
		fi
	fi
	[[ -e $installed ]] || lacking+=("$dir/node_modules||${uses[$dir]}")
done

[[ ${#lacking[@]} -eq 0 ]] && exit 0

{
	echo "=================================================================="
	echo "NOT TESTED on this machine, because something is missing:"
	for row in "${lacking[@]}"; do
		IFS='|' read -r name packages left_out <<<"$row"
		echo "  $name: $left_out${packages:+ (apt-get install $packages)}"
	done
	echo "=================================================================="
} >&2
if [[ ${CI:-} == true ]]; then
	echo "setup: CI=true leaves nothing out" >&2
	exit 1
fi
