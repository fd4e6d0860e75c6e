package main

import (
	"errors"
	"log/slog"
	"math"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare of what a container may use is the program's, in percent: the rest is for what
// is not on its heap, such as pages of SQLite.
const memoryShare = 90

// garbageShare is how much garbage may lie beside what is in use before it is collected, in
// percent, where memory is limited: the collector works more often by itself as the limit
// comes near, and below it a page of rows costs a seventh less than with the usual 100.
const garbageShare = 400

// limitMemory has the program keep within so many megabytes; where that is 0, within
// GOMEMLIMIT, or else within what its container may use. Requests are refused before it is
// reached.
func limitMemory(log *slog.Logger, megabytes int) {
	from := "--memory-limit"
	switch limit, err := memlimit.FromCgroup(); {
	case megabytes > 0:
		debug.SetMemoryLimit(int64(megabytes) << 20)
	case os.Getenv("GOMEMLIMIT") != "": // which the runtime took itself
		from = "GOMEMLIMIT"
	case err == nil && limit < math.MaxInt64:
		debug.SetMemoryLimit(int64(limit) / 100 * memoryShare)
		from = "the container"
	case err == nil || errors.Is(err, memlimit.ErrNoLimit) || errors.Is(err, memlimit.ErrNoCgroup) || errors.Is(err, memlimit.ErrCgroupsNotSupported):
		log.Debug("memory is not limited")
		return
	default:
		log.Warn("memory is not limited: what the container may use cannot be read", "error", err)
		return
	}
	if os.Getenv("GOGC") == "" { // which the runtime took itself
		debug.SetGCPercent(garbageShare)
	}
	log.Info("memory is limited", "megabytes", debug.SetMemoryLimit(-1)>>20, "by", from)
}
