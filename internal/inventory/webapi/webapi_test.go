package webapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

const token = "planted9876543210"

// testProduct is a product that has nothing of its own.
func testProduct() Product {
	return Product{
		Name: "Box", Oldest: Version{3, 7}, Newest: Version{4, 7},
		TokenAdvice: "is it right?", TokenWords: []string{"token"}, FinalReads: []int{http.StatusInternalServerError},
	}
}

// server answers, and keeps what it was sent.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	sent []string
	head http.Header // of the last request
}

// serve starts one; each request gets the next of the answers, the last of them
// again and again.
func serve(t *testing.T, answers ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		answer := answers[min(len(s.sent), len(answers)-1)]
		s.sent = append(s.sent, r.Method+" "+r.URL.String()+" "+string(body))
		s.head = r.Header
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// says answers with the same to everything.
func says(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const js = "application/json"

// client makes a client of a server below a path.
func client(t *testing.T, p Product, url string, warn func(string)) *Client {
	t.Helper()
	c, err := New(p, Config{
		URL: url + "/sot/api/", Warn: warn, HTTP: httpclient.Config{Headers: map[string]string{"X-Door": "opensesame"}},
		Header: http.Header{"Authorization": {"Token " + token}}, Redact: (&secret.Redactor{}).WithWords(token),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// complains checks that an error says all of it, and no secret.
func complains(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error that says %q", texts)
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v\ndoes not say %q", err, text)
		}
	}
	if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "opensesame") {
		t.Errorf("%v shows a secret", err)
	}
}

func get(needs string) Request {
	return Request{Method: http.MethodGet, Path: "things/?name=r1", Needs: needs}
}

func post(reads bool) Request {
	return Request{Method: http.MethodPost, Path: "things/", Body: map[string]any{"a": 1}, Needs: "add on thing", Reads: reads}
}

func TestCall(t *testing.T) {
	s := serve(t, says(200, js, `{"n": 12345678901234567890}`))
	c := client(t, testProduct(), s.URL, nil)
	var into struct{ N any }
	if err := c.Get(t.Context(), "things/?name=r1", "", &into); err != nil || into.N != json.Number("12345678901234567890") {
		t.Errorf("%v, %v", into.N, err)
	}
	patch := Request{Method: http.MethodPatch, Path: "things/1/", Body: []int{1}}
	for _, r := range []Request{post(false), post(true), patch} {
		if err := c.Call(t.Context(), r, nil); err != nil {
			t.Error(err)
		}
	}
	want := `["GET /sot/api/things/?name=r1 " "POST /sot/api/things/ {\"a\":1}" "POST /sot/api/things/ {\"a\":1}" "PATCH /sot/api/things/1/ [1]"]`
	if got := fmt.Sprintf("%q", s.sent); got != want {
		t.Errorf("sent %s", got)
	}
	for name, want := range map[string]string{"Authorization": "Token " + token, "Accept": js, "Content-Type": js, "X-Door": "opensesame"} {
		if got := s.head.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if c.Where() != "Box "+s.URL+"/sot" || c.Redact("a "+token) != "a <redacted>" {
		t.Errorf("%s, %s", c.Where(), c.Redact("a "+token))
	}
	complains(t, c.Call(t.Context(), Request{Method: http.MethodPost, Path: "things/", Body: func() {}}, nil), "POST things/", "unsupported type")
}

// Each answer with what is said about it.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		what   string
		r      Request
		answer http.HandlerFunc
		says   []string
	}{
		{"HTML", get(""), says(200, "text/html", "<html>\n Your token is "+token), []string{"GET things/?name=r1: HTTP 200 (text/html, it begins with \"<html> Your token is <redacted>\"): the answer is not JSON: is url the address of Box, without /api?"}},
		{"cut", get(""), says(200, js, `{"a": [`), []string{"unexpected EOF", "does something between here and Box change or cut answers?"}},
		{"two", get(""), says(200, js, `{} {}`), []string{"there is more after its end"}},
		{"not there", get("view on thing"), says(404, js, `{"detail": "No."}`), []string{"HTTP 404 (No.): it is not there, or the token's user lacks the permission view on thing; or url"}},
		{"nothing there", get(""), says(404, js, `{"detail": "No."}`), []string{"(No.): is url the address of Box, without /api?"}},
		{"a token", get("x"), says(403, js, `{"detail": "Bad Token `+token+`"}`), []string{"(Bad Token <redacted>): Box does not take the token: is it right?"}},
		{"a login", get("x"), says(401, "text/plain", "who?"), []string{"HTTP 401 (text/plain, it begins with \"who?\"): Box does not take the token"}},
		{"no permission", get("view on thing"), says(403, js, `{"detail": "No."}`), []string{"the token's user needs the permission view on thing"}},
		{"no permission, no name", get(""), says(403, js, `{}`), []string{"does something between here and Box refuse it?"}},
		{"may not write", post(false), says(403, js, `{"detail": "No."}`), []string{"this needs a token with write enabled, whose user has the permission add on thing"}},
		{"may not ask", post(true), says(403, js, `{"detail": "No."}`), []string{"the token's user needs the permission add on thing"}},
		{"fields", post(false), says(400, js, `{"name": ["Bad `+token+`"]}`), []string{`HTTP 400 ({"name": ["Bad <redacted>"]})`}},
		{"a list", post(false), says(400, js, `["Bad"]`), []string{`(["Bad"])`}},
		{"an exception", post(false), says(500, js, `{"error": "no a", "exception": "KeyError"}`), []string{"(KeyError: no a): Box, or what is before it, has failed"}},
		{"GraphQL", post(true), says(400, js, `{"errors": [{"message": "no field"}]}`), []string{"(no field)"}},
		{"broken JSON", post(false), says(400, js, `{"detail`), []string{"it begins with"}},
		{"lines", post(false), says(400, js, `{"detail": "a\n  b"}`), []string{"(a b)"}},
		{"too many", post(false), says(429, js, `{}`), []string{"has had too many requests: try again later, or with a lower -parallelism"}},
		{"a redirection", get(""), func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://sso.example.net/?t="+token, http.StatusFound)
		}, []string{"it redirects to https://sso.example.net/?t=<redacted>: set url to where Box is"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := serve(t, c.answer)
			var into any
			err := client(t, testProduct(), s.URL, nil).Call(t.Context(), c.r, &into)
			complains(t, err, append(c.says, "Box "+s.URL+"/sot: ")...)
			e := AsError(err)
			if e == nil || e.Token != strings.HasPrefix(c.what, "a token") && e.Token != (c.what == "a login") {
				t.Errorf("%+v", e)
			}
			if strings.Contains(err.Error(), "it begins") != e.Foreign && !strings.HasPrefix(c.what, "cut") {
				t.Errorf("foreign: %v", e.Foreign)
			}
		})
	}
}

