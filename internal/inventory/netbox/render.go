package netbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"
)

// templateKey is what NetBox calls the template to render.
const templateKey = "config_template_id"

// Config implements [inventory.Source]: the config template of the object, its
// role or its platform, rendered by NetBox; nil if there is none.
func (s *Source) Config(ctx context.Context, o inventory.Object, intent inventory.Intent) ([]byte, error) {
	body, err := renderBody(intent)
	if err != nil {
		return nil, fmt.Errorf("the intended configuration of %s: %w", o.Name, err)
	}
	if _, err := strconv.Atoi(o.ID); err != nil {
		return nil, fmt.Errorf("%s: %q is not the id of a %s", s.api.Where(), o.ID, o.Kind)
	}
	leave, err := s.wait(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var answer struct {
		Content *string `json:"content"`
	}
	r := webapi.Request{
		Method: http.MethodPost, Path: place(o.Kind) + o.ID + "/render-config/", Body: body, Reads: true, WriteToken: true,
		Needs: renderPermission(s.api.Known(), model(o.Kind)),
	}
	err = s.api.call(ctx, r, &answer)
	refused := webapi.AsError(err)
	switch {
	case refused != nil:
		return nil, s.notRendered(ctx, o, intent, refused)
	case err != nil:
		return nil, err
	case answer.Content == nil:
		return nil, s.api.Unusual(r, "", "the answer has no content: is url the address of NetBox, without /api?")
	}
	return []byte(*answer.Content), nil
}

// renderBody is what NetBox is told about a rendering.
func renderBody(intent inventory.Intent) (map[string]any, error) {
	switch {
	case intent.From == inventory.FromStored:
		return nil, errors.New("NetBox stores no configurations, it renders them: leave out from = \"stored\"")
	case intent.Branch != "":
		return nil, errors.New("NetBox has no repository whose branch could be rendered: leave out branch; " +
			"a branch of NetBox itself is chosen by a header of the provider's netbox block, headers = { \"X-NetBox-Branch\" = ... }")
	}
	body := map[string]any{}
	maps.Copy(body, intent.Variables)
	if _, ok := body[templateKey]; ok {
		return nil, fmt.Errorf("a variable cannot be called %s, which is how NetBox is told the template", templateKey)
	}
	if intent.Template != "" {
		id, err := strconv.Atoi(intent.Template)
		if err != nil || id <= 0 {
			return nil, fmt.Errorf("%q is not the id of a config template of NetBox: the number in the address of its page", intent.Template)
		}
		body[templateKey] = id
	}
	return body, nil
}

// notRendered is what an answer other than a configuration means: nil if the
// object has no template.
func (s *Source) notRendered(ctx context.Context, o inventory.Object, intent inventory.Intent, e *webapi.Error) error {
	if e.Status == http.StatusBadRequest && intent.Template == "" && strings.Contains(e.Detail, "No config template found") {
		return nil
	}
	switch {
	case e.Foreign || e.Token: // says enough
	case e.Status == http.StatusBadRequest && intent.Template != "":
		e.Reason = "is " + intent.Template + " the id of a config template, and may the token's user view it (view on extras.configtemplate)?"
	case e.Status == http.StatusNotFound && s.visible(ctx, o): // without the permission NetBox answers as if it were not there
		e.Reason = fmt.Sprintf("the %s is there, but the token's user lacks the permission %s", o.Kind, renderPermission(s.api.Known(), model(o.Kind)))
	case e.Status == http.StatusNotFound:
		e.Reason = "it is not there any more, or the token's user lacks the permission view on " + model(o.Kind)
	case e.Status == http.StatusInternalServerError:
		e.Reason = "the config template cannot be rendered: mend the template, or the data that it uses"
		if !strings.Contains(e.Detail, "line ") {
			e.Reason += "; with debug switched on, the config template says the line"
		}
	}
	return fmt.Errorf("the intended configuration of %s (%s): %w", o.Name, o.URL, e)
}

// visible tells whether an object can be seen.
func (s *Source) visible(ctx context.Context, o inventory.Object) bool {
	query := url.Values{"fields": {"id"}}
	err := s.api.call(ctx, webapi.Request{Method: http.MethodGet, Path: place(o.Kind) + o.ID + "/?" + query.Encode()}, nil)
	return err == nil
}
