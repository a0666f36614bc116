package netbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// Note implements [inventory.Writer]: an entry in the object's journal.
func (s *Source) Note(ctx context.Context, o inventory.Object, text string) error {
	id, err := strconv.Atoi(o.ID)
	if err != nil {
		return fmt.Errorf("NetBox %s: %q is not the id of a %s", s.api.base, o.ID, o.Kind)
	}
	return s.api.call(ctx, request{
		method: http.MethodPost, path: "extras/journal-entries/", needs: "add on extras.journalentry",
		body: map[string]any{"assigned_object_type": model(o.Kind), "assigned_object_id": id, "kind": "info", "comments": text},
	}, nil)
}

// SetCustomField implements [inventory.Writer]. A value that is there already is
// not written: a change that changes nothing would start hooks as well. A text
// of digits serves a field of numbers too.
func (s *Source) SetCustomField(ctx context.Context, o inventory.Object, field string, value any) error {
	path := place(o.Kind) + o.ID + "/"
	var now record
	r := request{method: http.MethodGet, path: path + "?fields=id,custom_fields", needs: "view on " + model(o.Kind)}
	if err := s.api.call(ctx, r, &now); err != nil {
		return err
	}
	have, ok := now.Custom[field]
	switch {
	case !ok:
		return fmt.Errorf("NetBox %s: %ss have no custom field %q: make one, or give its name as it is there", s.api.base, o.Kind, field)
	case have != nil && fmt.Sprint(plainField(have)) == fmt.Sprint(value), have == nil && value == nil:
		return nil
	}
	set := func(value any) error {
		return s.api.call(ctx, request{
			method: http.MethodPatch, path: path, needs: "change on " + model(o.Kind),
			body: map[string]any{"custom_fields": map[string]any{field: value}},
		}, nil)
	}
	err := set(value)
	text, isText := value.(string)
	var refused *Error
	if isText && errors.As(err, &refused) && refused.Status == http.StatusBadRequest {
		if n, notNumber := strconv.ParseInt(text, 10, 64); notNumber == nil && set(n) == nil {
			return nil
		}
	}
	return err
}
