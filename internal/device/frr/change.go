package frr

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// change is what a router would do about an intent. Nothing of it is on the
// router: what Stage uploads is gone when Stage returns.
type change struct {
	session *session
	intent  provision.Intent
	text    []byte // of the intent, as uploaded
	replace bool
	before  *observed
	diff    provision.Diff
	edits   []edit
	unsaved bool
	// password tells that a replace takes the password of the terminals away,
	// which frr-reload.py does not.
	password bool
}

var _ provision.Change = (*change)(nil)

// Stage implements provision.Session. When the router's own text shows that
// there is nothing to do it is not asked any further; else the difference is
// the router's: of "frr-reload.py --test".
func (s *session) Stage(ctx context.Context, intent provision.Intent, opts provision.StageOptions) (provision.Change, error) {
	config, ok := intent.(device.Config)
	if !ok {
		return nil, fmt.Errorf("stage: an intent of type %T is no configuration", intent)
	}
	if err := (Driver{}).CheckConfig(config.Text); err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	c := &change{session: s, intent: intent, text: normal(config.Text), replace: opts.Replace}
	o, err := s.observe(ctx, forStage)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	wanted := parse(string(c.text))
	c.before = o
	if !nothingToDo(wanted, o.entries, opts.Replace) && (opts.Verify || !c.recall()) {
		if err := c.ask(ctx); err != nil {
			return nil, fmt.Errorf("stage: %w", err)
		}
	}
	c.finish(wanted)
	return c, nil
}

// nothingToDo tells that the running configuration is, line for line, what is
// wanted. It may be wrong only in the other direction.
func nothingToDo(wanted, running []entry, replace bool) bool {
	have := setOf(running)
	for _, e := range wanted {
		if !have[e] && !fixed(e) {
			return false
		}
	}
	return !replace || digest(withoutFixed(wanted)) == digest(withoutFixed(running))
}

// ask uploads what runs and the intent, and has the intent checked and compared
// with it, all in one command.
func (c *change) ask(ctx context.Context) error {
	s := c.session
	s.last = nil
	mode := map[bool]string{false: "merge", true: "replace"}[c.replace]
	running := listed(c.before.running)
	a, err := s.call(ctx, "stage", io.MultiReader(strings.NewReader(running), bytes.NewReader(c.text)),
		mode, sha(running, string(c.text)), strconv.Itoa(len(running)))
	if err != nil {
		return err
	}
	if a.code("checkrc") != 0 {
		check, _ := a.get("check")
		return s.rejection(string(check.body), c.text, a.stderr)
	}
	test, _ := a.get("test")
	if a.code("testrc") != 0 {
		return fmt.Errorf("frr-reload.py --test failed: %s", s.redact.String(strings.TrimSpace(string(test.body))))
	}
	t := parseTest(string(test.body))
	c.diff.By = provision.ByDevice
	if c.replace {
		c.edits = replaceEdits(t, c.before.entries)
		if stays := staysBehind(parse(string(c.text)), c.before.entries); len(stays) > 0 {
			c.edits = append(c.edits, stays...)
			c.diff.By = provision.ByClient
			c.password = true
		}
	} else {
		var exact bool
		if c.edits, exact = mergeEdits(t.add, c.before.entries); !exact {
			c.diff.By = provision.ByClient
		}
	}
	c.diff.Hunks = slices.Clip(hunks(c.edits, s.redact))
	s.told = &told{question: c.question(), edits: slices.Clip(c.edits), diff: c.diff, password: c.password}
	return nil
}

// told is what the router last answered in this session: its difference, by
// what it follows from.
type told struct {
	question string
	edits    []edit
	diff     provision.Diff
	password bool
}

// question is what the router's difference follows from: the intent, how it is
// meant, and what is running, all to the letter.
func (c *change) question() string {
	return fmt.Sprintf("%t %s %s", c.replace, sha(string(c.text)), sha(c.before.running))
}

// recall takes over what the router has said to the very same question. An
// apply works the plan out again and then asks once more, under the lock: what
// is running is read anew for that (and held against the router's once more by
// the commit), and only if it has changed must the router compare again.
func (c *change) recall() bool {
	t := c.session.told
	if t == nil || t.question != c.question() {
		return false
	}
	c.edits, c.diff, c.password = t.edits, t.diff, t.password
	return true
}

