package secret_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

func redactor(t *testing.T, patterns ...string) *secret.Redactor {
	t.Helper()
	r, err := secret.NewRedactor(patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		name     string
		patterns []string
		words    []string
		in, want string
	}{
		{"no group masks the match", []string{`key \d+`}, nil, "a key 12 b", "a <redacted> b"},
		{"groups are masked", []string{`user (\w+) key (\w+)`}, nil, "user bob key k1", "user <redacted> key <redacted>"},
		{"a group that took no part", []string{`key (?:a=(\w+)|b=(\w+))`}, nil, "key b=xx", "key b=<redacted>"},
		{"an empty group", []string{`key(\w*)`}, nil, "key end", "key end"},
		{"a pattern that matches nothing", []string{`x*`}, nil, "abc", "abc"},
		{"nested groups", []string{`key ((\w+) (\w+))`}, nil, "key ab cd ef", "key <redacted> ef"},
		{"^ and $ are ends of lines", []string{`^secret (\S+)$`}, nil, "a\nsecret x\nb", "a\nsecret <redacted>\nb"},
		{"over several lines", []string{`(?s)BEGIN.*?END`}, nil, "a\nBEGIN\nxx\n\nEND\nb", "a\n<redacted>\n<redacted>\n\n<redacted>\nb"},
		{"words", nil, []string{"hunter22"}, "x=hunter22,hunter22", "x=<redacted>,<redacted>"},
		{"short words are ordinary text", nil, []string{"abc", ""}, "abc", "abc"},
		{"the longer word wins", nil, []string{"hunter", "hunter22"}, "hunter22 hunter", "<redacted> <redacted>"},
		{"overlapping words", nil, []string{"abcd", "cdef"}, "xabcdefx", "x<redacted>x"},
		{"a word over itself", nil, []string{"abab"}, "xabababx", "x<redacted>x"},
		{"a word that is part of the mask", []string{`key (\w+)`}, []string{"redacted"}, "key abc", "key <redacted>"},
		{"words within a pattern", []string{`password (\S+)`}, []string{"hunter22"}, "password xhunter22y", "password <redacted>"},
		{"the lines of a key", nil, []string{"-----BEGIN X-----\nAAAA\r\nBBBB\n-----END X-----\n"}, "+ AAAA\n+ BBBB", "+ <redacted>\n+ <redacted>"},
		{"nothing", []string{`key (\w+)`}, []string{"hunter22"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := redactor(t, c.patterns...).WithWords(c.words...)
			got := r.String(c.in)
			if got != c.want {
				t.Errorf("String(%q) = %q, want %q", c.in, got, c.want)
			}
			if strings.Count(got, "\n") != strings.Count(c.in, "\n") {
				t.Error("lines lost their numbers")
			}
		})
	}
}

func TestNilTakesNothingOut(t *testing.T) {
	var r *secret.Redactor
	if got := r.String("hunter22"); got != "hunter22" {
		t.Errorf("got %q", got)
	}
	if got := r.WithWords("hunter22").String("hunter22"); got != secret.Mask {
		t.Errorf("of a nil one with words: got %q", got)
	}
}

func TestWithLeavesTheFormerAlone(t *testing.T) {
	first := redactor(t, `a(\d)`)
	second := first.With(regexp.MustCompile(`b(\d)`)).WithWords("word")
	if got := first.String("a1 b2 word"); got != "a<redacted> b2 word" {
		t.Errorf("first: %q", got)
	}
	if got := second.String("a1 b2 word"); got != "a<redacted> b<redacted> <redacted>" {
		t.Errorf("second: %q", got)
	}
}

func TestNewRedactorNamesThePattern(t *testing.T) {
	_, err := secret.NewRedactor("fine", "(")
	if err == nil || !strings.Contains(err.Error(), `"("`) {
		t.Errorf("got %v", err)
	}
	if _, err := secret.NewRedactor("a)(b"); err == nil {
		t.Error("a pattern that only closes our own group was accepted")
	}
}

