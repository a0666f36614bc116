package zabbix

import (
	"context"
	"errors"
	"fmt"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// Attributes of the resource that errors name, and headers of differences,
// beside the [Field]s.
const (
	fieldHost          = "host"
	fieldVisible       = "visible_name"
	fieldDescription   = "description"
	fieldEnabled       = "enabled"
	fieldInterface     = "interface"
	fieldInventoryMode = "inventory_mode"
	fieldProxy         = "proxy"
	fieldTLS           = "tls"
	fieldPSK           = "tls_psk"
	fieldSecrets       = "secret_macros"
	fieldDestroy       = "on_destroy"
)

// fieldError makes an error that is mended at an attribute. Its cause is a
// refusal, after which the core advises to correct the intent.
func fieldError(field, format string, args ...any) *FieldError {
	return &FieldError{Field: field, Err: &provision.RejectedError{Message: fmt.Sprintf(format, args...)}}
}

// FieldErrors gives every *[FieldError] in err, which may join several.
func FieldErrors(err error) []*FieldError {
	//nolint:errorlint // this walks the tree that errors.As would end at the first find of
	switch e := err.(type) {
	case nil:
		return nil
	case *FieldError:
		return []*FieldError{e}
	case interface{ Unwrap() error }:
		return FieldErrors(e.Unwrap())
	case interface{ Unwrap() []error }:
		var list []*FieldError
		for _, one := range e.Unwrap() {
			list = append(list, FieldErrors(one)...)
		}
		return list
	}
	return nil
}

// problems gathers what is wrong with an intent, so that all of it is told at
// once.
type problems []error

// add takes note of a problem at an attribute.
func (p *problems) add(field, format string, args ...any) {
	*p = append(*p, fieldError(field, format, args...))
}

// take takes note of an error if it is one that a user mends at an attribute;
// any other is given back.
func (p *problems) take(err error) error {
	var f *FieldError
	if err == nil || !errors.As(err, &f) {
		return err
	}
	*p = append(*p, err)
	return nil
}

// err is all of them; nil without any.
func (p *problems) err() error { return errors.Join(*p...) }

// maskedError is an error whose text may have held a secret.
type maskedError struct {
	text string
	err  error
}

// Error implements error.
func (e *maskedError) Error() string { return e.text }

// Unwrap gives the cause.
func (e *maskedError) Unwrap() error { return e.err }

// notBegunError is an error after which nothing was done about a host.
type notBegunError struct{ err error }

// Error implements error.
func (e *notBegunError) Error() string { return e.err.Error() }

// Is tells that it is provision.ErrNotBegun.
func (e *notBegunError) Is(kind error) bool { return kind == provision.ErrNotBegun }

// Unwrap gives the cause.
func (e *notBegunError) Unwrap() error { return e.err }

// masked takes the intent's secrets out of an error's text.
func (in *Intent) masked(err error) error {
	if err == nil {
		return nil
	}
	text := in.redactor().String(err.Error())
	if text == err.Error() {
		return err
	}
	return &maskedError{text: text, err: err}
}

// redactor masks the intent's secrets.
func (in *Intent) redactor() *secret.Redactor {
	var r *secret.Redactor
	for _, s := range deref(in.Secrets) {
		r = r.WithWords(s.Value)
	}
	if in.PSK != nil {
		r = r.WithWords(*in.PSK)
	}
	return r
}

// refused makes of an API's answer that nothing was done a
// [provision.RejectedError]. What may have been done all the same, and what
// never reached the API, it gives back as it is.
func (in *Intent) refused(err error) error {
	var rejected *provision.RejectedError
	var field *FieldError
	if err == nil || errors.As(err, &rejected) || errors.As(err, &field) || open(err) ||
		errors.Is(err, provision.ErrAuth) || errors.Is(err, provision.ErrUnreachable) || errors.Is(err, provision.ErrStale) {
		return in.masked(err)
	}
	return &provision.RejectedError{Message: in.redactor().String(err.Error())}
}

// open tells that it is not known whether a call that ended with err took
// effect.
func open(err error) bool {
	return errors.Is(err, provision.ErrConnectionLost) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// String is a secret macro's name: no format may print its value.
func (s Secret) String() string { return s.Name }

// GoString is String, for %#v.
func (s Secret) GoString() string { return s.Name }

// deref is what p points to; the zero value for nil.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