// What a product says otherwise.
func TestProduct(t *testing.T) {
	p := testProduct()
	p.Lines, p.Label = true, func(r Request) string { return "the things of " + token }
	p.Advice = func(r Request, status int) string {
		if status == http.StatusNotFound {
			return "is the app installed?"
		}
		return ""
	}
	s := serve(t, says(404, js, `{"detail": "a\n  b"}`), says(400, js, `{"detail": "`+strings.Repeat("ü", maxDetail)+`"}`))
	c := client(t, p, s.URL, nil)
	complains(t, c.Call(t.Context(), get(""), nil), "the things of <redacted>: HTTP 404 (a\n  b): is the app installed?")
	err := c.Call(t.Context(), get(""), nil)
	complains(t, err, "ü...")
	if n := len(err.Error()); n > maxDetail+200 {
		t.Errorf("%d bytes", n)
	}
	complains(t, c.NoList(get("")), "HTTP 200: the answer is no list of Box's: is url")
	complains(t, c.Unusual(get(""), "said "+token, "why"), "HTTP 200 (said <redacted>): why")
}

// Reading is tried again, unless the product says that it is in vain; writing
// never.
func TestTriesAgain(t *testing.T) {
	again := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "0")
		says(503, js, "{}")(w, r)
	}
	for _, c := range []struct {
		r     Request
		fails http.HandlerFunc
		sent  int
	}{
		{get(""), again, 2},
		{post(true), again, 2},
		{post(true), says(500, js, "{}"), 1},
		{post(false), again, 1},
		{Request{Method: http.MethodPatch, Path: "things/", Body: 1}, again, 1},
	} {
		s := serve(t, c.fails, says(200, js, "{}"))
		err := client(t, testProduct(), s.URL, nil).Call(t.Context(), c.r, nil)
		if (err == nil) != (c.sent == 2) || len(s.sent) != c.sent {
			t.Errorf("%s: sent %d times, %v", c.r.Method, len(s.sent), err)
		}
	}
}

