package client

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// WriteBack is what an apply writes back to the source of truth; the zero value
// is nothing.
type WriteBack struct {
	// Journal adds an entry to the object's journal or notes.
	Journal bool
	// ZabbixHostID names the custom field that gets the hostid; empty for none.
	ZabbixHostID string
}

// Limits of writing back: it must not hold up an apply, and a journal is no
// archive.
const (
	writeBackTimeout = 30 * time.Second
	maxNote          = 20_000 // bytes
)

// Notes are sentences for the user, from those who have no run of their own. It
// is safe for concurrent use.
type Notes struct {
	mu   sync.Mutex
	list []string
}

// NewNotes makes an empty list.
func NewNotes() *Notes { return &Notes{} }

// Add adds a sentence.
func (n *Notes) Add(sentence string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, sentence)
}

// take gives the sentences that nobody has taken yet.
func (n *Notes) take() []string {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.list
	n.list = nil
	return list
}

// noted is what a journal says of a run.
type noted struct {
	res    provision.Result
	failed error
	about  string // see Job.About
}

// journal notes in the source of truth what a run did to an object. What cannot
// be noted is a warning: the work is done all the same.
func (c *Client) journal(ctx context.Context, o *inventory.Object, n noted, redact *secret.Redactor) []string {
	if !c.cfg.WriteBack.Journal || o == nil || n.res.Outcome == provision.OutcomeNoChange {
		return nil
	}
	return c.write(ctx, o, "its journal", func(ctx context.Context, w inventory.Writer) error {
		return w.Note(ctx, *o, redact.String(entry(c.cfg.Run.In(ctx), n)))
	})
}

// WriteHostID writes a hostid to the custom field of the object that has it, if the
// provider is to, unless it is there already: a change that changes nothing would
// start hooks. What cannot be written is a warning.
func (c *Client) WriteHostID(ctx context.Context, o *inventory.Object, id string) []string {
	field := c.cfg.WriteBack.ZabbixHostID
	if field == "" || o == nil || id == "" {
		return nil
	}
	have, ok := o.CustomFields[field]
	if ok && have != nil && plain(have) == id {
		return nil
	}
	return c.write(ctx, o, "its custom field "+field, func(ctx context.Context, w inventory.Writer) error {
		return w.SetCustomField(ctx, *o, field, id)
	})
}

// plain is a number or a text of a custom field as text.
func plain(v any) string {
	if f, ok := v.(float64); ok {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprint(v)
}

// write writes something back, and says in a warning when that failed.
func (c *Client) write(ctx context.Context, o *inventory.Object, what string, f func(context.Context, inventory.Writer) error) []string {
	w, ok := c.cfg.Inventory.(inventory.Writer)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeBackTimeout)
	defer cancel()
	if err := f(ctx, w); err != nil {
		return []string{fmt.Sprintf("%s: writing back to %s at %s failed: %v. What was applied is not affected.", o.Name, what, o.URL, err)}
	}
	return nil
}

// entry is the text of a journal entry, in Markdown.
func entry(run eventlog.Run, n noted) string {
	var text strings.Builder
	fmt.Fprintf(&text, "Terraform run `%s`, by %s (%s): **%s**.\n", run.ID, run.Actor, run.Trigger, n.res.Outcome)
	if n.about != "" {
		fmt.Fprintf(&text, "\n%s.\n", n.about)
	}
	if n.failed != nil {
		fmt.Fprintf(&text, "\n%s\n", n.failed)
	}
	if !n.res.Diff.Empty() {
		diff := n.res.Diff.String()
		if len(diff) > maxNote {
			cut := maxNote
			for cut > 0 && !utf8.RuneStart(diff[cut]) {
				cut--
			}
			diff = diff[:cut] + "\n(cut: the whole is in the events)"
		}
		marks := fence(diff)
		fmt.Fprintf(&text, "\n%sdiff\n%s\n%s\n", marks, strings.TrimSuffix(diff, "\n"), marks)
	}
	return text.String()
}

// fence is what stands around a text in Markdown: more backticks than it has in
// a row itself.
func fence(text string) string {
	marks := "```"
	for strings.Contains(text, marks) {
		marks += "`"
	}
	return marks
}
