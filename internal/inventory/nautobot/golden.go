package nautobot

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"
)

// goldenConfig is where the app Golden Config is, below /api.
const goldenConfig = "plugins/golden-config/"

// viewGoldenConfig is the permission to read what Golden Config has stored.
const viewGoldenConfig = "nautobot_golden_config.view_goldenconfig"

// Config implements [inventory.Source]: what Golden Config has stored, or renders
// now. Virtual machines have none.
func (s *Source) Config(ctx context.Context, o inventory.Object, intent inventory.Intent) ([]byte, error) {
	rendered := intent.From == inventory.FromRendered
	switch {
	case intent.Template != "" || len(intent.Variables) > 0:
		return nil, fmt.Errorf("%s: Golden Config chooses the template itself and takes no variables: leave template and variables out", s.api.Where())
	case !rendered && intent.From != "" && intent.From != inventory.FromStored:
		return nil, fmt.Errorf("%s: %q is not where an intended configuration comes from: %s or %s", s.api.Where(), intent.From, inventory.FromStored, inventory.FromRendered)
	case !rendered && intent.Branch != "":
		return nil, fmt.Errorf("%s: what is stored is of the branch that Golden Config has chosen: set from = %q to render branch %q", s.api.Where(), inventory.FromRendered, intent.Branch)
	case o.Kind == inventory.VirtualMachine && rendered:
		return nil, fmt.Errorf("%s: Golden Config renders the configurations of devices, not of virtual machine %q", s.api.Where(), o.Name)
	case o.Kind == inventory.VirtualMachine:
		return nil, nil
	case rendered:
		return s.render(ctx, o, intent.Branch)
	}
	return s.stored(ctx, o, intent.Secret)
}

// goldenRow is what Golden Config has stored of a device.
type goldenRow struct {
	Config  string     `json:"intended_config"`
	Attempt *time.Time `json:"intended_last_attempt_date"`
	Success *time.Time `json:"intended_last_success_date"`
}

// stored is what the last run of the intended job has stored; nil if it never
// had anything to do with the device.
func (s *Source) stored(ctx context.Context, o inventory.Object, tell func(inventory.Secret)) ([]byte, error) {
	row, err := s.row(ctx, o)
	if err != nil || row == nil {
		return nil, err
	}
	if err := s.checkRun(o, row); err != nil {
		return nil, err
	}
	text, _, err := s.postprocessed(ctx, o, row.Config)
	if err != nil {
		return nil, err
	}
	if tell != nil {
		tell(filledIn(row.Config, text))
	}
	return ended(text), nil
}

// row asks what is stored of a device; nil if the intended job never had anything
// to do with it.
func (s *Source) row(ctx context.Context, o inventory.Object) (*goldenRow, error) {
	var page struct{ Results *[]goldenRow }
	path := goldenConfig + "golden-config/?depth=0&device=" + url.QueryEscape(o.ID)
	err := s.api.Get(ctx, path, viewGoldenConfig, &page)
	if e := webapi.AsError(err); e != nil && e.Status == http.StatusBadRequest {
		return nil, fmt.Errorf("%s %q is %w %s any more: %w", o.Kind, o.Name, inventory.ErrNotFound, s.api.Where(), err)
	}
	if err != nil {
		return nil, fmt.Errorf("the stored intended configuration of %q: %w", o.Name, err)
	}
	if page.Results == nil {
		return nil, s.api.Unusual(webapi.Request{Method: http.MethodGet, Path: path}, "", "the answer is no list of Golden Config's")
	}
	if len(*page.Results) == 0 {
		return nil, nil
	}
	row := &(*page.Results)[0]
	if row.Attempt == nil && row.Success == nil {
		return nil, nil
	}
	return row, nil
}

// checkRun is an error if the last run of the intended job failed.
func (s *Source) checkRun(o inventory.Object, row *goldenRow) error {
	if row.Success == nil {
		return fmt.Errorf("%s: the intended configuration of %q could not be rendered, and never could (last tried %s): see the last intended job of Golden Config, and run it again",
			s.api.Where(), o.Name, row.Attempt.Format(time.RFC3339))
	}
	if row.Attempt != nil && row.Attempt.After(*row.Success) {
		return fmt.Errorf("%s: the intended configuration of %q is stale: it is of %s, and rendering it failed at %s: see the last intended job of Golden Config, and run it again",
			s.api.Where(), o.Name, row.Success.Format(time.RFC3339), row.Attempt.Format(time.RFC3339))
	}
	return nil
}

