package nautobot

import (
	"slices"
	"testing"
)

func TestFilledIn(t *testing.T) {
	for name, c := range map[string]struct {
		stored, text string
		words        []string
	}{
		"nothing":           {"hostname r1\n", "hostname r1", nil},
		"a value":           {"a\npassword {{ x | f(1) }}\nexit\n", "a\npassword s3cr3t word\nexit", []string{"s3cr3t word"}},
		"at the end":        {"password {{ x }}\n", "password exit\npassword exit", []string{"exit\npassword exit"}},
		"two in a line":     {"user {{ a }} key {{ b }}\n", "user admin key 0123\n", []string{"admin", "0123"}},
		"short":             {"a\n  pin {{ x }} end\nb\n", "a\n  pin 12 end\nb\n", []string{"pin 12 end"}},
		"empty":             {"pin {{ x }}\nb\n", "pin \nb\n", []string{""}},
		"over several":      {"key {{ x }}\nexit\n", "key -----\nMIIE\nexit\n", []string{"-----\nMIIE"}},
		"XML":               {"<p>{{ x }}</p>\n", "<p>a&amp;b&lt;c</p>\n", []string{"a&amp;b&lt;c", "a&b<c"}},
		"a loop":            {"a\n{% for k in keys %}\nkey {{ k }}\n{% endfor %}\nb\n", "a\nkey one1\nkey two2\nb\n", []string{"key one1", "key two2"}},
		"blanks taken away": {"a\nkey {{- x -}}\nb\n", "a\nkeyvalueb\n", []string{"keyvalueb"}},
		"another text":      {"a {{ x }}\n", "something else\n", []string{"something else"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := filledIn(c.stored, c.text).Words; !slices.Equal(got, c.words) {
				t.Errorf("got %q, want %q", got, c.words)
			}
		})
	}
}

// The value that is on the device until today is as secret as the new one, in a
// line that is known by its other words; a line that is nothing but a value is not
// known.
func TestFilledInByTheLine(t *testing.T) {
	got := filledIn("  neighbor 1 password {{ x }}\n{{ y }}\n{{ z }} a\n  neighbor 1 password {{ x }}\n", "  neighbor 1 password new1\nwhole\nb a\n  neighbor 1 password new1\n").Patterns
	if len(got) != 1 {
		t.Fatalf("%q", got)
	}
	if m := got[0].FindStringSubmatch("x\n neighbor 1 password old1\ny"); len(m) != 2 || m[1] != "old1" {
		t.Errorf("%q", m)
	}
	if got[0].MatchString(" neighbor 2 password old1") {
		t.Error("another line matches")
	}
}
