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

// graphql asks a question in GraphQL. What is asked for is for errors.
func (a *api) graphql(ctx context.Context, what, query string, variables map[string]any, into any) error {
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	r := webapi.Request{
		Method: http.MethodPost, Path: "graphql/", Reads: true,
		Body: map[string]any{"query": query, "variables": variables},
	}
	if err := a.Call(ctx, r, &answer); err != nil {
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

// version is the version as the answers tell it.
func (a *api) version(ctx context.Context) (webapi.Version, error) { return a.Version(ctx, a.status) }

// status asks for the version, when no answer tells it; this takes a second, since
// Nautobot looks for its workers.
func (a *api) status(ctx context.Context) (string, error) {
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

// inVersion asks a question in the words of the version, which it is asked in
// before anybody knows it: those of the newest. It is asked again if the answer
// tells that it was the wrong one.
func (a *api) inVersion(ctx context.Context, ask func(webapi.Version) error) error {
	guess := a.Known()
	err := ask(guess)
	if err != nil && a.Heard() == "" {
		return err
	}
	v, failed := a.version(ctx)
	switch {
	case failed != nil:
		return failed
	case err != nil && cluster(v) != cluster(guess):
		return ask(v)
	}
	return err
}
