package intake

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode"

	"drawdown/internal/books"
)

// readCloudEvents reads CloudEvents 1.0 in JSON: one event a line, or one batch array.
func readCloudEvents(in *bufio.Reader, o Options, yield func(Row, error) bool) {
	first, err := firstByte(in)
	switch {
	case errors.Is(err, io.EOF):
	case err != nil:
		yield(Row{}, err)
	case first == '[':
		o.readBatch(in, yield)
	default:
		eachLine(in, yield, func(l line) bool { return o.readCloudEvent(l, yield) })
	}
}

// readOneCloudEvent reads an event that is all there is.
func readOneCloudEvent(in *bufio.Reader, o Options, yield func(Row, error) bool) {
	text, err := io.ReadAll(io.LimitReader(in, MaxRow+1))
	switch {
	case err != nil:
		yield(Row{}, err)
	case len(text) > MaxRow:
		yield(Row{Line: 1, Text: text[:MaxRow], Err: tooLong()}, nil)
	default:
		o.readCloudEvent(line{number: 1, text: text}, yield)
	}
}

// firstByte looks at the first character that is no space, without taking a line away
// from the count: only spaces of the first buffer are looked over. It asks for no more
// than it needs, for the sender may wait for an answer before it sends more.
func firstByte(in *bufio.Reader) (byte, error) {
	for n := 1; n <= in.Size(); n++ {
		start, err := in.Peek(n)
		if err != nil {
			return 0, err
		}
		if b := start[n-1]; !unicode.IsSpace(rune(b)) {
			return b, nil
		}
	}
	return 0, errors.New("the file begins with nothing but spaces")
}

// readBatch reads the elements of a JSON array one by one. What is no JSON at all ends
// the file, for nobody can tell where the next event begins.
func (o Options) readBatch(in *bufio.Reader, yield func(Row, error) bool) {
	budget := &budgetReader{in: in, left: MaxRow}
	decoder := json.NewDecoder(budget)
	if _, err := decoder.Token(); err != nil {
		yield(Row{}, err)
		return
	}
	index := 0
	for after := 1; decoder.More(); after = budget.lineAt(decoder.InputOffset()) {
		budget.left = MaxRow
		var element json.RawMessage
		if err := decoder.Decode(&element); err != nil {
			yield(Row{}, fmt.Errorf("the batch cannot be read beyond line %d: %w", after, err))
			return
		}
		number := budget.lineAt(decoder.InputOffset() - int64(len(element)))
		if !o.readCloudEvent(line{number: number, index: index, text: element}, yield) {
			return
		}
		index++
	}
	budget.left = MaxRow
	if _, err := decoder.Token(); err != nil {
		yield(Row{}, fmt.Errorf("the batch has no end: %w", err))
		return
	}
	budget.left = MaxRow
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		yield(Row{}, errors.New("the file goes on after the batch's end"))
	}
}

// budgetReader lets a JSON decoder read so many bytes and no more until it is filled up
// again, and knows on which line an offset lies.
type budgetReader struct {
	in       io.Reader
	left     int
	offset   int64
	newlines []int64 // offsets of line ends that lie ahead of lineAt
	line     int     // line ends before newlines
}

func (b *budgetReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("an event is longer than 1 MiB")
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	for i, c := range p[:n] {
		if c == '\n' {
			b.newlines = append(b.newlines, b.offset+int64(i))
		}
	}
	b.left -= n
	b.offset += int64(n)
	return n, err
}

// lineAt returns the line of an offset; offsets never go back.
func (b *budgetReader) lineAt(offset int64) int {
	for len(b.newlines) > 0 && b.newlines[0] < offset {
		b.newlines = b.newlines[1:]
		b.line++
	}
	return b.line + 1
}

// readCloudEvent yields the usage of one CloudEvent.
func (o Options) readCloudEvent(l line, yield func(Row, error) bool) bool {
	values, err := parseObject("", l.text)
	if err != nil {
		return yield(Row{Line: l.number, Index: l.index, Text: l.text, Err: err}, nil)
	}
	return o.yieldCloudEvent(l, values, yield)
}

func (o Options) yieldCloudEvent(l line, values object, yield func(Row, error) bool) bool {
	row := Row{Line: l.number, Index: l.index, Text: l.text}
	events, err := o.cloudEvent(values)
	if err != nil {
		row.Event, row.Err = events[0], err
		return yield(row, nil)
	}
	for _, event := range events {
		row.Event = event
		if !yield(row, nil) {
			return false
		}
	}
	return true
}

