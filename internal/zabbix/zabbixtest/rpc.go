package zabbixtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Error is an error of JSON-RPC, as Zabbix answers it.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data"`
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s %s (%d)", e.Message, e.Data, e.Code) }

// The codes that Zabbix uses; which of them is not to be relied on.
const (
	codeParse       = -32700
	codeRequest     = -32600
	codeMethod      = -32601
	codeParams      = -32602
	codeApplication = -32500
	codeInternal    = -32603
	// codeFake is none of Zabbix: the fake does not know what it was asked for.
	codeFake = -32099
)

// refused is what Zabbix says of wrong parameters.
func refused(format string, args ...any) *Error {
	return &Error{codeParams, "Invalid params.", fmt.Sprintf(format, args...)}
}

// denied is what it says of rights, and of what is not there.
func denied(format string, args ...any) *Error {
	return &Error{codeApplication, "Application error.", fmt.Sprintf(format, args...)}
}

// invalid names a parameter by its path.
func invalid(path, format string, args ...any) *Error {
	return refused("Invalid parameter %q: %s.", path, fmt.Sprintf(format, args...))
}

// noObject is the text for objects that are not there or not visible.
const noObject = "No permissions to referred object or it does not exist!"

// badRequest is an error of the envelope.
func badRequest(format string, args ...any) *Error {
	return &Error{codeRequest, "Invalid request.", fmt.Sprintf(format, args...)}
}

// unimplemented is the fake's own error.
func unimplemented(format string, args ...any) *Error {
	return &Error{codeFake, "Not implemented by the fake Zabbix.", fmt.Sprintf(format, args...)}
}

type request struct {
	Method string
	Params json.RawMessage
	Auth   *string
	ID     json.RawMessage // nil: a notification
}

type response struct {
	Version string          `json:"jsonrpc"`
	Result  *any            `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
	ID      json.RawMessage `json:"id"`
}

// serve answers one POST: one request or an array of them.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if !strings.HasSuffix(r.URL.Path, path) {
		page(w, http.StatusNotFound, "404 Not Found")
		return
	}
	if !rightType(r) {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	s.delay(r.Context(), s.opts.Delay)
	requests, batch, failed := parse(body)
	if failed != nil {
		s.mu.Lock()
		s.posts++
		s.mu.Unlock()
		s.answer(w, []response{{Version: "2.0", Error: failed, ID: json.RawMessage("null")}}, false, nil)
		return
	}
	p := s.newPost(r, requests)
	if p.before(w) {
		return
	}
	answers := p.run()
	s.answer(w, answers, batch, p)
}

// rightType tells whether the frontend takes the body for JSON-RPC; it answers
// with an empty page otherwise.
func rightType(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return slices.Contains([]string{"application/json-rpc", "application/json", "application/jsonrequest"}, kind)
}

// page is an answer that is no JSON.
func page(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html><html><head><title>%s</title></head><body><h1>%[1]s</h1></body></html>\n", text)
}

// parse takes the requests of a body apart.
func parse(body []byte) (requests []json.RawMessage, batch bool, err *Error) {
	if !json.Valid(body) {
		return nil, false, &Error{codeParse, "Parse error", "Invalid JSON. An error occurred on the server while parsing the JSON text."}
	}
	trimmed := bytes.TrimSpace(body)
	if trimmed[0] != '[' {
		return []json.RawMessage{trimmed}, false, nil
	}
	if err := json.Unmarshal(trimmed, &requests); err != nil || len(requests) == 0 {
		return nil, true, badRequest("The received JSON is not a valid JSON-RPC request.")
	}
	return requests, true, nil
}

// envelope checks what surrounds a call.
func (d dialect) envelope(raw json.RawMessage) (request, *Error) {
	var r request
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return r, badRequest("Invalid parameter %q: %s.", "/", "an array is expected")
	}
	r.ID = fields["id"]
	if err := d.checkMembers(fields); err != nil {
		return r, err
	}
	if json.Unmarshal(fields["method"], &r.Method) != nil {
		return r, badRequest("Invalid parameter %q: a character string is expected.", "/method")
	}
	if err := r.takeAuth(fields["auth"]); err != nil {
		return r, err
	}
	r.Params = fields["params"]
	if c := bytes.TrimSpace(r.Params)[0]; c != '{' && c != '[' {
		return r, badRequest("Invalid parameter %q: an array or object is expected.", "/params")
	}
	return r, nil
}

// checkMembers checks which members a request has.
func (d dialect) checkMembers(fields map[string]json.RawMessage) *Error {
	for name := range fields {
		switch name {
		case "jsonrpc", "method", "params", "id":
		case "auth":
			if d.bodyAuth {
				continue
			}
			fallthrough
		default:
			return badRequest("Invalid parameter %q: unexpected parameter %q.", "/", name)
		}
	}
	for _, name := range []string{"jsonrpc", "method", "params"} {
		if fields[name] == nil {
			return badRequest("Invalid parameter %q: the parameter %q is missing.", "/", name)
		}
	}
	return nil
}

// takeAuth takes the token of the body, if there is one.
func (r *request) takeAuth(raw json.RawMessage) *Error {
	if raw != nil && json.Unmarshal(raw, &r.Auth) != nil {
		return badRequest("Invalid parameter %q: a character string is expected.", "/auth")
	}
	if r.Auth != nil && *r.Auth == "" {
		return badRequest("Invalid parameter %q: cannot be empty.", "/auth")
	}
	return nil
}

// answer writes the answers of a POST. Requests without id get none.
func (s *Server) answer(w http.ResponseWriter, answers []response, batch bool, p *post) {
	var out any = answers
	if !batch && len(answers) > 0 {
		out = answers[0]
	}
	b, err := json.Marshal(out)
	if len(answers) == 0 {
		b = nil // notifications
	}
	if err != nil {
		page(w, http.StatusInternalServerError, err.Error())
		return
	}
	if p != nil && p.after(w, b) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b)
}

// asError gives the error of JSON-RPC in err.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return denied("%s", err)
}
