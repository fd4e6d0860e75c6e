#!/usr/bin/env bash
# Runs govulncheck ($1) over the module. Its database is fetched from vuln.go.dev,
# or from GOVULNDB (https://… or file:///…). Where vuln.go.dev cannot be reached,
# on a closed network say, nothing was checked, and this says so and passes: the
# network is not a fault of the code. A GOVULNDB that somebody asked for must work.
set -uo pipefail
cd "$(dirname "$0")/.."

output=$("$1" ${GOVULNDB:+-db "$GOVULNDB"} ./... 2>&1)
status=$?
echo "$output"
[[ $status -eq 0 ]] && exit 0

unreachable='fetching vulnerabilities: .*(dial tcp|no such host|i/o timeout|connection refused|connection reset|network is unreachable|proxyconnect|TLS handshake timeout|context deadline exceeded|Forbidden|Bad Gateway|Service Unavailable)'
if [[ -z ${GOVULNDB:-} && $output =~ $unreachable ]]; then
	cat >&2 <<-'END'
		==================================================================
		NOT CHECKED for known vulnerabilities: the Go vulnerability
		database (https://vuln.go.dev) cannot be reached from here.
		Run `make vuln` where it can, or point GOVULNDB to a copy of it.
		==================================================================
	END
	exit 0
fi
exit "$status"
