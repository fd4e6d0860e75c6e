// Package view holds the values of the API that the domain does not know: pages, rows
// of reports, and answers that lie between two of its types. It has no rules.
package view
