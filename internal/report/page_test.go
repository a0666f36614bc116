package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
)

// The page of a hostile plan has no element that is not ours, whatever somebody
// wrote into names and configurations.
func TestPageHostile(t *testing.T) {
	page := text(t, hostilePlan(t).WriteHTML)
	for _, bad := range []string{"<script>alert", "<img", `href="javascript`, `href="#ZgotmplZ`, "\u202e", "\x1b"} {
		if strings.Contains(page, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
	if strings.Count(page, "<script>") != 1 || strings.Count(page, "</script>") != 1 {
		t.Error("there is more than our script")
	}
}

// void are the elements that HTML does not close.
var void = regexp.MustCompile(`<(meta|link|input)\b[^>]*>`)

// Every element that is opened is closed, in all examples.
func TestPageIsBalanced(t *testing.T) {
	for _, name := range examples {
		page := parts.ReplaceAllString(text(t, example(t, name).WriteHTML), "$1$3")
		page = void.ReplaceAllString(strings.TrimPrefix(page, "<!DOCTYPE html>"), "$0</$1>")
		d := xml.NewDecoder(strings.NewReader(page))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
		}
	}
}

// Ids are unique, and every link within the page leads to one.
func TestPageLinks(t *testing.T) {
	for _, name := range examples {
		page := page(t, example(t, name))
		ids := map[string]bool{}
		for _, part := range strings.Split(page, ` id="`)[1:] {
			id, _, _ := strings.Cut(part, `"`)
			if ids[id] {
				t.Errorf("%s: two elements have the id %s", name, id)
			}
			ids[id] = true
		}
		for _, part := range strings.Split(page, `href="#`)[1:] {
			if id, _, _ := strings.Cut(part, `"`); !ids[id] {
				t.Errorf("%s: no element has the id %s", name, id)
			}
		}
	}
}

// What differs between a line and the one in its place is marked, and escaped like
// everything else.
func TestPageMarks(t *testing.T) {
	page := page(t, plan(t, device("r1", "@@ interface eth1\n- description uplink <to> \"<i>\"\n+ description uplink <to> \"</b>\"")))
	for _, want := range []string{
		`- description uplink &lt;to&gt; &#34;&lt;<b>i</b>&gt;&#34;`,
		`&#43; description uplink &lt;to&gt; &#34;&lt;<b>/b</b>&gt;&#34;`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
}
