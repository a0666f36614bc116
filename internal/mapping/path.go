package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// roots are what a path can begin with, which is what an object can have, and
// whether something can be below it. A source of truth that knows more of its
// objects adds it here.
var roots = map[string]bool{
	"cluster": false, "config_context": true, "custom_fields": true, "dns_name": false, "driver": false, "host": false, "id": false,
	"kind": false, "location": false, "model": false, "name": false, "oob_ip": false, "platform": false, "port": false,
	"primary_ip4": false, "primary_ip6": false, "role": false, "site": false,
	"status": false, "tags": true, "tenant": false, "url": false, "vendor": false,
}

// rootNames are the names of roots, sorted.
func rootNames() []string { return slices.Sorted(maps.Keys(roots)) }

// at is what a path leads to; nothing, an empty text and null are not found.
func (o Object) at(path string) (any, bool) {
	first, rest, more := strings.Cut(path, ".")
	v := o.root(first)
	for more && v != nil {
		var step string
		step, rest, more = strings.Cut(rest, ".")
		v = within(v, step)
	}
	return v, v != nil && v != ""
}

// root is what a path that begins so begins with: a field of the object, else
// one of its values.
func (o Object) root(name string) any {
	switch name {
	case "kind":
		return string(o.Kind)
	case "id":
		return o.ID
	case "name":
		return o.Name
	case "site":
		return o.Site
	case "role":
		return o.Role
	case "platform":
		return o.Platform
	case "cluster":
		return o.Cluster
	case "tags":
		tags := make([]any, len(o.Tags))
		for i, t := range o.Tags {
			tags[i] = t
		}
		return tags
	}
	return o.Values[name]
}

// within is one step of a path: a key of a map, an index of a list. Where it
// leads nowhere it is nil.
func within(v any, step string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[step]
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
	}
	return nil
}

// text is the plain form of a text, a number or a truth.
func text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return "", errors.New("the path leads to something that is not a number")
		}
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case int, int64, uint64, json.Number:
		return fmt.Sprint(v), nil
	case []any:
		return "", errors.New("the path leads to a list, and one value is needed: add an index to the path, such as .0")
	case map[string]any:
		return "", fmt.Errorf("the path leads to an object: add one of its keys to the path (%s)",
			strings.Join(slices.Sorted(maps.Keys(v)), ", "))
	}
	return "", fmt.Errorf("the path leads to %s, which has no text", typeName(v))
}

// typeName is what a value is, in words.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int, int64, uint64, float64, json.Number:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("a %T", v)
}
