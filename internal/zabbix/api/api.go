// Package api speaks to the JSON-RPC API of Zabbix 6.0 to 7.4. What differs
// between the versions is in one place (Version), chosen by apiinfo.version.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// Config says where the API is and who uses it.
type Config struct {
	// URL is the frontend's, with its path; api_jsonrpc.php is appended unless it
	// ends in .php.
	URL string
	// Token is an API token; without one Username and Password log in.
	Token              string
	Username, Password string
	HTTP               httpclient.Config
}

// Client calls one API. It is safe for concurrent use.
type Client struct {
	url    string
	cfg    Config
	http   *httpclient.Client
	redact *secret.Redactor
	posts  atomic.Int64
	failed atomic.Int64 // when the last read failed for good, in Unix nanoseconds; 0: it did not

	asked   sync.Mutex // held while the version is asked for
	version *Version

	login   sync.Mutex // held while somebody logs in
	session string
	round   int // how often somebody has logged in
}

// New makes a client; it does not connect.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not an address such as https://zabbix.example.net/zabbix", cfg.URL)
	}
	if u.User != nil {
		return nil, errors.New("the address holds a user: set token, or username and password, instead")
	}
	if !strings.HasSuffix(u.Path, ".php") {
		u.Path = strings.TrimSuffix(u.Path, "/") + "/api_jsonrpc.php"
	}
	client, err := httpclient.New(cfg.HTTP)
	if err != nil {
		return nil, err
	}
	redact := (&secret.Redactor{}).With(secretTexts()...).WithWords(cfg.Token, cfg.Password)
	for _, value := range cfg.HTTP.Headers {
		redact = redact.WithWords(value)
	}
	return &Client{url: u.String(), cfg: cfg, http: client, redact: redact, session: cfg.Token}, nil
}

// URL is the address that calls go to.
func (c *Client) URL() string { return c.url }

// Requests is how many POSTs were made so far.
func (c *Client) Requests() int { return int(c.posts.Load()) }

// Call is one call of a method.
type Call struct {
	Method string
	Params any
}

// Answer is what came of one call.
type Answer struct {
	Result json.RawMessage
	// Err is the API's refusal, of type *Error; nil for none. Of a call of a write
	// that was kept out alone, because the session ended in the middle of the POST
	// and there is no other one, it is an error as of a whole POST.
	Err error
}

// Into reads the result of a call, or gives its error.
func (a Answer) Into(to any) error {
	if a.Err != nil {
		return a.Err
	}
	return json.Unmarshal(a.Result, to)
}

// Version asks for the version once; a failure is not remembered.
func (c *Client) Version(ctx context.Context) (Version, error) {
	c.asked.Lock()
	defer c.asked.Unlock()
	if c.version != nil {
		return *c.version, nil
	}
	answers, err := c.post(ctx, "", Version{}, true, []Call{{Method: "apiinfo.version", Params: []any{}}})
	if err != nil {
		return Version{}, err
	}
	var text string
	if err := answers[0].Into(&text); err != nil {
		return Version{}, c.noVersion(adviceURL, fmt.Errorf("ask for the version: %w", err))
	}
	v, err := parseVersion(text)
	if err != nil {
		return v, c.noVersion(adviceVersion, err)
	}
	c.version = &v
	return v, nil
}

// noVersion is the error of a version that will not do, or of none.
func (c *Client) noVersion(next string, err error) error {
	return &provision.AdvisedError{Next: next, Err: fmt.Errorf("%s: %s", c.url, c.redact.String(cut(err.Error(), 200)))}
}

// Read makes calls that change nothing, all in one POST, which is sent again
// when it fails. The answers are in the order of the calls. The error is of the
// POST as a whole: [provision.ErrUnreachable], [provision.ErrAuth], a
// *AnswerError.
func (c *Client) Read(ctx context.Context, calls ...Call) ([]Answer, error) {
	return c.call(ctx, true, calls)
}

// Write makes calls in one POST, in their order and each for itself: one that is
// refused does not keep the others from taking effect. It is never sent again.
// An error that matches [provision.ErrConnectionLost] leaves open what took
// effect; after [provision.ErrUnreachable] nothing did.
func (c *Client) Write(ctx context.Context, calls ...Call) ([]Answer, error) {
	return c.call(ctx, false, calls)
}

// call makes calls, and once more those that were refused because the session
// had ended: these had no effect.
func (c *Client) call(ctx context.Context, reads bool, calls []Call) ([]Answer, error) {
	v, err := c.Version(ctx)
	if err != nil {
		return nil, err
	}
	token, round, err := c.token(ctx, v, -1)
	if err != nil {
		return nil, err
	}
	answers, err := c.post(ctx, token, v, reads, calls)
	if err != nil {
		return nil, err
	}
	ended := endedSession(answers)
	for k, a := range c.renewed(ctx, v, round, reads, pick(calls, ended)) {
		var refusal *Error
		if reads && a.Err != nil && !errors.As(a.Err, &refusal) {
			return nil, a.Err
		}
		answers[ended[k]] = a // of a write the others may have taken effect
	}
	return answers, nil
}

