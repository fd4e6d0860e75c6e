package intake

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"

	"drawdown/internal/books"
)

// readNDJSON reads one event a line, with our own keys.
func readNDJSON(in *bufio.Reader, o Options, yield func(Row, error) bool) {
	eachLine(in, yield, func(l line) bool {
		values, err := parseObject("", l.text)
		if err == nil && values.has("specversion") {
			return o.yieldCloudEvent(l, values, yield)
		}
		row := Row{Line: l.number, Index: l.index, Text: l.text, Err: err}
		if err == nil {
			row.Event, row.Err = o.ownEvent(values)
		}
		return yield(row, nil)
	})
}

// eachLine calls act with every line that holds something, until act returns false.
func eachLine(in *bufio.Reader, yield func(Row, error) bool, act func(line) bool) {
	source := lines{in: in}
	index := 0
	for {
		l, err := source.next()
		l.index = index
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			yield(Row{}, err)
			return
		case l.long:
			index++
			if !yield(Row{Line: l.number, Index: l.index, Text: l.text, Err: tooLong()}, nil) {
				return
			}
		case !l.blank():
			index++
			if !act(l) {
				return
			}
		}
	}
}

// ownEvent makes an event of an object with our own keys.
func (o Options) ownEvent(values object) (event books.UsageInput, err *books.Error) {
	var unknown []string
	for _, one := range values {
		if !isField(one.key) && one.key != keyDimensions {
			unknown = append(unknown, one.key)
		}
	}
	if unknown != nil {
		return event, refuse(shown(slices.Min(unknown)), "is not a key of a usage event; the keys are %s, %s", strings.Join(Fields(), ", "), keyDimensions)
	}
	var row texts
	for _, key := range allFields {
		read := values.text
		if key == fieldQuantity || key == fieldCredits || key == fieldOccurredAt && o.Time != TimeText {
			read = values.digits
		}
		if *row.of(key), err = read("", key); err != nil {
			return event, err
		}
	}
	if event, err = o.event(row, nil); err == nil {
		event.Dimensions, err = values.dimensions("")
	}
	return event, err
}

// texts are the fields of one row as they stand in the file.
type texts struct {
	source, id, customer, meter, quantity, credits, occurredAt string
}

// of returns where the text of a field is kept.
func (t *texts) of(field string) *string {
	switch field {
	case fieldSource:
		return &t.source
	case fieldID:
		return &t.id
	case fieldCustomer:
		return &t.customer
	case fieldMeter:
		return &t.meter
	case fieldQuantity:
		return &t.quantity
	case fieldCredits:
		return &t.credits
	case fieldOccurredAt:
		return &t.occurredAt
	}
	panic("there is no field " + field)
}

// event makes an event of the fields of one row, filling in what the row leaves open.
// where says where in the file a field stands.
func (o *Options) event(row texts, where func(field string) string) (books.UsageInput, *books.Error) {
	at := func(field string) string {
		if where == nil {
			return ""
		}
		return where(field)
	}
	value := func(field, text string) string {
		if text = strings.TrimSpace(text); text == "" {
			return o.Values[field]
		}
		return text
	}
	event := books.UsageInput{
		Source: value(fieldSource, row.source), ID: value(fieldID, row.id),
		Customer: value(fieldCustomer, row.customer), Meter: value(fieldMeter, row.meter),
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
	if event.OccurredAt, err = o.instant(at(fieldOccurredAt), value(fieldOccurredAt, row.occurredAt)); err != nil {
		return event, err
	}
	err = o.measure(&event, value(fieldQuantity, row.quantity), value(fieldCredits, row.credits), at)
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
