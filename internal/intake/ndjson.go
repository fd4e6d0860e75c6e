package intake

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"drawdown/internal/books"
)

// readNDJSON reads one event a line, with our own keys.
func readNDJSON(in *bufio.Reader, o Options, yield func(Row, error) bool) {
	eachLine(in, yield, func(l line) bool {
		event, err := o.ownEvent(l.text)
		return yield(Row{Line: l.number, Text: l.text, Event: event, Err: err}, nil)
	})
}

// eachLine calls act with every line that holds something, until act returns false.
func eachLine(in *bufio.Reader, yield func(Row, error) bool, act func(line) bool) {
	source := lines{in: in}
	for {
		l, err := source.next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			yield(Row{}, err)
			return
		case l.long:
			if !yield(Row{Line: l.number, Text: l.text, Err: tooLong()}, nil) {
				return
			}
		case !l.blank():
			if !act(l) {
				return
			}
		}
	}
}

func (o Options) ownEvent(text []byte) (books.UsageInput, *books.Error) {
	values, err := parseObject("", text)
	if err != nil {
		return books.UsageInput{}, err
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(Fields(), key) {
			return books.UsageInput{}, refuse(shown(key), "is not a key of a usage event; the keys are %s", strings.Join(Fields(), ", "))
		}
	}
	fields := map[string]string{}
	for _, key := range Fields() {
		read := values.text
		if key == fieldQuantity || key == fieldCredits || key == fieldOccurredAt && o.Time != TimeText {
			read = values.digits
		}
		if fields[key], err = read("", key); err != nil {
			return books.UsageInput{}, err
		}
	}
	return o.event(fields, nil)
}

// event makes an event of the fields of one row, filling in what the row leaves open.
// where says where in the file a field stands.
func (o Options) event(fields map[string]string, where func(field string) string) (books.UsageInput, *books.Error) {
	at := func(field string) string {
		if where == nil {
			return ""
		}
		return where(field)
	}
	value := func(field string) string {
		if text := strings.TrimSpace(fields[field]); text != "" {
			return text
		}
		return o.Values[field]
	}
	event := books.UsageInput{
		Source: value(fieldSource), ID: value(fieldID),
		Customer: value(fieldCustomer), Meter: value(fieldMeter),
	}
	if event.Source == "" {
		event.Source = o.Source
	}
	if event.ID == "" {
		return event, refuse(fieldID, "must name the event, so that it is counted once%s", at(fieldID))
	}
	if event.Customer == "" {
		return event, refuse(fieldCustomer, "must name the customer%s", at(fieldCustomer))
	}
	var err *books.Error
	if event.OccurredAt, err = o.instant(at(fieldOccurredAt), value(fieldOccurredAt)); err != nil {
		return event, err
	}
	err = o.measure(&event, value(fieldQuantity), value(fieldCredits), at)
	return event, err
}

// measure says how much was used: credits, or a quantity of a meter.
func (o Options) measure(event *books.UsageInput, quantity, credits string, at func(string) string) (err *books.Error) {
	switch {
	case credits != "" && (quantity != "" || event.Meter != ""):
		return refuse(fieldCredits, "must stand alone, without meter and quantity%s", at(fieldCredits))
	case credits != "":
		event.Credits, err = number(fieldCredits, at(fieldCredits), credits)
	case event.Meter == "":
		return refuse(fieldMeter, "must name the meter of the quantity, where credits are not given%s", at(fieldMeter))
	case quantity == "":
		return refuse(fieldQuantity, "must say how much of the meter was used%s", at(fieldQuantity))
	default:
		event.Quantity, err = number(fieldQuantity, at(fieldQuantity), quantity)
	}
	return err
}
