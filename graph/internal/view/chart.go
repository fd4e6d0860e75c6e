package view

import (
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// Chart is sums over time, by group.
type Chart struct {
	Buckets         []books.Bucket
	Series          []Series
	Credits         revrec.Credits
	FunctionalTotal ledger.Amount
}

// Series is one group of a chart, in one currency where it is of money.
type Series struct {
	By     books.Dimension
	Group  string // the key in the book, "" for none
	Others bool

	Currency                   ledger.Currency
	Counts                     []int64
	Credits                    []revrec.Credits
	Amounts, FunctionalAmounts []ledger.Amount
	TotalCredits               revrec.Credits
	Total, FunctionalTotal     ledger.Amount
}

// AccountChart is an account over time.
type AccountChart struct {
	Account ledger.Account
	Buckets []books.Bucket
	Series  []AccountSeries
}

// AccountSeries is an account in one currency over time.
type AccountSeries struct {
	Currency                   ledger.Currency
	Opening, FunctionalOpening ledger.Amount
	Debits, Credits            []ledger.Amount
	Closing, FunctionalClosing []ledger.Amount
}

// CustomerCountChart counts customers over time.
type CustomerCountChart struct {
	Buckets []books.Bucket
	Counts  []int64
	Total   int64
}
