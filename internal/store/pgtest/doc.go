// Package pgtest gives tests a PostgreSQL server: the one that TEST_POSTGRES_URL names,
// or one that it starts from the programs installed on the machine and stops with the
// test program. Where neither can be had a test is skipped, and with CI set it fails.
package pgtest
