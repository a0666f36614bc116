package nautobot

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"
)

// Note implements [inventory.Writer]: a note of the object.
func (s *Source) Note(ctx context.Context, o inventory.Object, text string) error {
	err := s.api.Call(ctx, webapi.Request{
		Method: http.MethodPost, Path: place(o.Kind) + url.PathEscape(o.ID) + "/notes/",
		Needs: "extras.add_note, and " + permission("view", o.Kind), Body: map[string]any{"note": text},
	}, nil)
	return about(o, err)
}

// SetCustomField implements [inventory.Writer]. A value that is there already is
// not written: a change that changes nothing would start hooks as well. Nautobot
// takes unknown fields without a word, so they are looked for first. A text of
// digits serves a field of numbers too.
func (s *Source) SetCustomField(ctx context.Context, o inventory.Object, field string, value any) error {
	path := place(o.Kind) + url.PathEscape(o.ID) + "/"
	var now struct {
		Fields map[string]any `json:"custom_fields"`
	}
	if err := s.api.Get(ctx, path+"?depth=0", permission("view", o.Kind), &now); err != nil {
		return about(o, err)
	}
	have, ok := now.Fields[field]
	switch {
	case !ok:
		return fmt.Errorf("%s: %ss have no custom field %q: make one, or give its key as it is there", s.api.Where(), o.Kind, field)
	case have != nil && fmt.Sprint(have) == fmt.Sprint(value), have == nil && value == nil:
		return nil
	}
	err := webapi.OrNumber(value, func(value any) error {
		return s.api.Call(ctx, webapi.Request{
			Method: http.MethodPatch, Path: path, Needs: permission("change", o.Kind),
			Body: map[string]any{"custom_fields": map[string]any{field: value}},
		}, nil)
	})
	return about(o, err)
}

// about says which object an error is about.
func about(o inventory.Object, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %q: %w", o.Kind, o.Name, err)
}
