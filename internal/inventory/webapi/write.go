package webapi

import (
	"net/http"
	"strconv"
)

// OrNumber sets a value. A text of digits that the server refuses is set as a
// number: the field may be one of numbers. The error is that of the first.
func OrNumber(value any, set func(any) error) error {
	err := set(value)
	text, isText := value.(string)
	e := AsError(err)
	if !isText || e == nil || e.Status != http.StatusBadRequest {
		return err
	}
	n, notNumber := strconv.ParseInt(text, 10, 64)
	if notNumber == nil && set(n) == nil {
		return nil
	}
	return err
}
