package report_test

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// The Markdown never becomes longer than it may, and says what is missing and
// where it is.
func TestMarkdownLimit(t *testing.T) {
	p := many(t, 1000, 30)
	for _, limit := range []int{report.SmallestLimit, 5000, 20_000, report.GitHubLimit, 1_000_000} {
		out := text(t, func(w io.Writer) error { return p.WriteMarkdown(w, limit) })
		if len(out) > limit {
			t.Errorf("%d bytes, at most %d", len(out), limit)
		}
		left := 0
		if m := regexp.MustCompile(`(\d+) changes? (is|are) left out`).FindStringSubmatch(out); m != nil {
			_, _ = fmt.Sscan(m[1], &left)
		}
		shown := strings.Count(out, "<b>update</b>")
		if shown+left != 1000 || strings.Count(out, "<details>") != strings.Count(out, "</details>") {
			t.Errorf("limit %d: %d shown and %d left out", limit, shown, left)
		}
		if !strings.Contains(out, "**1000 to update.**") {
			t.Errorf("limit %d: the verdict is missing", limit)
		}
		if says := strings.Contains(out, "the [full page](<https://ci.example.net/runs/4711/report.html>) has all of it"); says != (shown < 1000 || strings.Contains(out, "without their differences")) {
			t.Errorf("limit %d: it says where the rest is: %t", limit, says)
		}
	}
}

// Nothing of what comes from outside formats, links, mentions or ends a block.
func TestMarkdownHostile(t *testing.T) {
	out := markdown(t, hostilePlan(t))
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "## heading") {
			t.Errorf("a heading from outside: %q", line)
		}
	}
	for _, bad := range []string{"\x1b", "\u202e", "](<javascript"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q is in the Markdown", bad)
		}
	}
	bare := withoutCode(t, out)
	for _, bad := range []string{"<script", "<img", "@everyone", "[link]", "#1", "onmouseover"} {
		if strings.Contains(bare, bad) {
			t.Errorf("%q is outside of code:\n%s", bad, bare)
		}
	}
	if strings.Count(out, "<details>") != strings.Count(bare, "</details>") {
		t.Error("a block is ended from outside")
	}
}

// withoutCode takes fenced blocks, code within lines and code in HTML away, by the
// rules of CommonMark.
func withoutCode(t *testing.T, markdown string) string {
	t.Helper()
	var kept []string
	fence := ""
	for _, line := range strings.Split(markdown, "\n") {
		switch {
		case fence != "":
			if strings.TrimRight(line, " ") == fence {
				fence = ""
			}
			continue
		case strings.HasPrefix(line, "```"):
			fence = line[:len(line)-len(strings.TrimLeft(line, "`"))]
			if strings.Contains(strings.TrimLeft(line, "`"), "`") {
				t.Errorf("some take this for the beginning of a block: %q", line)
			}
			continue
		case strings.HasPrefix(line, "<"): // HTML, where only tags and entities count
			line = regexp.MustCompile(`<code>[^<]*</code>`).ReplaceAllString(line, "")
		default:
			line = withoutSpans(line)
		}
		kept = append(kept, line)
	}
	if fence != "" {
		t.Error("a block of code does not end")
	}
	return strings.Join(kept, "\n")
}

// withoutSpans takes the spans of code out of a line: a run of backticks ends at
// the next run of the same length.
func withoutSpans(line string) string {
	runs := regexp.MustCompile("`+")
	for {
		at := runs.FindStringIndex(line)
		if at == nil {
			return line
		}
		end := -1
		for _, next := range runs.FindAllStringIndex(line, -1) {
			if next[0] > at[0] && next[1]-next[0] == at[1]-at[0] {
				end = next[1]
				break
			}
		}
		if end < 0 {
			return line
		}
		line = line[:at[0]] + line[end:]
	}
}

func TestMarkdownTableCells(t *testing.T) {
	out := markdown(t, plan(t, of("x", "x", updates, object{"a|b": "1|`2`"}, object{"a|b": "3\n4"}, nil)))
	if want := "| `a\\|b` | `` 1\\|`2` `` | `3 4` |"; !strings.Contains(out, want) {
		t.Errorf("%s has no %s", out, want)
	}
}

// An unchanged line of a difference begins with blanks, so that one of backticks
// could end the block.
func TestMarkdownFence(t *testing.T) {
	out := markdown(t, plan(t, device("r1", "  ```\n+ ````\n  </details>")))
	if want := "`````diff\n  ```\n+ ````\n  </details>\n`````\n"; !strings.Contains(out, want) {
		t.Errorf("%s has no %s", out, want)
	}
}

func TestHiddenCharacters(t *testing.T) {
	p := plan(t, device("r\u200b1\u202e", "+ a\x1b[31mb\x00\u2066c\td\xff\r"))
	c := p.Changes[0]
	if c.Name != `r\u200b1\u202e` {
		t.Errorf("%q", c.Name)
	}
	if got := c.Diff.Hunks[0].Lines[0].Text; got != `a\x1b[31mb\x00\u2066c`+"\td\ufffd"+`\x0d` {
		t.Errorf("%q", got)
	}
}

func TestLongDifference(t *testing.T) {
	c := plan(t, device("r1", "@@ a\n"+strings.Repeat("+ x\n", 2500)+"- "+strings.Repeat("y", 5000)+"\n- z")).Changes[0]
	if c.Diff.Left != 502 || c.Diff.Added != 2500 || c.Diff.Removed != 2 {
		t.Errorf("%d left out, +%d -%d", c.Diff.Left, c.Diff.Added, c.Diff.Removed)
	}
	c = plan(t, device("r1", "+ "+strings.Repeat("ü", 5000))).Changes[0]
	if got := c.Diff.Hunks[0].Lines[0].Text; len(got) > 2100 || !strings.HasSuffix(got, "more bytes)") {
		t.Errorf("%d bytes: %s", len(got), got[len(got)-40:])
	}
}
