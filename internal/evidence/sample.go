package evidence

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

//go:embed draw_samples.py
var drawSamples []byte

// sampleAlgorithm names how samples are drawn; another way has another name.
const sampleAlgorithm = "drawdown sample 1"

// sampleParams say how the samples were drawn, for whoever draws them again.
type sampleParams struct {
	Algorithm  string        `json:"algorithm"`
	Population string        `json:"population"`        // the file
	SHA256     string        `json:"population_sha256"` // of it
	Column     string        `json:"column"`            // the amount, in minor units of the functional currency
	Currency   string        `json:"currency"`
	Seed       string        `json:"seed"`
	Aside      int64         `json:"set_aside"` // lines of nothing in that currency: on neither side
	Samples    []sampleDrawn `json:"samples"`
}

// sampleDrawn is one sample.
type sampleDrawn struct {
	File   string `json:"file"`
	Method string `json:"method"`
	Side   string `json:"side"`
	Filter string `json:"filter"`
	Items  int64  `json:"items"` // of the population
	Total  int64  `json:"total_minor"`
	Asked  int64  `json:"n"`
	// Of the monetary-unit sample: the units start + k × interval are drawn, and each takes the item
	// that it is in.
	Interval int64 `json:"interval_minor,omitempty"`
	Start    int64 `json:"start_minor,omitempty"`
	Drawn    int64 `json:"drawn"` // items
}

// The two methods and the two sides.
const (
	simpleRandom = "SIMPLE_RANDOM"
	monetaryUnit = "MONETARY_UNIT"
	debits       = "DEBITS"
	credits      = "CREDITS"
)

// popular is an item of the population as its file has it.
type popular struct {
	lineID, entry, line, account string
	minor                        int64
}

// side returns the side of a line and its amount, positive; "" where it is nothing.
func (i popular) side() (string, int64) {
	switch {
	case i.minor > 0:
		return debits, i.minor
	case i.minor < 0:
		return credits, -i.minor
	}
	return "", 0
}

// drawing is a sample on its way through the population.
type drawing struct {
	sampleDrawn
	places []int64 // of a simple random sample, in order
	next   int64   // the unit that is drawn next
	item   int64   // items so far
	sum    int64   // of them
	rows   [][]string
}

// samples draws from the lines of the journal, as the file has them, and proves the entries drawn.
func (p *pack) samples(ctx context.Context) error {
	population := p.known(journalLinesName + ".csv")
	params := sampleParams{
		Algorithm: sampleAlgorithm, Population: population.Name, SHA256: population.SHA256, Column: "functional_minor",
		Currency: string(p.book.Book().Functional), Seed: p.Seed,
	}
	items, sums := map[string]int64{}, map[string]int64{}
	err := p.population(population.Name, func(item popular) error {
		side, amount := item.side()
		items[side]++
		sum, carry := bits.Add64(uint64(sums[side]), uint64(amount), 0)
		if carry != 0 || int64(sum) < 0 {
			return errors.New("the lines of the period add up to more than fits")
		}
		sums[side] = int64(sum)
		return nil
	})
	if err != nil {
		return err
	}
	params.Aside = items[""]
	var drawings []*drawing
	for _, side := range [...]string{debits, credits} {
		for _, method := range [...]string{simpleRandom, monetaryUnit} {
			drawings = append(drawings, params.begin(method, side, items[side], sums[side], int64(p.Samples)))
		}
	}
	if err := p.population(population.Name, func(item popular) error {
		for _, d := range drawings {
			d.take(item)
		}
		return nil
	}); err != nil {
		return err
	}
	return p.drawn(ctx, params, drawings)
}