// A server that restarts is waited for longer than one that never answered: by
// every request, whichever of them it has answered.
func TestARestart(t *testing.T) {
	for _, known := range []bool{true, false} {
		away := says(502, "text/html", "busy")
		answers := []http.HandlerFunc{away, away, away, away, away, away, says(200, js, "{}")}
		if known {
			answers = slices.Insert(answers, 0, says(200, js, "{}"))
		}
		s := serve(t, answers...)
		c, err := New(testProduct(), Config{
			URL: s.URL, HTTP: httpclient.Config{Pause: time.Millisecond}, Header: http.Header{}, Redact: &secret.Redactor{},
		})
		if err != nil {
			t.Fatal(err)
		}
		if known {
			if err := c.Call(t.Context(), post(true), nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Call(t.Context(), get(""), nil); (err == nil) != known {
			t.Errorf("known %t: %v", known, err)
		}
		if want := map[bool]int{true: len(answers), false: 5}[known]; len(s.sent) != want {
			t.Errorf("known %t: sent %d times, want %d", known, len(s.sent), want)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel() // waits between its attempts
	s := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	c := client(t, testProduct(), s.URL, nil)
	complains(t, c.Call(t.Context(), post(false), nil), "POST things/: no answer, so it is not known whether it was done: ", "is Box up, and url right?")
	c = client(t, testProduct(), "http://127.0.0.1:1", nil)
	complains(t, c.Call(t.Context(), post(false), nil), "no answer: ", "refused")
	why := errors.New("enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, why)
	defer cancel()
	if err := c.Call(ctx, get(""), nil); !errors.Is(err, why) {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	for url, says := range map[string]string{
		"box": `"box" is not an address such as https://box.example.net`, "ftp://a": "not an address", "http://a/?b": "not an address", "https://u:p@a": "holds a user: set token",
	} {
		_, err := New(testProduct(), Config{URL: url})
		complains(t, err, says)
	}
	_, err := New(testProduct(), Config{URL: "https://a", HTTP: httpclient.Config{CAFile: "/nosuch"}})
	complains(t, err, "/nosuch")
}

func TestVersion(t *testing.T) {
	for text, want := range map[string]struct {
		version Version
		says    string // of the error
		warns   string
	}{
		"4.7": {Version{4, 7}, "", ""}, "3.7.8": {Version{3, 7}, "", ""}, "4.6.0b1": {Version{4, 6}, "", ""}, "4.7.3-Docker-3.2.1": {Version{4, 7}, "", ""},
		"4.10.2": {Version{4, 10}, "", "has version 4.10.2, which is newer than those that are known (up to 4.7)"},
		"3.6.9":  {Version{}, "version 3.6.9 of Box is too old: 3.7 or later is needed", ""},
		"main":   {Version{}, `"main" is not a version of Box`, ""}, "": {Version{}, "not a version", ""}, "v.1": {Version{}, "not a version", ""},
	} {
		var warnings []string
		c := client(t, testProduct(), "https://box.example.net", func(w string) { warnings = append(warnings, w) })
		if c.Known() != (Version{4, 7}) {
			t.Errorf("known before: %s", c.Known())
		}
		asked := 0
		for range 2 {
			v, err := c.Version(t.Context(), func(context.Context) (string, error) { asked++; return text, nil })
			if want.says != "" {
				complains(t, err, want.says, "Box https://box.example.net/sot: ")
			} else if err != nil || v != want.version || c.Known() != v {
				t.Errorf("%q: %s, %v", text, v, err)
			}
		}
		if want.says == "" && asked != 1 {
			t.Errorf("%q: asked %d times", text, asked)
		}
		if (want.warns == "") != (len(warnings) == 0) || !strings.Contains(strings.Join(warnings, ""), want.warns) {
			t.Errorf("%q: warnings %q", text, warnings)
		}
	}
	// An answer has told it, even one that refuses.
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("API-Version", "4.5")
		says(400, js, "{}")(w, r)
	})
	c := client(t, testProduct(), s.URL, nil)
	if err := c.Call(t.Context(), get(""), nil); err == nil || c.Heard() != "4.5" {
		t.Errorf("heard %q, %v", c.Heard(), err)
	}
	if v, err := c.Version(t.Context(), nil); err != nil || v != (Version{4, 5}) {
		t.Errorf("%s, %v", v, err)
	}
	c = client(t, testProduct(), "https://box.example.net", nil)
	c.Warn("nobody hears %d", 1)
	why := errors.New("down")
	if _, err := c.Version(t.Context(), func(context.Context) (string, error) { return "", why }); !errors.Is(err, why) {
		t.Error(err)
	}
}

func TestSteady(t *testing.T) {
	why := errors.New("down")
	for _, c := range []struct {
		changes int
		then    error
		want    error
	}{{0, nil, nil}, {2, nil, nil}, {2, why, why}, {3, nil, ErrChanged}} {
		n := 0
		got, err := Steady(func() (string, error) {
			n++
			if n <= c.changes {
				return "half", fmt.Errorf("%w: 3 of 4", ErrChanged)
			}
			return "all", c.then
		})
		if !errors.Is(err, c.want) || c.want == nil && (err != nil || got != "all") {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
		if errors.Is(c.want, ErrChanged) && err.Error() != "the list changed while it was read 3 times" {
			t.Error(err)
		}
	}
	seen := Seen[int]{}
	if !seen.New(1) || seen.New(1) || !seen.New(2) {
		t.Error("what came already is not known")
	}
}

func TestOrNumber(t *testing.T) {
	text, number := &Error{Status: http.StatusBadRequest, Detail: "text"}, &Error{Status: http.StatusBadRequest, Detail: "number"}
	for _, c := range []struct {
		value       any
		text, other error // what is said of the value as it is, and of the number
		want        error
		sets        int
	}{
		{"7", nil, number, nil, 1},
		{"7", text, nil, nil, 2},
		{"7", text, number, text, 2},
		{"x7", text, nil, text, 1},
		{7, text, nil, text, 1},
		{"7", &Error{Status: http.StatusForbidden}, nil, &Error{Status: http.StatusForbidden}, 1},
	} {
		sets := 0
		err := OrNumber(c.value, func(v any) error {
			sets++
			if _, isNumber := v.(int64); isNumber {
				return c.other
			}
			return c.text
		})
		if fmt.Sprint(err) != fmt.Sprint(c.want) || sets != c.sets {
			t.Errorf("%v: %v after %d", c.value, err, sets)
		}
	}
}