// ended gives the last line its end, which Jinja drops.
func ended(text string) []byte {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return []byte(text)
}

// What config-postprocessing says in place of a configuration, with status 200.
const (
	notEnabled   = "Generation of intended configurations postprocessing it is not enabled"
	notAvailable = "No intended configuration is available."
	jinjaFailed  = "Found an error rendering the configuration to push:"
	jinjaUnknown = "Jinja encountered an TemplateAssertionError:"
)

// postprocessed is what Golden Config makes of what it has stored, secrets filled
// in; the same text if it is not to do that. What was filled in is a secret, see
// filledIn.
func (s *Source) postprocessed(ctx context.Context, o inventory.Object, stored string) (text string, enabled bool, err error) {
	if stored == "" {
		return "", true, nil
	}
	var answer struct{ Config *string }
	path := goldenConfig + "config-postprocessing/" + url.PathEscape(o.ID) + "/"
	if err := s.api.Get(ctx, path, viewGoldenConfig, &answer); err != nil {
		return "", true, fmt.Errorf("postprocessing the intended configuration of %q: %w", o.Name, err)
	}
	if answer.Config == nil {
		return "", true, s.api.Unusual(webapi.Request{Method: http.MethodGet, Path: path}, "", "the answer holds no configuration")
	}
	text = *answer.Config
	switch {
	case strings.HasPrefix(text, notEnabled):
		return stored, false, nil
	case strings.HasPrefix(text, notAvailable), strings.HasPrefix(text, jinjaFailed), strings.HasPrefix(text, jinjaUnknown):
		return "", true, fmt.Errorf("%s: postprocessing the intended configuration of %q: %s", s.api.Where(), o.Name, webapi.OneLine(s.api.Redact(text), 500))
	}
	if prose := refusedSecret(text, stored); prose != "" {
		return "", true, fmt.Errorf("%s: postprocessing the intended configuration of %q: %s (the token's user needs the permission extras.view_secretsgroup, and the secrets group must be there)",
			s.api.Where(), o.Name, prose)
	}
	text, ok := unescaped(text, stored)
	if !ok {
		return "", true, fmt.Errorf("%s: postprocessing the intended configuration of %q escaped values as for HTML (&amp;amp; and the like), and the configuration itself holds such as well: which are which cannot be told", s.api.Where(), o.Name)
	}
	return text, true, nil
}

// secretProse is what stands in a configuration in place of a secret that Golden
// Config could not get.
var secretProse = regexp.MustCompile(`You have no permission to read this secret [^\n]*\.|\S[^\n]* doesn(?:'|&#39;)t exist\.`)

// refusedSecret is what is said in place of a secret, if the stored text does not
// say it too.
func refusedSecret(text, stored string) string {
	for _, said := range secretProse.FindAllString(text, -1) {
		if !strings.Contains(stored, said) {
			// Only the sentence: what stands before it is configuration.
			if i := strings.Index(said, "You have no permission"); i >= 0 {
				return said[i:]
			}
			return "a secrets group doesn't exist"
		}
	}
	return ""
}

// entities are what Jinja's escaping makes of these.
func entities() []string {
	return []string{"&amp;", "&", "&lt;", "<", "&gt;", ">", "&#39;", "'", "&#34;", `"`}
}

// unescaped takes back the escaping that Golden Config does to the values it fills
// in (its Jinja environment has autoescape on), not to the text around them. That
// works if the text has no such signs itself, and no value is marked as safe.
func unescaped(text, stored string) (string, bool) {
	holds := func(s string) bool {
		for i := 0; i < len(entities()); i += 2 {
			if strings.Contains(s, entities()[i]) {
				return true
			}
		}
		return false
	}
	if !holds(text) || text == stored || text+"\n" == stored {
		return text, true
	}
	if holds(stored) || safeFilter.MatchString(stored) {
		return "", false
	}
	return strings.NewReplacer(entities()...).Replace(text), true
}

