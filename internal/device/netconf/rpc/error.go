package rpc

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Severity of an error: see [Error].
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// Tags of errors (RFC 6241, appendix A) that callers tell apart.
const (
	TagInUse           = "in-use"
	TagInvalidValue    = "invalid-value"
	TagLockDenied      = "lock-denied"
	TagResourceDenied  = "resource-denied"
	TagAccessDenied    = "access-denied"
	TagOperationFailed = "operation-failed"
	TagNotSupported    = "operation-not-supported"
)

// Error is an rpc-error (RFC 6241 section 4.3) with all of its fields.
type Error struct {
	Type     string `xml:"error-type"`     // transport, rpc, protocol or application
	Tag      string `xml:"error-tag"`      // one of appendix A
	Severity string `xml:"error-severity"` // SeverityError or SeverityWarning
	AppTag   string `xml:"error-app-tag"`  // of the data model or the vendor
	Path     string `xml:"error-path"`     // XPath of the element, in the server's prefixes
	Message  string `xml:"error-message"`  // for people
	Info     Info   `xml:"error-info"`
}

// Info is what an error says besides.
type Info struct {
	SessionID    string `xml:"session-id"`    // who holds the lock; 0 is not a NETCONF session
	BadElement   string `xml:"bad-element"`   // a qualified name
	BadAttribute string `xml:"bad-attribute"` // a qualified name
	BadNamespace string `xml:"bad-namespace"`
	BadValue     string `xml:"bad-value"`    // yuma's own; may be a secret
	Number       string `xml:"error-number"` // yuma's own
	XML          string `xml:",innerxml"`    // everything, as it came; may hold secrets
}

// Error implements error. It leaves out [Info.BadValue], which may be a secret.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Tag)
	if msg := strings.Join(strings.Fields(e.Message), " "); msg != "" {
		b.WriteString(": " + msg)
	}
	if e.AppTag != "" {
		b.WriteString(" (" + e.AppTag + ")")
	}
	if e.Path != "" {
		b.WriteString(" at " + e.Path)
	}
	if e.Info.BadElement != "" {
		b.WriteString(", element " + e.Info.BadElement)
	}
	if e.Info.SessionID != "" {
		b.WriteString(", session " + e.Info.SessionID)
	}
	return b.String()
}

// trim takes off the white space that servers lay around values.
func (e *Error) trim() {
	for _, s := range []*string{
		&e.Type, &e.Tag, &e.Severity, &e.AppTag, &e.Path, &e.Message, &e.Info.SessionID,
		&e.Info.BadElement, &e.Info.BadAttribute, &e.Info.BadNamespace, &e.Info.BadValue, &e.Info.Number,
	} {
		*s = strings.TrimSpace(*s)
	}
}

// Errors are all rpc-errors of one reply, in their order. errors.As with a
// *[Error] gives the first.
type Errors []*Error

// Error implements error.
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap gives the single errors.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// decodeError reads one rpc-error.
func decodeError(d *xml.Decoder, start xml.StartElement) (*Error, error) {
	e := &Error{}
	if err := d.DecodeElement(e, &start); err != nil {
		return nil, fmt.Errorf("rpc-error: %w", err)
	}
	e.trim()
	return e, nil
}
