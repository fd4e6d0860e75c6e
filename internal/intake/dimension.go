package intake

import (
	"errors"

	"drawdown/internal/books"
)

// dimensions reads an object of texts, none where there is none.
func (o object) dimensions(path string) ([]books.EventDimension, *books.Error) {
	if !o.present(keyDimensions) {
		return nil, nil
	}
	members, err := parseObject(path+keyDimensions, o.of(keyDimensions))
	if err != nil {
		return nil, err
	}
	list := make([]books.EventDimension, 0, len(members))
	for _, one := range members {
		value, err := members.text(path+keyDimensions+".", one.key)
		if err != nil {
			err.Field = path + keyDimensions + "." + shown(one.key)
			return nil, err
		}
		list = append(list, books.EventDimension{Key: one.key, Value: value})
	}
	return list, checkDimensions(path, list)
}

// checkDimensions refuses here what the book would refuse, with the name of the key rather
// than its place, which an object has none of.
func checkDimensions(path string, list []books.EventDimension) *books.Error {
	err := books.CheckDimensions(list)
	if err == nil {
		return nil
	}
	var refusal *books.Error
	if !errors.As(err, &refusal) {
		return refuse(path+keyDimensions, "%v", err)
	}
	refusal.Field = path + keyDimensions
	for i := range list {
		if books.CheckDimensions(list[:i+1]) != nil {
			refusal.Field += "." + shown(list[i].Key)
			break
		}
	}
	return refusal
}
