package netbox

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"
)

// Note implements [inventory.Writer]: an entry in the object's journal.
func (s *Source) Note(ctx context.Context, o inventory.Object, text string) error {
	id, err := strconv.Atoi(o.ID)
	if err != nil {
		return fmt.Errorf("%s: %q is not the id of a %s", s.api.Where(), o.ID, o.Kind)
	}
	return s.api.call(ctx, webapi.Request{
		Method: http.MethodPost, Path: "extras/journal-entries/", Needs: "add on extras.journalentry",
		Body: map[string]any{"assigned_object_type": model(o.Kind), "assigned_object_id": id, "kind": "info", "comments": text},
	}, nil)
}

// SetCustomField implements [inventory.Writer]. A value that is there already is
// not written: a change that changes nothing would start hooks as well. A text
// of digits serves a field of numbers too.
func (s *Source) SetCustomField(ctx context.Context, o inventory.Object, field string, value any) error {
	path := place(o.Kind) + o.ID + "/"
	var now record
	r := webapi.Request{Method: http.MethodGet, Path: path + "?fields=id,custom_fields", Needs: "view on " + model(o.Kind)}
	if err := s.api.call(ctx, r, &now); err != nil {
		return err
	}
	have, ok := now.Custom[field]
	switch {
	case !ok:
		return fmt.Errorf("%s: %ss have no custom field %q: make one, or give its name as it is there", s.api.Where(), o.Kind, field)
	case have != nil && fmt.Sprint(plainField(have)) == fmt.Sprint(value), have == nil && value == nil:
		return nil
	}
	return webapi.OrNumber(value, func(value any) error {
		return s.api.call(ctx, webapi.Request{
			Method: http.MethodPatch, Path: path, Needs: "change on " + model(o.Kind),
			Body: map[string]any{"custom_fields": map[string]any{field: value}},
		}, nil)
	})
}