// renewed makes calls with the session that comes after round's, and gives each
// the error of the POST as a whole when there is one.
func (c *Client) renewed(ctx context.Context, v Version, round int, reads bool, calls []Call) []Answer {
	if len(calls) == 0 {
		return nil
	}
	token, _, err := c.token(ctx, v, round)
	var answers []Answer
	if err == nil {
		answers, err = c.post(ctx, token, v, reads, calls)
	}
	if err != nil {
		return slices.Repeat([]Answer{{Err: err}}, len(calls))
	}
	for i, a := range answers {
		if errors.Is(a.Err, ErrSession) {
			answers[i].Err = c.refused(a.Err)
		}
	}
	return answers
}

// pick are the calls at these places.
func pick(calls []Call, at []int) []Call {
	var list []Call
	for _, i := range at {
		list = append(list, calls[i])
	}
	return list
}

// endedSession are the places of the answers that tell of no session.
func endedSession(answers []Answer) []int {
	var list []int
	for i, a := range answers {
		if errors.Is(a.Err, ErrSession) {
			list = append(list, i)
		}
	}
	return list
}

// refused is the error of a login.
func (c *Client) refused(err error) error {
	how := "the API token is not valid, or has expired"
	if c.cfg.Token == "" {
		how = "user name or password is wrong, or the user may not use the API"
	}
	return &provision.AdvisedError{
		Next: adviceLogin, Err: fmt.Errorf("%w: %s: %s: %s", provision.ErrAuth, c.url, how, c.redact.String(err.Error())),
	}
}

// token is what authorises calls: the API token, or the session of a login that
// all share. A session of round is known to have ended; -1 for none.
func (c *Client) token(ctx context.Context, v Version, ended int) (string, int, error) {
	c.login.Lock()
	defer c.login.Unlock()
	if c.cfg.Token != "" {
		if ended >= 0 {
			return "", 0, c.refused(errors.New("it was refused"))
		}
		return c.cfg.Token, 0, nil
	}
	if c.session != "" && c.round != ended {
		return c.session, c.round, nil
	}
	answers, err := c.post(ctx, "", v, true, []Call{{Method: "user.login", Params: map[string]any{
		"username": c.cfg.Username, "password": c.cfg.Password,
	}}})
	if err != nil {
		return "", 0, fmt.Errorf("log in: %w", err)
	}
	var session string
	if err := answers[0].Into(&session); err != nil {
		return "", 0, c.refused(err)
	}
	c.session, c.round = session, c.round+1
	return c.session, c.round, nil
}

// Logout ends the session of a login; without one, and with a token, it does
// nothing. It is for the end of the process.
func (c *Client) Logout(ctx context.Context) error {
	c.login.Lock()
	session := c.session
	c.session = ""
	c.login.Unlock()
	if c.cfg.Token != "" || session == "" {
		return nil
	}
	v, err := c.Version(ctx)
	if err != nil {
		return err
	}
	answers, err := c.post(ctx, session, v, false, []Call{{Method: "user.logout", Params: []any{}}})
	if err != nil {
		return err
	}
	return answers[0].Err
}