// drawn writes the samples and the proofs of their entries.
func (p *pack) drawn(ctx context.Context, params sampleParams, drawings []*drawing) error {
	entries := map[int64]bool{}
	for _, d := range drawings {
		d.Drawn = int64(len(d.rows))
		params.Samples = append(params.Samples, d.sampleDrawn)
		file, err := p.create(d.File, "a sample of the journal lines: "+d.Method+", "+d.Side)
		if err != nil {
			return err
		}
		file.file.Rows = d.Drawn
		out := csv.NewWriter(file)
		if err := out.WriteAll(append([][]string{{"item", "line_id", "entry", "line", "account", "amount_minor", "cumulative_minor", "hits"}}, d.rows...)); err != nil {
			return file.drop(err)
		}
		if err := file.Close(); err != nil {
			return err
		}
		for _, row := range d.rows {
			number, err := strconv.ParseInt(row[2], 10, 64)
			if err != nil {
				return err
			}
			entries[number] = true
		}
	}
	text, err := formatted(params)
	if err != nil {
		return err
	}
	if err := p.write("samples/sample_params.json", "how the samples were drawn", text); err != nil {
		return err
	}
	if err := p.write(drawSamplesName, "draws the same samples again, in Python without anything else", drawSamples); err != nil {
		return err
	}
	numbers := make([]int64, 0, len(entries))
	for number := range entries {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		if err := p.prove(ctx, number); err != nil {
			return err
		}
	}
	return nil
}

// population reads the items of the file.
func (p *pack) population(name string, do func(popular) error) error {
	file, err := os.Open(filepath.Join(p.dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	in := csv.NewReader(file)
	in.ReuseRecord = true
	heading, err := in.Read()
	if err != nil {
		return err
	}
	var at [5]int
	for i, column := range [...]string{"line_id", "entry", "line", "account", "functional_minor"} {
		if at[i] = slices.Index(heading, column); at[i] < 0 {
			return fmt.Errorf("%s has no column %s", name, column)
		}
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		item := popular{lineID: row[at[0]], entry: row[at[1]], line: row[at[2]], account: row[at[3]]}
		if item.minor, err = strconv.ParseInt(row[at[4]], 10, 64); err != nil {
			return err
		}
		if err := do(item); err != nil {
			return err
		}
	}
}

// begin draws what is drawn before the items are looked at.
func (s sampleParams) begin(method, side string, items, total, n int64) *drawing {
	d := &drawing{sampleDrawn: sampleDrawn{
		File:   "samples/sample_" + map[string]string{simpleRandom: "random", monetaryUnit: "mus"}[method] + "_" + map[string]string{debits: "debits", credits: "credits"}[side] + ".csv",
		Method: method, Side: side, Filter: map[string]string{debits: "functional_minor > 0", credits: "functional_minor < 0"}[side], Items: items, Total: total, Asked: n,
	}}
	switch {
	case items == 0:
	case method == monetaryUnit:
		d.Interval = max(total/n, 1)
		d.Start = 1 + s.below(method+"/"+side, 0, d.Interval)
		d.next = d.Start
	default:
		d.places = s.places(method+"/"+side, items, n)
	}
	return d
}

// places draws so many of the places 1 to items, each once, in order; all where there are no more.
func (s sampleParams) places(label string, items, n int64) []int64 {
	if n >= items {
		places := make([]int64, items)
		for i := range places {
			places[i] = int64(i) + 1
		}
		return places
	}
	drawn := map[int64]bool{}
	places := make([]int64, 0, n)
	for i := int64(0); int64(len(places)) < n; i++ {
		place := 1 + s.below(label, i, items)
		if !drawn[place] {
			drawn[place] = true
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return places
}

// below is the remainder, by bound, of a SHA-256 as a whole number. A bound has 63 bits and a hash 256,
// so that one remainder is likelier than another by less than one part in 2^193.
func (s sampleParams) below(label string, i, bound int64) int64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%d", s.Algorithm, s.Seed, s.SHA256, label, i))
	return new(big.Int).Mod(new(big.Int).SetBytes(sum[:]), big.NewInt(bound)).Int64()
}

// take looks at the next item of the population.
func (d *drawing) take(item popular) {
	side, amount := item.side()
	if side != d.Side {
		return
	}
	d.item++
	d.sum += amount
	hits := int64(0)
	switch {
	case d.Method == simpleRandom:
		if len(d.places) > 0 && d.places[0] == d.item {
			hits, d.places = 1, d.places[1:]
		}
	case d.next <= d.sum:
		hits = (d.sum-d.next)/d.Interval + 1
		d.next += hits * d.Interval
	}
	if hits > 0 {
		number := func(n int64) string { return strconv.FormatInt(n, 10) }
		d.rows = append(d.rows, []string{number(d.item), item.lineID, item.entry, item.line, item.account, number(amount), number(d.sum), number(hits)})
	}
}