// finish works out what follows from the difference.
func (c *change) finish(wanted []entry) {
	if c.diff.By == "" {
		c.diff.By = provision.ByClient
	}
	if !c.replace {
		c.diff.Unmanaged = unmanaged(wanted, c.before.entries, c.edits)
	}
	c.unsaved = c.before.startup && c.notSaved(wanted)
	// Nobody asks for startup again; the look itself may still serve others.
	before := *c.before
	before.saved = nil
	c.before = &before
}

// unmanaged counts the running lines that the intent does not name and the
// merge leaves alone.
func unmanaged(wanted, running []entry, edits []edit) int {
	named := setOf(wanted)
	for _, e := range edits {
		named[e.entry] = true
	}
	n := 0
	for _, e := range running {
		if !named[e] && !fixed(e) {
			n++
		}
	}
	return n
}

// notSaved tells that startup lacks what the intent asks for.
func (c *change) notSaved(wanted []entry) bool {
	if c.replace {
		goal := c.before.entries
		if !c.diff.Empty() {
			goal = wanted
		}
		return digest(withoutFixed(goal)) != digest(withoutFixed(c.before.saved))
	}
	have, saved := setOf(c.before.entries), setOf(c.before.saved)
	var m *merger
	for _, e := range wanted {
		if fixed(e) || saved[e] {
			continue
		}
		// A line that running does not show either is one that FRR does not
		// show, or part of a change that is still to come.
		if have[e] || !c.diff.Empty() {
			return true
		}
		if m == nil {
			m = newMerger(c.before.saved)
		}
		if !m.satisfied(e) && isRemoval(e) {
			return true
		}
	}
	return false
}

func isRemoval(e entry) bool {
	_, no := unNo(e)
	return no
}

// Before implements provision.Change.
func (c *change) Before() provision.Snapshot { return c.before.snapshot() }

// Diff implements provision.Change.
func (c *change) Diff() provision.Diff { return c.diff }

// Unsaved implements provision.Change.
func (c *change) Unsaved() bool { return c.unsaved }

// Discard implements provision.Change; there is nothing to take back.
func (c *change) Discard(context.Context) error { return nil }

// Commit implements provision.Change. The restore timer runs on the router
// before the first change; the window is rounded up to whole seconds. The lock
// does not keep out Confirm and stays. Under a lock the router makes the change only
// while that very lock is held: a command that starts late, when its connection has
// broken and others have looked already, does nothing. ErrStale: nothing was changed,
// because running is not what the change started from any more.
func (c *change) Commit(ctx context.Context, opts provision.CommitOptions) (*provision.Pending, error) {
	s := c.session
	s.last = nil
	seconds := int64((opts.Window + time.Second - 1) / time.Second)
	id, holder := oneLine(opts.ID), oneLine(opts.Holder)
	mode, text := "replace", c.text
	switch {
	case !c.replace:
		mode, text = "merge", effective(c.text, c.before.entries)
	case c.password:
		mode = "replace-password"
	}
	lock := ""
	if s.held != nil {
		lock = s.held.mark
	}
	a, err := s.call(ctx, "commit", bytes.NewReader(text), mode, sha(string(text)), sha(c.before.running),
		strconv.FormatInt(max(seconds, 1), 10), id, holder, lean(undoScript), lock)
	p := armed(a, id, holder)
	if err != nil {
		return p, fmt.Errorf("commit: %w", err)
	}
	out, _ := a.get("output")
	if text := string(out.body); a.code("outputrc") != 0 || failed(text) {
		return p, fmt.Errorf("commit: %w", s.rejection(text, c.counted(), a.stderr))
	}
	return p, nil
}

// armed is the pending commit that an answer tells, however the answer went on:
// the change begins right after this section. Nil if it did not come that far.
func armed(a answer, id, holder string) *provision.Pending {
	if _, ok := a.get("output"); !ok {
		return nil
	}
	p := &provision.Pending{ID: id, Holder: holder}
	times := a.values("armed")
	now, err1 := strconv.ParseInt(first(times, "now"), 10, 64)
	until, err2 := strconv.ParseInt(first(times, "deadline"), 10, 64)
	if err1 == nil && err2 == nil {
		p.Deadline = time.Now().Add(time.Duration(until-now) * time.Second)
	}
	return p
}

