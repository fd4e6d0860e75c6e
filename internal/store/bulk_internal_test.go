package store

import (
	"reflect"
	"testing"
)

// What a row leaves open is NULL, whether it is written alone or among many.
func TestBoundValuesAreNullWhereRowsSaySo(t *testing.T) {
	for _, test := range []struct {
		value    any
		nullZero bool
		want     any
	}{
		{int64(0), true, nil},
		{int64(7), true, int64(7)},
		{int64(0), false, int64(0)},
		{"", true, nil},
		{"x", true, "x"},
		{"", false, ""},
		{false, false, false},
	} {
		v := reflect.ValueOf(test.value)
		if got, err := valueOf(v.Type(), test.nullZero)(v); got != test.want || err != nil {
			t.Errorf("%T %v, nullzero %t: %v (%v), not %v", test.value, test.value, test.nullZero, got, err, test.want)
		}
	}
}