// cloudEvent turns a CloudEvent into usage: subject is the customer; id, source and time
// are the event's; data is {meter, quantity}, {credits} or {usage: [{meter, quantity}]}, and
// may have dimensions.
// The last gives an event for each meter, with ":<meter>" after the id.
func (o Options) cloudEvent(values object) ([]books.UsageInput, *books.Error) {
	event, err := o.envelope(values)
	alone := []books.UsageInput{event} // which names the event where it is refused
	if err != nil {
		return alone, err
	}
	if values.present("data_base64") || !values.present("data") {
		return alone, refuse("data", "must be a JSON object with meter and quantity, credits, or usage")
	}
	data, err := parseObject("data", values.of("data"))
	if err != nil {
		return alone, err
	}
	if event.Dimensions, err = data.dimensions("data."); err != nil {
		return alone, err
	}
	alone[0] = event
	if data.present("usage") {
		events, err := o.usageList(event, data)
		if err != nil {
			return alone, err
		}
		return events, nil
	}
	err = o.usageOf(&alone[0], "data.", data)
	return alone, err
}

// envelope reads the attributes of a CloudEvent.
func (o Options) envelope(values object) (books.UsageInput, *books.Error) {
	var event books.UsageInput
	attributes := map[string]string{}
	for _, key := range []string{"specversion", "id", "source", "type", "subject", "time"} {
		text, err := values.text("", key)
		if err != nil {
			return event, err
		}
		attributes[key] = text
	}
	event.ID, event.Source, event.Customer = attributes["id"], attributes["source"], attributes["subject"]
	if version := attributes["specversion"]; version != "1.0" {
		return event, refuse("specversion", `must be "1.0", not %q`, shown(version))
	}
	for _, key := range []string{"id", "source", "type"} {
		if attributes[key] == "" {
			return event, refuse(key, "must not be empty in a CloudEvent")
		}
	}
	if event.Customer == "" {
		event.Customer = o.Values[fieldCustomer]
	}
	if event.Customer == "" {
		return event, refuse("subject", "must name the customer")
	}
	if attributes["time"] == "" && o.TimeOptional {
		return event, nil
	}
	occurred, bad := time.Parse(time.RFC3339, attributes["time"])
	if bad != nil {
		return event, refuse("time", "must be a time such as 2025-01-31T15:04:05Z, not %q", shown(attributes["time"]))
	}
	event.OccurredAt = occurred.UTC()
	return event, nil
}

// usageOf reads meter and quantity, or credits.
func (o Options) usageOf(event *books.UsageInput, path string, values object) *books.Error {
	var quantity, credits string
	var err *books.Error
	if event.Meter, err = values.text(path, fieldMeter); err != nil {
		return err
	}
	if quantity, err = values.digits(path, fieldQuantity); err != nil {
		return err
	}
	if credits, err = values.digits(path, fieldCredits); err != nil {
		return err
	}
	if err = o.measure(event, quantity, credits, func(string) string { return "" }); err != nil {
		err.Field = path + err.Field
	}
	return err
}

// usageList reads data.usage: one event for each meter, in the order given.
func (o Options) usageList(event books.UsageInput, data object) ([]books.UsageInput, *books.Error) {
	var list []json.RawMessage
	if err := json.Unmarshal(data.of("usage"), &list); err != nil || len(list) == 0 || len(list) > maxMeters {
		return nil, refuse("data.usage", "must be a list of 1 to %d objects with meter and quantity", maxMeters)
	}
	for _, key := range []string{fieldMeter, fieldQuantity, fieldCredits} {
		if data.present(key) {
			return nil, refuse("data."+key, "must not stand beside usage")
		}
	}
	events, seen := make([]books.UsageInput, len(list)), map[string]bool{}
	for i, raw := range list {
		path := fmt.Sprintf("data.usage[%d]", i)
		values, err := parseObject(path, raw)
		if err != nil {
			return nil, err
		}
		one := event
		if err := o.usageOf(&one, path+".", values); err != nil {
			return nil, err
		}
		if one.Meter == "" {
			return nil, refuse(path+"."+fieldMeter, "must name the meter")
		}
		if seen[one.Meter] {
			return nil, refuse(path+"."+fieldMeter, "names %q a second time", shown(one.Meter))
		}
		seen[one.Meter] = true
		one.ID = event.ID + ":" + one.Meter
		events[i] = one
	}
	return events, nil
}
