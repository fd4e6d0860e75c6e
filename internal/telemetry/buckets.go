package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The bounds of classic histograms, for servers that do not take native ones. Each is
// exposed as both.
var (
	// A balance is read in fractions of a millisecond, a page in some, a report may take
	// the 30 s after which a request is ended.
	requestSeconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	// A statement reads a row within 50 µs, or waits for a lock up to ten seconds.
	statementSeconds = []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 10}
	// A run that finds nothing takes milliseconds; one that books a year of a large book, an hour.
	runSeconds = []float64{.01, .05, .1, .5, 1, 5, 15, 60, 300, 900, 3600}
	// One event, up to the largest batch.
	batchEvents = []float64{1, 2, 5, 10, 50, 100, 500, 1000, 2500, 5000, 10_000}
)

// Native histograms take a bucket for each tenth, and forget some of them rather than grow
// beyond a page.
const (
	nativeFactor  = 1.1
	nativeBuckets = 100
	nativeReset   = time.Hour
)

func histogram(name, help string, bounds []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: bounds,
		NativeHistogramBucketFactor: nativeFactor, NativeHistogramMaxBucketNumber: nativeBuckets, NativeHistogramMinResetDuration: nativeReset,
	}
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

// ok is the code of what succeeded.
const ok = "OK"

// other is the label of what is not one of ours.
const other = "other"
