//go:build lab

package report_test

import (
	"encoding/json"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// saved writes a page into a file.
func saved(t testing.TB, write func(io.Writer) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(text(t, write)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// screens are what people look at a page with.
func screens() map[string]struct {
	width, height int
	scheme        string
} {
	return map[string]struct {
		width, height int
		scheme        string
	}{
		"desktop-light": {1280, 900, "light"}, "desktop-dark": {1280, 900, "dark"},
		"phone-light": {390, 844, "light"}, "phone-dark": {390, 844, "dark"},
	}
}

// faint are the texts that have too little contrast (WCAG 2.2, 1.4.3: 4.5 to 1).
const faint = `(() => {
	const part = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
	const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
	const numbers = (c) => c.match(/[\d.]+/g).map(Number);
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = numbers(getComputedStyle(e).backgroundColor);
			if (c.length === 3 || c[3] > 0) return c;
		}
		return [255, 255, 255];
	};
	const bad = [];
	for (const e of document.querySelectorAll("body *")) {
		if (e.closest("script, .sr, .skip, svg") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
		const [a, b] = [light(numbers(getComputedStyle(e).color)), light(behind(e))];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) bad.push(e.className + ": " + e.textContent.slice(0, 40) + " " + ratio.toFixed(2));
	}
	return [...new Set(bad)].slice(0, 20);
})()`

// looks checks a page on all screens, closed and opened, and takes pictures.
func looks(t *testing.T, c *chromium, name, path string) {
	t.Helper()
	for screen, s := range screens() {
		c.look(s.width, s.height, s.scheme)
		c.visit(path)
		seen(t, screen, s.width, s.scheme, c.picture(name+"-"+screen, s.width, s.scheme))
		c.do(`for (const d of document.querySelectorAll("details")) d.open = true`)
		var width float64
		c.eval("document.documentElement.scrollWidth", &width)
		if int(width) > s.width {
			t.Errorf("%s: the page is %v wide, the screen %d", screen, width, s.width)
		}
		var bad []string
		if c.eval(faint, &bad); len(bad) > 0 {
			t.Errorf("%s: too little contrast: %q", screen, bad)
		}
		seen(t, screen+", opened", s.width, s.scheme, c.picture(name+"-"+screen+"-open", s.width, s.scheme))
		if list := c.complaints(); len(list) > 0 {
			t.Errorf("%s: the browser complains: %q", screen, list)
		}
	}
}

// seen checks what every picture of a page has: the width of the screen, and
// writing on the ground of its scheme. What a page looks like beyond that differs
// with the fonts of a machine.
func seen(t *testing.T, screen string, width int, scheme string, picture image.Image) {
	t.Helper()
	size := picture.Bounds()
	if size.Dx() != width {
		t.Errorf("%s: the picture is %d wide, the screen %d", screen, size.Dx(), width)
	}
	all, writing := 0, 0
	for y := size.Min.Y; y < size.Max.Y; y += 2 {
		for x := size.Min.X; x < size.Max.X; x += 2 {
			all++
			if r, g, b, _ := picture.At(x, y).RGBA(); (r+g+b < 3*0x8000) == (scheme == "light") {
				writing++
			}
		}
	}
	if writing < all/200 || writing > all/4 {
		t.Errorf("%s: %d of %d points are darker than the ground, or lighter in the dark", screen, writing, all)
	}
}

// heard checks that a screen reader is told of these, and of nothing that can be
// used and has no name.
func heard(t *testing.T, c *chromium, want ...node) {
	t.Helper()
	tree := c.accessible()
	for _, n := range want {
		if !slices.Contains(tree, n) {
			t.Errorf("the accessibility tree has no %v:\n%v", n, tree)
		}
	}
	for _, n := range tree {
		if slices.Contains([]string{"button", "link", "searchbox", "combobox", "DisclosureTriangle", "table", "heading", "columnheader"}, n.Role) && strings.TrimSpace(n.Name) == "" && n.Role != "table" {
			t.Errorf("a %s has no name", n.Role)
		}
	}
}

// shows waits until the filter leaves these items, by name, in any order.
func (c *chromium) shows(what string, want ...string) {
	c.t.Helper()
	slices.Sort(want)
	list, err := json.Marshal(want)
	if err != nil {
		c.t.Fatal(err)
	}
	var got []string
	c.eval(fmt.Sprintf(`new Promise((done) => {
		const look = () => [...document.querySelectorAll(".item:not([hidden]) .name")].map((e) => e.textContent).sort();
		const end = Date.now() + 60000;
		const again = () => Date.now() > end || JSON.stringify(look()) === JSON.stringify(%s) ? done(look()) : setTimeout(again, 10);
		again();
	})`, list), &got)
	if !slices.Equal(got, want) {
		c.t.Errorf("%s: %q are shown, want %q", what, got, want)
	}
}

func TestBrowserPlan(t *testing.T) {
	c := newChromium(t)
	path := saved(t, example(t, "changes").WriteHTML)
	looks(t, c, "plan", path)
	c.look(1280, 900, "light")
	c.visit(path)
	heard(t, c, node{"banner", ""}, node{"main", ""}, node{"heading", "Core network"}, node{"heading", "Changes 9"},
		node{"searchbox", "Search"}, node{"combobox", "Site"}, node{"combobox", "Kind"}, node{"button", "Update"}, node{"button", "Open all"},
		node{"status", ""}, node{"columnheader", "Not checked"}, node{"rowheader", "fra1"}, node{"link", "fra1-old"})
}

func TestBrowserFilter(t *testing.T) {
	c := newChromium(t)
	c.look(1280, 900, "light")
	c.visit(saved(t, example(t, "changes").WriteHTML))
	c.enter("#search", "+ router BGP 65001")
	c.shows("search in the lines", "fra1-r1")
	c.enter("#search", "muc1 icmp")
	c.shows("search for two words", "muc1-r1")
	c.enter("#search", "")
	c.click(".chips button[data-value=delete]")
	c.shows("what is deleted", "fra1-old")
	c.click(".chips button[data-value=held]")
	c.shows("two chips", "fra1-n1", "fra1-old")
	c.click(".chips button[data-value=delete]")
	c.click(".chips button[data-value=held]")
	c.do(`(() => { const s = document.getElementById("site"); s.value = "muc1"; s.dispatchEvent(new Event("change")); })()`)
	c.shows("a site", "muc1-r1", "muc1-r1", "muc1-r2")
	var status string
	if c.eval(`document.getElementById("found").textContent`, &status); status != "3 of 9 shown" {
		t.Errorf("the status says %q", status)
	}
	c.click("#all")
	var open int
	if c.eval(`document.querySelectorAll(".item[open]").length`, &open); open != 3 {
		t.Errorf("%d are open, want the 3 that are shown", open)
	}
	c.click(`a[href^="#c"]`)
	var target bool
	for range 100 { // the page hears of the jump after the click
		if c.eval(`(() => { const e = document.getElementById(location.hash.slice(1)); return e !== null && e.open && !e.hidden; })()`, &target); target {
			break
		}
		c.do(painted)
	}
	if !target {
		t.Error("a link to a change that the filter hides does not show it")
	}
	if list := c.complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}

func TestBrowserRun(t *testing.T) {
	c := newChromium(t)
	r, err := report.ReadRun(strings.NewReader(troubled), "", meta())
	if err != nil {
		t.Fatal(err)
	}
	path := saved(t, r.WriteHTML)
	looks(t, c, "run", path)
	heard(t, c, node{"heading", "Devices and hosts 7"}, node{"button", "Failed"}, node{"searchbox", "Search"})
	c.look(1280, 900, "light")
	c.visit(path)
	var first string
	if c.eval(`document.querySelector(".item .name").textContent`, &first); first != "r-unknown" {
		t.Errorf("the worst is not first, but %s", first)
	}
}

// What somebody wrote into a name or a configuration neither runs nor loads.
func TestBrowserHostile(t *testing.T) {
	c := newChromium(t)
	path := saved(t, hostilePlan(t).WriteHTML)
	c.look(390, 844, "light")
	c.visit(path)
	c.do(`for (const d of document.querySelectorAll("details")) d.open = true`)
	var inside int
	if c.eval(`document.querySelectorAll("img, iframe, object, [onerror], [onmouseover], a[href^=javascript]").length + document.scripts.length`, &inside); inside != 1 {
		t.Errorf("%d elements that are not ours", inside-1)
	}
	var width float64
	if c.eval("document.documentElement.scrollWidth", &width); width > 390 {
		t.Errorf("the page is %v wide", width)
	}
	// The policy holds also what would get in.
	c.do(`(() => { const s = document.createElement("script"); s.textContent = "window.broken = true"; document.body.append(s);
		const i = document.createElement("img"); i.src = "http://127.0.0.1:9/x.png"; document.body.append(i); })()`)
	var broken bool
	if c.eval("window.broken === true", &broken); broken {
		t.Error("an injected script ran")
	}
	const policy = "Content Security Policy"
	for range 100 { // the browser tells of the refusals a moment later
		if strings.Count(strings.Join(c.complaints(), "\n"), policy) < 2 {
			c.do(painted)
		}
	}
	if all := strings.Join(c.complaints(), "\n"); strings.Count(all, policy) != 2 || strings.Contains(all, "dialog") {
		t.Errorf("the policy does not refuse both: %s", all)
	}
	c.picture("hostile", 390, "light")
}

// A page of 1,000 changed devices opens in under two seconds.
func TestBrowserThousandDevices(t *testing.T) {
	c := newChromium(t)
	c.look(1280, 900, "light")
	path := saved(t, many(t, 1000, 100).WriteHTML)
	c.visit(path) // the browser itself warms up
	best := c.visit(path)
	for range 20 { // until the machine lets it
		if best > 2*time.Second {
			best = min(best, c.visit(path))
		}
	}
	t.Logf("opened in %s", best)
	if best > 2*time.Second {
		t.Errorf("the page opens in %s", best)
	}
	c.enter("#search", "r0777")
	c.shows("one of a thousand", "r0777")
}

// Where scripts are off, the page is there as a whole, without a filter that would
// do nothing.
func TestBrowserWithoutScripts(t *testing.T) {
	c := newChromium(t)
	c.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	c.look(1280, 900, "light")
	c.events = nil
	c.call("Page.navigate", map[string]any{"url": "file://" + saved(t, example(t, "changes").WriteHTML)}, nil)
	c.await("loading", func(m message) bool { return m.Method == "Page.loadEventFired" })
	c.click("#c1 summary")
	var seen struct {
		Tools string
		Open  bool
		Items int
	}
	c.eval(`({Tools: getComputedStyle(document.querySelector(".tools")).display, Open: document.getElementById("c1").open,
		Items: document.querySelectorAll(".item:not([hidden])").length})`, &seen)
	if seen.Tools != "none" || !seen.Open || seen.Items != 9 {
		t.Errorf("%+v", seen)
	}
}

// Everything is done with the keyboard alone, and one sees where it is.
func TestBrowserKeyboard(t *testing.T) {
	c := newChromium(t)
	c.look(1280, 900, "light")
	c.visit(saved(t, example(t, "changes").WriteHTML))
	press := func(key string, code int, text string) {
		c.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}, nil)
		c.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}, nil)
	}
	reached := map[string]bool{}
	for range 60 {
		press("Tab", 9, "")
		var at struct{ What, Outline string }
		c.eval(`(() => { const e = document.activeElement; const s = getComputedStyle(e);
			return {What: e.id || e.dataset.value || e.parentElement.id || e.tagName, Outline: s.outlineStyle}; })()`, &at)
		if reached[at.What] = true; at.Outline == "none" && at.What != "BODY" {
			t.Errorf("one does not see that %s has the focus", at.What)
		}
		switch at.What {
		case "delete":
			press(" ", 32, " ")
			c.shows("a chip by the keyboard", "fra1-old")
			press(" ", 32, " ")
		case "c1":
			press("Enter", 13, "\r")
			var open bool
			if c.eval(`document.getElementById("c1").open`, &open); !open {
				t.Error("a change does not open by the keyboard")
			}
		}
	}
	for _, what := range []string{"search", "site", "kind", "delete", "all", "c1", "c9"} {
		if !reached[what] {
			t.Errorf("%s is not reached: %v", what, reached)
		}
	}
}
