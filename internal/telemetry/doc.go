// Package telemetry tells those who run the program how it does: figures for Prometheus,
// traces for OpenTelemetry, and what makes lines of the log belong together.
//
// It is the only room that knows the libraries of either. The others say what they do
// through small interfaces of their own (graph.Watch, books.Watch, store.Watch), of which
// [Telemetry] is every one, and know nothing of metrics or spans.
//
// What always holds here:
//
//   - No metric, label, span or line of the log bears a name of a customer, an amount of
//     money, a token or the text of a query. The one exception is the reconciliation
//     difference, which is a sum of the whole book per currency, and 0 in a book in order.
//   - The number of series does not depend on what callers send: labels come from the
//     schema, from tables of ours, or are "other".
//   - What is told costs fractions of a microsecond where nobody traces; a scrape reads no
//     database.
//   - Seconds are seconds, counters end in _total, and HELP says what is counted.
package telemetry
