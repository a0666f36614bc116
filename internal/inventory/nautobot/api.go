package nautobot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// product is what is particular to Nautobot.
func product() webapi.Product {
	return webapi.Product{
		Name: "Nautobot", Oldest: oldest(), Newest: newest(),
		TokenAdvice: "is it right, not expired, and its user active?",
		TokenWords:  []string{"token", "credentials", "inactive"},
		Advice: func(r webapi.Request, status int) string {
			if status == http.StatusNotFound && strings.HasPrefix(r.Path, goldenConfig) {
				return "is the app Golden Config installed there, and url the address of Nautobot, without /api?"
			}
			return ""
		},
	}
}

// api makes requests to Nautobot.
type api struct{ *webapi.Client }

// newAPI makes one; it connects to nothing.
func newAPI(cfg Config) (*api, error) {
	client, err := webapi.New(product(), webapi.Config{
		URL: cfg.URL, HTTP: cfg.HTTP, Warn: cfg.Warn,
		// The version of the API stays that of the server: only fields that all have are used.
		Header: http.Header{"Authorization": {"Token " + cfg.Token}},
		// Git's messages name repositories, with the login in their address.
		Redact: (&secret.Redactor{}).With(regexp.MustCompile(`://([^/@\s]+)@`)).WithWords(cfg.Token),
	})
	return &api{client}, err
}

// ask is a question in GraphQL.
func ask(query string, variables map[string]any) webapi.Request {
	body := map[string]any{"query": query}
	if variables != nil {
		body["variables"] = variables
	}
	return webapi.Request{Method: http.MethodPost, Path: "graphql/", Reads: true, Body: body}
}

// graphql asks a question in GraphQL. What is asked for is for errors.
func (a *api) graphql(ctx context.Context, what, query string, variables map[string]any, into any) error {
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	r := ask(query, variables)
	err := a.Call(ctx, r, &answer)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if len(answer.Errors) > 0 {
		return fmt.Errorf("%s: %w", what, a.Unusual(r, answer.Errors[0].Message, "this Nautobot does not know the question: which version is it?"))
	}
	if err := webapi.Decode(answer.Data, into); err != nil || string(answer.Data) == "null" {
		return fmt.Errorf("%s: %w", what, a.Unusual(r, "", "the answer holds no data of GraphQL: is url the address of Nautobot, without /api?"))
	}
	return nil
}

// version asks for the version, once.
func (a *api) version(ctx context.Context) (webapi.Version, error) { return a.Version(ctx, a.told) }

// told is the version as each answer of the API has it in a header. The page of
// the status has it too, and takes a second: it looks for workers. It is asked
// when something on the way took the header out.
func (a *api) told(ctx context.Context) (string, error) {
	resp, err := a.Exchange(ctx, ask("{__typename}", nil))
	if err != nil {
		return "", err
	}
	if text := resp.Header.Get("API-Version"); text != "" {
		return text, nil
	}
	var status struct {
		Version string `json:"nautobot-version"`
	}
	r := webapi.Request{Method: http.MethodGet, Path: "status/", Needs: "to log in"}
	if err := a.Call(ctx, r, &status); err != nil {
		return "", err
	}
	if status.Version == "" {
		return "", a.Unusual(r, "", "nothing tells the version of Nautobot: is url the address of Nautobot, without /api?")
	}
	return status.Version, nil
}
