package frrsim

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

// exec runs a command of the driver: sh -c SCRIPT provision-frr VERB MARK ARGS.
// The script itself is not looked at: what its verbs do is written again here.
func (r *Router) exec(ctx context.Context, req sshtest.Request, stdin io.Reader, stdout, stderr io.Writer) int {
	words := split(req.Command)
	if !ours(words) {
		_, _ = fmt.Fprintln(stderr, "frrsim: only the driver's own commands are simulated")
		return 127
	}
	a := &answer{router: r, mark: words[5], args: words[6:], out: stdout}
	if words[4] == "lock" {
		r.lock(ctx, a, stdin, stdout)
		return 0
	}
	var in []byte
	if words[4] == "stage" || words[4] == "commit" {
		var err error
		if in, err = io.ReadAll(stdin); err != nil || ctx.Err() != nil {
			return 71
		}
	}
	if !r.busy(ctx) {
		return 71
	}
	code := r.verb(words[4], a, in)
	a.flush()
	return code
}

// ours tells whether a command is one of the driver's.
func ours(words []string) bool {
	return len(words) >= 6 && words[0] == "sh" && words[1] == "-c" && words[3] == "provision-frr"
}

// busy takes the time that a command takes; false if the caller has gone.
func (r *Router) busy(ctx context.Context) bool {
	if r.opts.Delay == 0 {
		return true
	}
	timer := time.NewTimer(r.opts.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// answer is what a verb prints.
type answer struct {
	router *Router
	mark   string
	args   []string
	out    io.Writer
	text   strings.Builder
}

// flush sends what was printed so far, as a shell does.
func (a *answer) flush() {
	_, _ = io.WriteString(a.out, a.text.String())
	a.text.Reset()
}

func (a *answer) section(words ...string) {
	a.text.WriteString("\n--" + a.mark + " " + strings.Join(words, " ") + "\n")
}

func (a *answer) body(text string) { a.text.WriteString(text) }

func (a *answer) done() int {
	a.section("done")
	return 0
}

func (a *answer) fail(code, text string) int {
	a.section("error", code)
	a.body(text + "\n")
	a.section("done")
	return 70
}

// arg is an argument, empty if it is missing.
func (a *answer) arg(i int) string {
	if i < len(a.args) {
		return a.args[i]
	}
	return ""
}

// verb runs one verb; the router is locked meanwhile.
func (r *Router) verb(name string, a *answer, in []byte) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch name {
	case "state":
		a.state()
		return a.done()
	case "stage":
		return r.stage(a, in)
	case "commit":
		return r.commit(a, in)
	case "confirm", "rollback":
		return r.end(a, name == "rollback")
	case "save":
		r.startup = r.running.show()
		a.section("output")
		a.body("Building Configuration...\nIntegrated configuration saved to /etc/frr/frr.conf\n[OK]\n" + r.shown())
		a.section("outputrc 0")
		a.box()
		a.saved()
		return a.done()
	case "facts":
		a.section("facts")
		a.body("FRRouting 8.4.4 (" + r.hostname() + ") on Linux(simulated).\n zebra bgpd ospfd watchfrr staticd\n")
		a.section("uptime")
		a.body(fmt.Sprintf("%.2f 0.00\n", time.Since(r.booted).Seconds()))
		return a.done()
	}
	return a.fail("verb", name)
}

func (r *Router) hostname() string {
	for _, l := range r.running.make("").lines {
		if name, ok := strings.CutPrefix(l, "hostname "); ok {
			return name
		}
	}
	return "frr"
}

// state prints the sections of the verb "state".
func (a *answer) state() {
	a.box()
	a.section("running")
	a.body(a.router.shown())
	a.section("runningrc 0")
	a.saved()
}

// box prints what the router lacks and the pending commit.
func (a *answer) box() {
	r := a.router
	a.section("box")
	a.body("integrated=yes\n")
	if p := r.pending; p != nil {
		a.section("pending")
		a.body(fmt.Sprintf("now=%d\nid=%s\nholder=%s\ndeadline=%d\nphase=armed\ntimer=yes\nthisboot=yes\n",
			time.Now().Unix(), p.id, p.holder, p.deadline.Unix()))
	}
}

// saved prints the startup configuration.
func (a *answer) saved() {
	a.section("startup")
	a.body(a.router.startup)
}

// stage checks an intent and tells what frr-reload.py --test says of it and of
// the running configuration before it.
func (r *Router) stage(a *answer, in []byte) int {
	size, err := strconv.Atoi(a.arg(2))
	if sum(in) != a.arg(1) || err != nil || size > len(in) {
		return a.fail("short", "the upload was cut short")
	}
	running := &model{}
	_ = running.load(string(in[:size]))
	target := string(in[size:])
	a.section("check")
	if _, errs := walk(target); len(errs) > 0 {
		for _, err := range errs {
			a.body(err.Error() + "\n")
		}
		a.section("checkrc 2")
		return a.done()
	}
	a.section("checkrc 0")
	if a.arg(0) == "merge" {
		target = string(in)
	}
	a.section("test")
	a.body(running.compare(target).String())
	a.section("testrc 0")
	return a.done()
}

// commit arms the timer and makes the change.
func (r *Router) commit(a *answer, in []byte) int {
	if code, text := r.refusal(a, in); code != "" {
		return a.fail(code, text)
	}
	seconds, err := strconv.Atoi(a.arg(3))
	if err != nil || seconds < 1 {
		return a.fail("verb", "a window of "+a.arg(3))
	}
	window := time.Duration(seconds) * time.Second
	p := &pending{id: a.arg(4), holder: a.arg(5), deadline: time.Now().Add(window), before: r.running.clone(), startup: r.startup}
	p.timer = time.AfterFunc(window, func() { r.undo(p) })
	r.pending = p
	a.section("armed")
	a.body(fmt.Sprintf("now=%d\ndeadline=%d\n", time.Now().Unix(), p.deadline.Unix()))
	a.section("output")
	a.flush() // the change may cut the path
	code := "0"
	for _, err := range r.change(a.arg(0), string(in)) {
		code = "2"
		a.body(err.Error() + "\n")
	}
	a.section("outputrc", code)
	r.reach()
	return a.done()
}

// refusal is why a commit is refused before anything is done.
func (r *Router) refusal(a *answer, in []byte) (code, text string) {
	switch {
	case r.pending != nil:
		return "pending", r.pending.holder
	case sum(in) != a.arg(1):
		return "short", "the upload was cut short"
	case sum([]byte(r.shown())) != a.arg(2):
		return "stale", "running"
	case a.arg(7) != "" && (r.locked == nil || r.locked.mark != a.arg(7)):
		return "nolock", "the lock that it was to be made under is gone"
	}
	return "", ""
}

// change makes the change and gives what failed.
func (r *Router) change(how, text string) []error {
	if how == "merge" {
		return r.running.load(text)
	}
	if how == "replace-password" {
		r.running.remove("", "password")
	}
	return r.running.reload(text)
}

// end confirms a pending commit or rolls it back.
func (r *Router) end(a *answer, undo bool) int {
	p := r.pending
	switch {
	case p == nil:
		return a.fail("nopending", "there is none")
	case p.id != a.arg(0):
		return a.fail("nopending", "the pending commit is "+p.id+" of "+p.holder)
	}
	p.timer.Stop()
	r.pending = nil
	if undo {
		r.running, r.startup = p.before, p.startup
		r.reach()
	}
	return a.done()
}

// lock holds the lock until stdin or the connection ends.
func (r *Router) lock(ctx context.Context, a *answer, stdin io.Reader, stdout io.Writer) {
	r.mu.Lock()
	if r.locked != nil {
		a.section("locked")
		a.body(r.locked.holder + "\n")
		a.done()
		r.mu.Unlock()
		_, _ = io.WriteString(stdout, a.text.String())
		return
	}
	l := &lock{mark: a.mark, holder: a.arg(0), gone: make(chan struct{})}
	r.locked = l
	a.section("held")
	a.state()
	a.done()
	r.mu.Unlock()
	defer r.unlock(l)
	_, _ = io.WriteString(stdout, a.text.String())
	bye := make(chan struct{})
	go func() {
		defer close(bye)
		for in := bufio.NewScanner(stdin); in.Scan(); {
			if in.Text() == "bye" {
				return
			}
		}
	}()
	select {
	case <-ctx.Done():
	case <-bye:
	case <-l.gone:
	}
}

func (r *Router) unlock(l *lock) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.locked == l {
		r.locked = nil
	}
}

// split takes a command line of a POSIX shell apart: single quotes and
// backslashes, which is what the driver uses.
func split(line string) []string {
	var words []string
	var word strings.Builder
	in, some := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			in, some = !in, true
		case c == '\\' && !in && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			some = true
		case c == ' ' && !in:
			if some {
				words = append(words, word.String())
			}
			word.Reset()
			some = false
		default:
			word.WriteByte(c)
			some = true
		}
	}
	if some {
		words = append(words, word.String())
	}
	return words
}