// safeFilter is a value that is not escaped.
var safeFilter = regexp.MustCompile(`\|\s*(safe|tojson)\b`)

// syncFailed is what Golden Config answers when two requests sync a repository.
const syncFailed = "Error trying to sync git repository"

// How often, and after which pause, that is tried again: somebody else may be
// rendering too.
const (
	syncAttempts = 5
	syncPause    = time.Second
)

// rendering is the answer of generate-intended-config.
type rendering struct {
	Config *string        `json:"intended_config"`
	Data   map[string]any `json:"graphql_data"`
}

// render has Golden Config render the configuration now, one at a time.
func (s *Source) render(ctx context.Context, o inventory.Object, branch string) ([]byte, error) {
	select {
	case s.rendering <- struct{}{}:
		defer func() { <-s.rendering }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	var got rendering
	path := goldenConfig + "generate-intended-config/?device_id=" + url.QueryEscape(o.ID)
	if branch != "" {
		path += "&branch=" + url.QueryEscape(branch)
	}
	if err := s.generate(ctx, path, &got); err != nil {
		return nil, s.notRendered(o, branch, err)
	}
	if got.Config == nil || got.Data == nil {
		return nil, s.api.Unusual(webapi.Request{Method: http.MethodGet, Path: path}, "", "the answer holds no configuration with the data that it was made of")
	}
	if err := s.sawAll(ctx, o, got.Data); err != nil {
		return nil, err
	}
	if strings.Contains(*got.Config, "{{") || strings.Contains(*got.Config, "{%") {
		if err := s.leftover(ctx, o); err != nil {
			return nil, err
		}
	}
	return ended(*got.Config), nil
}

// generate asks for a rendering, again when the repository could not be synced.
func (s *Source) generate(ctx context.Context, path string, into *rendering) error {
	for attempt := 1; ; attempt++ {
		err := s.api.Get(ctx, path, permission("view", inventory.Device), into)
		e := webapi.AsError(err)
		if e == nil || !strings.Contains(e.Detail, syncFailed) || attempt == syncAttempts {
			return err
		}
		select {
		case <-time.After(time.Duration(attempt) * syncPause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// notRendered says why there is no rendering.
func (s *Source) notRendered(o inventory.Object, branch string, err error) error {
	what := fmt.Sprintf("rendering the intended configuration of %q", o.Name)
	if branch != "" {
		what += fmt.Sprintf(" from branch %q", branch)
	}
	e := webapi.AsError(err)
	if e == nil || e.Status != http.StatusBadRequest {
		return fmt.Errorf("%s: %w", what, err)
	}
	why := ""
	switch {
	case strings.Contains(e.Detail, "not found in upstream"), strings.Contains(e.Detail, "Could not find remote branch"):
		return fmt.Errorf("%s: %s: the repository of templates has no such branch", what, s.api.Where())
	case strings.Contains(e.Detail, "No Golden Config settings found"):
		why = "the device is in the scope of none of Golden Config's settings: add it to the dynamic group of one"
	case strings.HasPrefix(e.Detail, "Device with id"):
		return fmt.Errorf("%s: %w %s any more, or the token's user lacks the permission %s: %w", what, inventory.ErrNotFound, s.api.Where(), permission("view", o.Kind), err)
	case strings.Contains(e.Detail, syncFailed):
		why = "somebody else renders from this repository all the time, or Nautobot cannot reach it: its own log says why"
	case strings.Contains(e.Detail, "Error rendering Jinja template"):
		why = "the template, or the data of the device, is wrong; Nautobot says which line only in its own log and in the result of the intended job: run that job for the device, or the template in Nautobot's own renderer of templates"
	}
	if why == "" {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w: %s", what, err, why)
}

// leftover is an error if what is left to be filled in would be by Golden Config,
// which it does only to what is stored.
func (s *Source) leftover(ctx context.Context, o inventory.Object) error {
	_, enabled, err := s.postprocessed(ctx, o, "something")
	if !enabled && err == nil {
		return nil
	}
	return fmt.Errorf("%s: the rendering of %q leaves something ({{ or {%%) to Golden Config's postprocessing, which works on what is stored: use from = %q", s.api.Where(), o.Name, inventory.FromStored)
}
