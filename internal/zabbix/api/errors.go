package api

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a call, told from the API's texts: its codes are
// unreliable (they differ between versions for the same cause). Ask with
// errors.Is.
var (
	// ErrSession: the session has ended, or the token is not (or no longer) valid.
	ErrSession = errors.New("not logged in")
	// ErrPermission: the user may not do this, or the object is not there: the
	// API does not tell these apart.
	ErrPermission = errors.New("no permission, or not there")
	// ErrMethod: the user's role may not call the method at all.
	ErrMethod = errors.New("no permission to call the method")
	// ErrExists: the name is taken.
	ErrExists = errors.New("exists already")
	// ErrDatabase: the server's database refused what the API had accepted, as
	// when two first inserts meet. Nothing was done; of an *AnswerError that is
	// only likely.
	ErrDatabase = errors.New("refused by the server's database")
)

// Error is the API's refusal of one call. Its texts are the API's own.
type Error struct {
	Method        string `json:"-"`
	Code          int    `json:"code"`
	Message, Data string
}

// Error implements error.
func (e *Error) Error() string {
	text := strings.TrimSpace(e.Data)
	if text == "" {
		text = strings.TrimSpace(e.Message)
	}
	return e.Method + ": " + text
}

// Is tells which kind of refusal this is.
func (e *Error) Is(kind error) bool {
	has := func(texts ...string) bool {
		said := strings.ToLower(e.Message + " " + e.Data)
		for _, t := range texts {
			if strings.Contains(said, t) {
				return true
			}
		}
		return false
	}
	switch kind {
	case ErrSession:
		return has("session terminated", "not authorised", "not authorized", "api token expired", "invalid token")
	case ErrPermission:
		return has("no permissions", "do not have permission", "does not exist, or you have no permissions")
	case ErrMethod:
		return has("no permissions to call \"")
	case ErrExists:
		return has("already exists")
	case ErrDatabase:
		return has("dbexecute_error", "sql statement execution has failed")
	}
	return false
}

// AnswerError is an answer that is none of the API: another program answers at
// the address, or it was cut short. It is a provision.ErrUnreachable,
// provision.ErrAuth or, when a write may have taken effect,
// provision.ErrConnectionLost.
type AnswerError struct {
	URL         string
	Status      int // HTTP
	ContentType string
	Start       string // how it begins, without secrets
	Reason      string
	kind        error
	empty       bool
}

// Is tells that an answer without a body is an ErrDatabase as well: PHP stops
// like that, with status 200, when Zabbix 7.0 cannot do what the API had accepted
// (seen with two first inserts that meet). Whether nothing was done must be looked
// for.
func (e *AnswerError) Is(kind error) bool { return kind == ErrDatabase && e.empty }

// Unwrap gives what it means for the call.
func (e *AnswerError) Unwrap() error { return e.kind }

// Error implements error.
func (e *AnswerError) Error() string {
	text := fmt.Sprintf("%s: %s (HTTP %d, %s)", e.URL, e.Reason, e.Status, e.ContentType)
	if e.Start != "" {
		text += fmt.Sprintf("; it begins with %q", e.Start)
	}
	return text
}
