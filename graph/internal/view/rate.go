package view

import (
	"time"

	"drawdown/internal/books"
)

// RatesInForce is the rates of all meters at an instant.
type RatesInForce struct {
	At    time.Time
	Card  *books.RateCard
	Rates []books.MeterRate
}