// counted is the intent if the line numbers in what the router said are its
// own; frr-reload.py counts the lines of a file that it made itself.
func (c *change) counted() []byte {
	if c.replace {
		return nil
	}
	return c.text
}

// failed tells whether the output of a commit holds an error: vtysh may end
// with 0 after one.
func failed(output string) bool {
	return complaint.MatchString(output)
}

var complaint = regexp.MustCompile(`(?m)^(?:line \d+: |% |.*we failed to remove this command|.*[Ff]ailure to communicate)`)

// lineError is how vtysh names a line.
var lineError = regexp.MustCompile(`(?m)^line (\d+): (.*)$`)

// rejection makes an error of what vtysh or frr-reload.py said. text is the
// configuration whose lines it counts; nil if they are another file's.
func (s *session) rejection(said string, text []byte, stderr string) error {
	said = strings.TrimSpace(strings.ReplaceAll(said, "\r", ""))
	if strings.Contains(said, "failed to connect to any daemons") {
		return vtyshError(s.redact.String(said), stderr)
	}
	r := &provision.RejectedError{Message: s.redact.String(said)}
	if m := lineError.FindStringSubmatch(said); m != nil {
		r.Message = s.redact.String(strings.TrimSpace(m[2]))
		n, _ := strconv.Atoi(m[1])
		lines := strings.Split(string(text), "\n")
		if text != nil && n >= 1 && n <= len(lines) {
			r.Line, r.Text = n, s.redact.String(strings.TrimSpace(lines[n-1]))
		}
		if before := strings.TrimSpace(said[:strings.Index(said, m[0])]); before != "" {
			r.Message = s.redact.String(before) + "; " + r.Message
		}
	}
	if r.Message == "" {
		r.Message = "refused without a word"
		if stderr != "" {
			r.Message = stderr
		}
	}
	return r
}

// Verify implements provision.Change. It stages the intent again through s,
// and compares what vanished with what the plan showed: FRR does not tell
// beforehand what a merged line pushes out.
func (c *change) Verify(ctx context.Context, s provision.Session) (provision.Verification, error) {
	again, err := s.Stage(ctx, c.intent, provision.StageOptions{Replace: c.replace})
	if err != nil {
		if v, ok := c.unchanged(ctx, s); ok {
			return v, nil
		}
		var rejected *provision.RejectedError
		if errors.As(err, &rejected) {
			return provision.Verification{}, fmt.Errorf("verify: the router took the configuration and now refuses it: %w", err)
		}
		return provision.Verification{}, fmt.Errorf("verify: %w", err)
	}
	defer func() { _ = again.Discard(ctx) }()
	v := provision.Verification{Running: again.Before(), Remaining: again.Diff(), Unsaved: again.Unsaved()}
	if now, ok := again.(*change); ok && !c.replace {
		v.Remaining.Hunks = append(v.Remaining.Hunks, hunks(c.lost(now.before.entries), c.session.redact)...)
	}
	return v, nil
}

// unchanged tells that the router runs what it ran before the commit. It also
// answers where nothing can be staged any more: on a full disk.
func (c *change) unchanged(ctx context.Context, s provision.Session) (provision.Verification, bool) {
	now, err := s.Read(ctx)
	if err != nil || now.Digest != c.Before().Digest || c.diff.Empty() {
		return provision.Verification{}, false
	}
	return provision.Verification{Running: now, Remaining: c.diff, Unsaved: c.unsaved}, true
}

// lost are the lines that were running before, are not any more, and that the
// plan did not show as going.
func (c *change) lost(now []entry) []edit {
	have := setOf(now)
	for _, e := range c.edits {
		if !e.add {
			have[e.entry] = true
		}
	}
	var list []edit
	for _, e := range c.before.entries {
		if !have[e] && !fixed(e) {
			list = append(list, edit{entry: e})
		}
	}
	return list
}

// sha is the hex SHA-256 of texts one after the other, as sha256sum prints it.
func sha(texts ...string) string {
	h := sha256.New()
	w := bufio.NewWriter(h)
	for _, t := range texts {
		_, _ = w.WriteString(t)
	}
	_ = w.Flush()
	return hex.EncodeToString(h.Sum(nil))
}
