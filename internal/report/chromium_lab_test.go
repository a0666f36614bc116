//go:build lab

package report_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long Chromium may take for anything, on a machine that does
// other things as well.
const patience = 3 * time.Minute

// chromium is a page of a real Chromium without a window, driven by the DevTools
// protocol over two pipes.
type chromium struct {
	t        testing.TB
	to       *os.File
	messages chan message
	session  string
	last     int
	events   []message
}

// message is one of the protocol: an answer or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct{ Message string }
}

// newChromium starts one. That there is none is a failure.
func newChromium(t testing.TB) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v: tools/test.sh installs the Debian package chromium", err)
	}
	hear, to := pipe(t)
	from, say := pipe(t)
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{hear, say}
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = hear.Close(), say.Close()
	c := &chromium{t: t, to: to, messages: make(chan message, 1000)}
	go c.listen(from)
	t.Cleanup(func() {
		c.session = ""
		c.call("Browser.close", nil, nil)
		_ = cmd.Wait()
		_, _ = to.Close(), from.Close()
	})
	c.open()
	return c
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// listen takes what Chromium says, message by message.
func (c *chromium) listen(from *os.File) {
	defer close(c.messages)
	for r := bufio.NewReader(from); ; {
		raw, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(raw[:len(raw)-1], &m); err == nil {
			c.messages <- m
		}
	}
}

// open makes a page and listens to everything that it complains about.
func (c *chromium) open() {
	c.t.Helper()
	var target struct{ TargetID string }
	c.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "Accessibility"} {
		c.call(domain+".enable", nil, nil)
	}
}

// call makes a call and waits for its answer.
func (c *chromium) call(method string, params, into any) {
	c.t.Helper()
	c.last++
	request := map[string]any{"id": c.last, "method": method}
	if params != nil {
		request["params"] = params
	}
	if c.session != "" {
		request["sessionId"] = c.session
	}
	raw, err := json.Marshal(request)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.to.Write(append(raw, 0)); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	m := c.await(method, func(m message) bool { return m.ID == c.last })
	if m.Error != nil {
		c.t.Fatalf("%s: %s", method, m.Error.Message)
	}
	if into != nil {
		if err := json.Unmarshal(m.Result, into); err != nil {
			c.t.Fatalf("%s: %v", method, err)
		}
	}
}

// await waits for a message and keeps the events that come before it.
func (c *chromium) await(what string, is func(message) bool) message {
	c.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case m, open := <-c.messages:
			if !open {
				c.t.Fatalf("%s: Chromium has ended", what)
			}
			if m.Method != "" {
				c.events = append(c.events, m)
			}
			if is(m) {
				return m
			}
		case <-limit:
			c.t.Fatalf("%s: no answer within %s", what, patience)
		}
	}
}

// look sets the size and the colours of the screen.
func (c *chromium) look(width, height int, scheme string) {
	c.t.Helper()
	c.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
	}, nil)
	c.call("Emulation.setEmulatedMedia", map[string]any{
		"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

// painted waits until what there is can be seen.
const painted = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

// visit opens a page from a file and gives how long it took to load.
func (c *chromium) visit(path string) time.Duration {
	c.t.Helper()
	c.events = nil
	start := time.Now()
	c.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	c.await("loading "+path, func(m message) bool { return m.Method == "Page.loadEventFired" })
	c.do(painted)
	return time.Since(start)
}

// eval gives the value of an expression in the page.
func (c *chromium) eval(expression string, into any) {
	c.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	c.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if e := answer.ExceptionDetails; e != nil {
		c.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(answer.Result.Value, into); err != nil {
		c.t.Fatalf("%s: %v: %s", expression, err, answer.Result.Value)
	}
}

// do runs an expression in the page.
func (c *chromium) do(expression string) {
	c.t.Helper()
	c.eval(expression, nil)
}

// click clicks where a person would.
func (c *chromium) click(selector string) {
	c.t.Helper()
	var at struct{ X, Y float64 }
	c.eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"});
		const r = e.getBoundingClientRect(); return {X: r.x + r.width / 2, Y: r.y + r.height / 2}; })()`, selector), &at)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		c.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// enter writes into a field as a person does.
func (c *chromium) enter(selector, text string) {
	c.t.Helper()
	c.click(selector)
	c.do(fmt.Sprintf("document.querySelector(%q).select()", selector))
	if text == "" {
		c.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": "Delete", "windowsVirtualKeyCode": 46}, nil)
		return
	}
	c.call("Input.insertText", map[string]any{"text": text}, nil)
}

// complaints are the errors and warnings of the page, and what it tried to fetch.
func (c *chromium) complaints() []string {
	var list []string
	for _, e := range c.events {
		text := string(e.Params)
		switch e.Method {
		case "Runtime.exceptionThrown", "Log.entryAdded":
			list = append(list, text)
		case "Runtime.consoleAPICalled":
			list = append(list, text)
		case "Network.requestWillBeSent":
			var sent struct{ Request struct{ URL string } }
			if err := json.Unmarshal(e.Params, &sent); err != nil ||
				!strings.HasPrefix(sent.Request.URL, "file://") && !strings.HasPrefix(sent.Request.URL, "data:") {
				list = append(list, text)
			}
		}
	}
	return list
}

// node is a node of the accessibility tree.
type node struct{ Role, Name string }

// accessible is what a screen reader is told.
func (c *chromium) accessible() []node {
	c.t.Helper()
	type value struct{ Value any }
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name value
		}
	}
	c.call("Accessibility.getFullAXTree", nil, &tree)
	var list []node
	for _, n := range tree.Nodes {
		if !n.Ignored {
			list = append(list, node{fmt.Sprint(n.Role.Value), fmt.Sprint(n.Name.Value)})
		}
	}
	return list
}

// picture is what the page looks like as a whole, on a screen that is as high; with
// -artifacts it is kept.
func (c *chromium) picture(name string, width int, scheme string) image.Image {
	c.t.Helper()
	var height float64
	c.eval("document.documentElement.scrollHeight", &height)
	c.look(width, int(height), scheme)
	c.do(painted)
	var shot struct{ Data string }
	c.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.t.ArtifactDir(), name+".png"), data, 0o600); err != nil {
		c.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		c.t.Fatal(err)
	}
	return picture
}
