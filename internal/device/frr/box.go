package frr

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

//go:embed box.sh
var boxScript string

//go:embed undo.sh
var undoScript string

// The router's answer as sections, each headed by a line "--MARK NAME WORDS".
type answer struct {
	sections []section
	stderr   string
}

type section struct {
	name, words string
	body        []byte
}

// get returns the first section of that name; ok is false if there is none.
func (a answer) get(name string) (section, bool) {
	for _, s := range a.sections {
		if s.name == name {
			return s, true
		}
	}
	return section{}, false
}

// code is the exit code that a section tells; -1 if there is none.
func (a answer) code(name string) int {
	s, _ := a.get(name)
	n, err := strconv.Atoi(s.words)
	if err != nil {
		return -1
	}
	return n
}

// values reads the lines key=value of a section; a key may come more than once.
func (a answer) values(name string) map[string][]string {
	s, ok := a.get(name)
	if !ok {
		return nil
	}
	out := map[string][]string{}
	for line := range strings.Lines(string(s.body)) {
		if k, v, ok := strings.Cut(strings.TrimRight(line, "\n"), "="); ok {
			out[k] = append(out[k], v)
		}
	}
	return out
}

// first is the first value of a key, or empty.
func first(values map[string][]string, key string) string {
	if v := values[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// newMark makes a word that no router's text contains.
func newMark() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// command is the remote command line of a verb.
func command(verb, mark string, args ...string) string {
	words := append([]string{"sh", "-c", lean(boxScript), "provision-frr", verb, mark}, args...)
	for i, w := range words {
		words[i] = quote(w)
	}
	return strings.Join(words, " ")
}

// lean drops comments and indentation: the script travels with every command.
func lean(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimLeft(line, "\t")
		if line != "\n" && !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)

// quote makes one word of a POSIX shell of any text.
func quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// oneLine makes a text fit for a line key=value on the router.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text))
}

// sections takes an answer apart.
func sections(out []byte, mark string) []section {
	var list []section
	head := []byte("\n--" + mark + " ")
	_, rest, ok := bytes.Cut(out, head)
	for ok {
		var body []byte
		body, rest, ok = bytes.Cut(rest, head)
		title, text, _ := bytes.Cut(body, []byte("\n"))
		name, words, _ := strings.Cut(string(title), " ")
		list = append(list, section{name: name, words: words, body: text})
	}
	return list
}

// call runs a verb on the router, with stdin unless it is nil, and returns its
// answer. An answer that tells an error, or was cut short, is an error; what came
// of it is returned too.
func (s *session) call(ctx context.Context, verb string, stdin io.Reader, args ...string) (answer, error) {
	mark := newMark()
	res, err := s.client.Run(ctx, command(verb, mark, args...), stdin)
	a := answer{sections: sections(res.Stdout, mark), stderr: s.redact.String(strings.TrimSpace(string(res.Stderr)))}
	if err != nil {
		return a, err
	}
	return s.judge(verb, a, res.ExitCode)
}

// errCutShort: the router's answer ended too early.
var errCutShort = errors.New("the router's answer was cut short")

// judge tells what is wrong with an answer.
func (s *session) judge(verb string, a answer, exit int) (answer, error) {
	if e, ok := a.get("error"); ok {
		return a, s.explain(e, a)
	}
	if _, ok := a.get("done"); ok {
		return a, nil
	}
	if len(a.sections) == 0 {
		return a, fmt.Errorf("the user's login does not run POSIX sh commands (exit code %d%s): "+
			"the user needs a shell such as /bin/sh, not vtysh, as login shell", exit, said(a.stderr))
	}
	return a, fmt.Errorf("%s: %w (exit code %d%s)", verb, errCutShort, exit, said(a.stderr))
}

// said quotes what the router said, if it did.
func said(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// explain makes an error of a section "error".
func (s *session) explain(e section, a answer) error {
	text := s.redact.String(strings.TrimSpace(string(e.body)))
	switch e.words {
	case "missing":
		return fmt.Errorf("%s is not on the router: install %s", text, packageOf(text))
	case "disk":
		return fmt.Errorf("a file could not be written on the router: %s%s: make room in /run and /tmp there", text, said(a.stderr))
	case "place":
		return fmt.Errorf("%s on the router: the user needs to be in the group frr, or /tmp writable", text)
	case "short":
		return fmt.Errorf("%w: %s", provision.ErrConnectionLost, text)
	case "vtysh":
		return vtyshError(text, a.stderr)
	case "stale":
		return fmt.Errorf("%w: the running configuration was changed since it was read", provision.ErrStale)
	case "pending":
		return &provision.LockedError{Holder: text}
	case "nolock":
		return fmt.Errorf("%s on the router: somebody ended it, or removed its file; nothing was changed", text)
	case "nopending":
		return fmt.Errorf("%w: %s", provision.ErrNoPending, text)
	case "foreign":
		return fmt.Errorf("the pending commit belongs to the router's user %s: only that user can end it before its time", text)
	case "undo":
		return fmt.Errorf("the router could not restore its configuration: %s", text)
	}
	return fmt.Errorf("%s: %s", e.words, text)
}

// packageOf names the package that has a program (Debian's names).
func packageOf(program string) string {
	switch program {
	case "frr-reload.py":
		return "the package frr-pythontools"
	case "python3":
		return "the package python3"
	case "vtysh":
		return "the package frr"
	}
	return "it (on Debian in coreutils or util-linux)"
}

// vtyshError says what to do when vtysh reaches no daemon.
func vtyshError(texts ...string) error {
	var said []string
	for _, t := range texts {
		if t != "" {
			said = append(said, t)
		}
	}
	return fmt.Errorf("vtysh does not work for this user: %s: the user needs to be in the group frrvty, and FRR running",
		strings.Join(said, "; "))
}