// request is one call on the wire.
type request struct {
	Version string `json:"jsonrpc"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
	Auth    string `json:"auth,omitempty"`
	ID      int    `json:"id"`
}

// reply is one answer on the wire.
type reply struct {
	Result json.RawMessage `json:"result"`
	Error  *Error          `json:"error"`
	ID     *int            `json:"id"`
}

// post sends calls as one array and sorts the answers.
func (c *Client) post(ctx context.Context, token string, v Version, reads bool, calls []Call) ([]Answer, error) {
	header := http.Header{"Content-Type": {"application/json-rpc"}}
	if token != "" && v.bearer() {
		header.Set("Authorization", "Bearer "+token)
		token = ""
	}
	body, err := json.Marshal(requestsOf(calls, token))
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", calls[0].Method, err)
	}
	c.posts.Add(1)
	resp, err := c.http.Post(ctx, c.url, header, body, reads && !c.down())
	c.note(reads, err != nil && ctx.Err() == nil || err == nil && resp.Status >= http.StatusInternalServerError)
	if err != nil {
		return nil, c.broken(ctx, calls[0].Method, reads, err)
	}
	return c.answers(resp, reads, calls)
}

// requestsOf puts calls on the wire, with a token for the body; empty is none.
func requestsOf(calls []Call, token string) []request {
	requests := make([]request, len(calls))
	for i, call := range calls {
		requests[i] = request{Version: "2.0", Method: call.Method, Params: call.Params, Auth: token, ID: i}
	}
	return requests
}

// downFor is how long a Zabbix that did not answer is not asked again and again:
// of a thousand hosts each would wait for the repetitions of its own read.
const downFor = 10 * time.Second

// down tells that Zabbix did not answer a moment ago, however often it was asked.
func (c *Client) down() bool {
	at := c.failed.Load()
	return at != 0 && time.Since(time.Unix(0, at)) < downFor
}

// note remembers what came of a read.
func (c *Client) note(reads, failed bool) {
	switch {
	case !reads:
	case failed:
		c.failed.Store(time.Now().UnixNano())
	default:
		c.failed.Store(0)
	}
}

// broken is the error of a POST without an answer.
func (c *Client) broken(ctx context.Context, method string, reads bool, err error) error {
	kind := provision.ErrConnectionLost
	var notSent *httpclient.NotSentError
	switch {
	case context.Cause(ctx) != nil && reads:
		return fmt.Errorf("%s: %s: %w", c.url, method, context.Cause(ctx))
	case errors.As(err, &notSent), reads:
		kind = provision.ErrUnreachable
	}
	return &provision.AdvisedError{
		Next: advice(err), Err: fmt.Errorf("%w: %s: %s: %s", kind, c.url, method, c.redact.String(err.Error())),
	}
}

// answers reads the answers in the order of the calls.
func (c *Client) answers(resp *httpclient.Response, reads bool, calls []Call) ([]Answer, error) {
	bad := func(reason string) error { return c.bad(resp, reads, reason) }
	switch {
	case resp.Location != "":
		return nil, bad("redirects to " + resp.Location + ": set url to where the frontend is")
	case resp.Status != http.StatusOK:
		return nil, bad("does not answer as the API of Zabbix: is url right, and the frontend healthy?")
	case !strings.Contains(resp.ContentType, "json"):
		return nil, bad("answers something else than JSON: is url the address of the Zabbix frontend?")
	}
	if len(bytes.TrimSpace(resp.Body)) == 0 {
		return nil, bad(emptyAnswer)
	}
	var replies []reply
	if err := json.Unmarshal(resp.Body, &replies); err != nil {
		var one reply // an error of the array as a whole
		if json.Unmarshal(resp.Body, &one) != nil || one.Error == nil {
			return nil, bad("the answer is no whole JSON text")
		}
		replies = nil
		for i := range calls {
			replies = append(replies, reply{Error: one.Error, ID: &i})
		}
	}
	return c.sort(replies, calls, bad)
}

// emptyAnswer is the reason of an answer without a body.
const emptyAnswer = "the answer is empty: PHP broke off behind the frontend, as it does when Zabbix's database refuses something"

// bad is the error of an answer that is none of the API's. One that came instead
// of the API's, from a proxy that keeps people out, tells that nothing was done;
// after others a write may have been.
func (c *Client) bad(resp *httpclient.Response, reads bool, reason string) error {
	e := &AnswerError{
		URL: c.url, Status: resp.Status, ContentType: resp.ContentType, Reason: reason,
		Start: c.redact.String(string(resp.Body[:min(len(resp.Body), 4096)])), kind: provision.ErrUnreachable,
		empty: reason == emptyAnswer,
	}
	e.Start = cut(strings.Join(strings.Fields(e.Start), " "), 80)
	switch {
	case resp.Status == http.StatusUnauthorized || resp.Status == http.StatusForbidden:
		e.kind = provision.ErrAuth
	case !reads && (resp.Status < 300 || resp.Status >= 500):
		e.kind = provision.ErrConnectionLost
	}
	return &provision.AdvisedError{Next: e.advice(), Err: e}
}

// cut is the beginning of a text.
func cut(text string, limit int) string {
	if r := []rune(text); len(r) > limit {
		return string(r[:limit])
	}
	return text
}

// secretTexts match what the API's texts may hold that nobody else may see:
// session ids, tokens and pre-shared keys, which are at least 32 hexadecimal
// digits, and the values in a statement of its database.
func secretTexts() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`[0-9A-Fa-f]{32,}`),
		regexp.MustCompile(`(?s)SQL statement execution has failed (.*)`),
	}
}

// sort brings replies into the order of the calls.
func (c *Client) sort(replies []reply, calls []Call, bad func(string) error) ([]Answer, error) {
	answers := make([]Answer, len(calls))
	seen := make([]bool, len(calls))
	for _, r := range replies {
		if r.ID == nil || *r.ID < 0 || *r.ID >= len(calls) || seen[*r.ID] {
			return nil, bad("the answer belongs to no call")
		}
		i := *r.ID
		seen[i] = true
		answers[i].Result = r.Result
		if r.Error != nil {
			e := *r.Error
			e.Method, e.Message, e.Data = calls[i].Method, c.redact.String(e.Message), c.redact.String(e.Data)
			answers[i] = Answer{Err: &e}
		}
	}
	for i, ok := range seen {
		if !ok {
			return nil, bad("there is no answer to " + calls[i].Method)
		}
	}
	return answers, nil
}