func TestLines(t *testing.T) {
	r := redactor(t, `(?s)BEGIN.*?END`).WithWords("hunter22")
	in := []string{"+ BEGIN", "+ xyz", "- END hunter22", "", "+"}
	want := []string{"+ <redacted>", "+ <redacted>", "- <redacted> <redacted>", "", "+"}
	if got := r.Lines(in, 2); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if in[0] != "+ BEGIN" {
		t.Error("the caller's lines were changed")
	}
	if got := r.Lines([]string{"+ a\nhunter22"}, 2); !slices.Equal(got, []string{"+ a\n<redacted>"}) {
		t.Errorf("a line that holds two: %q", got)
	}
}

func TestHash(t *testing.T) {
	salt, other := secret.NewSalt(), secret.NewSalt()
	if len(salt) < 16 || slices.Equal(salt, other) {
		t.Fatalf("salts %x and %x", salt, other)
	}
	h := secret.Hash(salt, "digest")
	if len(h) != 64 || strings.Contains(h, "digest") {
		t.Errorf("hash %q", h)
	}
	if h != secret.Hash(salt, "digest") {
		t.Error("equal digests give different hashes")
	}
	if h == secret.Hash(other, "digest") || h == secret.Hash(salt, "digest2") {
		t.Error("different salts or digests give equal hashes")
	}
}

// The value was computed with argon2-cffi 25.1, another implementation: hashes in
// states must stay what they are.
func TestHashStaysWhatItIs(t *testing.T) {
	const want = "80c30d37dfa834022b118ee5096a33793d9a5a41dbb54d2d52f59b2b0a1a9c9a"
	if got := secret.Hash([]byte("0123456789abcdef"), "digest"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHasher(t *testing.T) {
	salt, other := secret.NewSalt(), secret.NewSalt()
	for name, h := range map[string]*secret.Hasher{"remembering": {}, "nil": nil} {
		for range 2 { // the second time it is remembered
			for _, s := range [][]byte{salt, other} {
				for _, digest := range []string{"a", "b"} {
					if got, want := h.Hash(s, digest), secret.Hash(s, digest); got != want {
						t.Errorf("%s: got %s, want %s", name, got, want)
					}
				}
			}
		}
	}
}

func TestHasherComputesOnce(t *testing.T) {
	var h secret.Hasher
	salt := secret.NewSalt()
	h.Hash(salt, "a")
	if n := testing.AllocsPerRun(10, func() { h.Hash(salt, "a") }); n > 5 {
		t.Errorf("a known hash takes %v allocations: it is computed again", n)
	}
}

// What is learned after a redactor was made, and by redactors made of it, is masked
// from then on.
func TestLearned(t *testing.T) {
	var l secret.Learned
	base, err := secret.NewRedactor("key (.*)")
	if err != nil {
		t.Fatal(err)
	}
	r := base.Learning(&l).WithWords("known")
	later := r.With(regexp.MustCompile("zzz"))
	if got := later.String("plain hidden, known"); got != "plain hidden, <redacted>" {
		t.Errorf("before: %q", got)
	}
	for range 2 {
		l.Add([]string{"hidden", "two\nlines"}, regexp.MustCompile(`(?m)^password (.*)$`))
	}
	for _, c := range []struct{ text, want string }{
		{"plain hidden, known", "plain <redacted>, <redacted>"},
		{"password old", "password <redacted>"},
		{"key x\nzzz", "key <redacted>\n<redacted>"},
	} {
		if got := later.String(c.text); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := later.Lines([]string{"+ password new", "- password old"}, 2); got[0] != "+ password <redacted>" || got[1] != "- password <redacted>" {
		t.Errorf("lines: %q", got)
	}
	if got := base.String("plain hidden"); got != "plain hidden" {
		t.Errorf("another redactor: %q", got)
	}
	var none *secret.Redactor
	if got := none.Learning(&l).String("a hidden"); got != "a <redacted>" {
		t.Errorf("of none: %q", got)
	}
}
