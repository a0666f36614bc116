package zabbixtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// Call is one call as it came in.
type Call struct {
	// Post is the number of the POST that it came with, from 1.
	Post   int
	Method string
	// Params are its parameters; secrets are replaced by "***".
	Params json.RawMessage
	// Auth is where its token was: "header", "body" or nowhere.
	Auth string
	// Err is the error that it was answered with; nil if it succeeded, or if a
	// fault struck the POST before the call took effect.
	Err *Error
	// Struck tells that a fault struck it.
	Struck bool
}

// Calls gives all calls, in the order in which they came.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// CallsOf gives the calls of a method.
func (s *Server) CallsOf(method string) []Call {
	var out []Call
	for _, c := range s.Calls() {
		if strings.EqualFold(c.Method, method) {
			out = append(out, c)
		}
	}
	return out
}

// Posts is how many POSTs came.
func (s *Server) Posts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts
}

// ForgetCalls starts the record of calls and POSTs anew.
func (s *Server) ForgetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.posts = nil, 0
}

// post is one POST with its calls.
type post struct {
	s      *Server
	r      *http.Request
	number int
	calls  []*incoming
}

// incoming is one call of a POST.
type incoming struct {
	record  Call
	request request
	failed  *Error // of the envelope
	struck  []Fault
}

// newPost counts a POST and its calls.
func (s *Server) newPost(r *http.Request, raw []json.RawMessage) *post {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts++
	p := &post{s: s, r: r, number: s.posts}
	for _, one := range raw {
		c := &incoming{}
		c.request, c.failed = s.dialect.envelope(one)
		c.record = Call{Post: p.number, Method: c.request.Method, Params: redact(c.request.Params)}
		switch {
		case bearer(r) != "":
			c.record.Auth = "header"
		case c.request.Auth != nil:
			c.record.Auth = "body"
		}
		c.struck = s.strikes(c.request.Method)
		c.record.Struck = len(c.struck) > 0
		p.calls = append(p.calls, c)
	}
	return p
}

// bearer is the token of the header.
func bearer(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// record keeps the calls of a POST that takes no effect.
func (p *post) record() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for _, c := range p.calls {
		p.s.calls = append(p.s.calls, c.record)
	}
}

// run does the calls of a POST, one after the other: an error of one does not
// concern the others.
func (p *post) run() []response {
	var out []response
	for _, c := range p.calls {
		result, err := p.do(c)
		id := c.request.ID
		if id == nil && c.failed == nil {
			continue // a notification is not answered
		}
		if id == nil {
			id = json.RawMessage("null")
		}
		if err != nil {
			out = append(out, response{Version: "2.0", Error: err, ID: id})
			continue
		}
		out = append(out, response{Version: "2.0", Result: &result, ID: id})
	}
	return out
}

// do does one call and records it.
func (p *post) do(c *incoming) (any, *Error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	result, err := p.call(c)
	for _, f := range c.struck {
		if f.Error != nil {
			err = f.Error
		}
	}
	if err != nil && err.Code == codeFake {
		p.s.unknown = append(p.s.unknown, err.Data)
	}
	c.record.Err = err
	p.s.calls = append(p.s.calls, c.record)
	return result, err
}

// call does one call unless a fault keeps it from taking effect.
func (p *post) call(c *incoming) (any, *Error) {
	if c.failed != nil {
		return nil, c.failed
	}
	for _, f := range c.struck {
		if f.Error != nil && !f.Effect {
			return nil, f.Error
		}
	}
	token, header := p.token(c)
	result, err := p.s.dispatch(c.request, token, header)
	if err != nil {
		return nil, asError(err)
	}
	return result, nil
}

// token is the token of a call, and whether it is the header's.
func (p *post) token(c *incoming) (token *string, header bool) {
	if t := bearer(p.r); t != "" && p.s.dialect.headerAuth {
		return &t, true
	}
	return c.request.Auth, false
}

// secret are the parameters whose values are never recorded.
var secret = map[string]bool{"password": true, "passwd": true, "tls_psk": true, "token": true, "sessionid": true}

// redact replaces the secrets in a call's parameters.
func redact(params json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(params))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	b, err := json.Marshal(redacted(v))
	if err != nil {
		return nil
	}
	return b
}

func redacted(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = redacted(v[i])
		}
	case map[string]any:
		hidden := secretMacro(v)
		for name := range v {
			if secret[name] || name == "value" && hidden {
				v[name] = "***"
				continue
			}
			v[name] = redacted(v[name])
		}
	}
	return v
}

// secretMacro tells whether an object is a macro whose value is secret, or may be
// one.
func secretMacro(o map[string]any) bool {
	_, known := o["hostmacroid"]
	hidden := text(o["type"]) == "1" || known && o["type"] == nil
	return hidden && (o["macro"] != nil || known)
}
