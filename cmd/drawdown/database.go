package main

import (
	"net/url"
	"strings"
)

const dbUsage = "the `database`: sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"

// isPostgres reports whether the URL names a database on a PostgreSQL server.
func isPostgres(db string) bool {
	scheme, _, _ := strings.Cut(db, ":")
	return scheme == "postgres" || scheme == "postgresql"
}

// secrets are the parameters of a URL that nobody is to read.
var secrets = []string{"password", "sslpassword"}

// shown is the URL of a database as messages and logs may show it: without a password,
// wherever in the URL that stands.
func shown(db string) string {
	if !isPostgres(db) {
		return db
	}
	parsed, err := url.Parse(db)
	if err != nil || parsed.Opaque != "" { // what is the password of such a one, nobody knows
		scheme, _, _ := strings.Cut(db, ":")
		return scheme + "://…"
	}
	query := parsed.Query()
	for _, name := range secrets {
		if query.Has(name) {
			query.Set(name, "xxxxx")
			parsed.RawQuery = query.Encode()
		}
	}
	return parsed.Redacted()
}
