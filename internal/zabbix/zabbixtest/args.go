package zabbixtest

import (
	"bytes"
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// object is an object of JSON; numbers are json.Number.
type object = map[string]any

// decode reads a call's parameters.
func decode(params json.RawMessage) any {
	d := json.NewDecoder(bytes.NewReader(params))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // checked when it came in
	return v
}

// text gives a scalar as PHP would print it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "1"
		}
	}
	return ""
}

// number reads an integer, which may be a string.
func number(v any) (int, bool) {
	n, err := strconv.Atoi(text(v))
	return n, err == nil
}

// truth reads a flag: it is set by any value but null, false, "", 0 and "0".
func truth(v any) bool {
	t := text(v)
	return t != "" && t != "0"
}

// list gives a scalar or an object as a list of one; null is nil.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	case object:
		if len(v) == 0 {
			return nil // PHP does not tell {} from []
		}
		return []any{v}
	}
	return []any{v}
}

// values gives the values of a list, or of an object: to PHP they are the same.
func values(v any) []any {
	o, ok := v.(object)
	if !ok {
		return list(v)
	}
	out := []any{}
	for _, name := range sortedKeys(o) {
		out = append(out, o[name])
	}
	return out
}

// texts gives a scalar or list as texts; never nil.
func texts(v any) []string {
	out := []string{}
	for _, e := range list(v) {
		out = append(out, text(e))
	}
	return out
}

// numbers gives a scalar or list as ids; what is no number is no id.
func numbers(v any) []int {
	out := []int{}
	for _, e := range list(v) {
		if n, ok := number(e); ok {
			out = append(out, n)
		}
	}
	return out
}

// args are the parameters of a get; what nobody takes is not implemented.
type args struct {
	method string
	obj    object
	taken  map[string]bool
}

func newArgs(method string, params any) *args {
	obj, ok := params.(object)
	if !ok {
		obj = object{}
	}
	return &args{method: method, obj: obj, taken: map[string]bool{}}
}

// take gives a parameter; null is as good as absent.
func (a *args) take(name string) (any, bool) {
	a.taken[name] = true
	v := a.obj[name]
	return v, v != nil
}

// ids takes a list of ids; nil when it is absent.
func (a *args) ids(name string) []int {
	v, ok := a.take(name)
	if !ok {
		return nil
	}
	return numbers(v)
}

func (a *args) flag(name string) bool {
	v, _ := a.take(name)
	return truth(v)
}

// ignore takes parameters that this version does not look at.
func (a *args) ignore(names ...string) {
	for _, n := range names {
		a.taken[n] = true
	}
}

// done refuses what nobody took.
func (a *args) done() error {
	var left []string
	for name := range a.obj {
		if !a.taken[name] {
			left = append(left, name)
		}
	}
	if len(left) == 0 {
		return nil
	}
	sort.Strings(left)
	return unimplemented("parameter %s of %s", strings.Join(left, ", "), a.method)
}

// fields are the fields of an output or select.
type fields struct {
	all   bool
	count bool
	names []string
}

// fields takes an output or a select; nil when it is absent.
func (a *args) fields(name string) *fields {
	v, ok := a.take(name)
	if !ok {
		return nil
	}
	switch text(v) {
	case "extend":
		return &fields{all: true}
	case "count":
		return &fields{count: true}
	}
	return &fields{names: texts(v)}
}

// pick gives the fields of one object. The id is always among them if it is in
// always. What is known of another version is left out in silence.
func (f *fields) pick(what string, known, foreign, always []string, get func(string) any) (object, error) {
	names := f.names
	if f.all {
		names = known
	}
	out := object{}
	for _, n := range always {
		out[n] = get(n)
	}
	for _, n := range names {
		switch {
		case slices.Contains(known, n):
			out[n] = get(n)
		case slices.Contains(foreign, n):
		default:
			return nil, unimplemented("field %q of %s", n, what)
		}
	}
	return out, nil
}
