package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/device"
)

// builder turns the provider block and the environment into plain Go. The
// block wins over the environment; an error stands at its attribute, also when
// the value came from the environment.
type builder struct {
	ctx     context.Context
	env     environ
	drivers []device.Driver
	files   bool // files that the configuration names may be looked at
	diags   diag.Diagnostics
	unknown []string // attributes whose values are known only at apply
}

// errorf adds an error at an attribute.
func (b *builder) errorf(at path.Path, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	summary := "Invalid provider configuration"
	if !at.Equal(path.Empty()) {
		summary += ": " + at.String()
	}
	b.diags.AddAttributeError(at, summary, text)
}

// isUnknown notes an unknown value and tells about it.
func (b *builder) isUnknown(at path.Path, v attr.Value) bool {
	if v.IsUnknown() {
		b.unknown = append(b.unknown, at.String())
		return true
	}
	return false
}

// text is a string of the block or of a variable.
func (b *builder) text(at path.Path, v types.String, variable string) string {
	if b.isUnknown(at, v) {
		return ""
	}
	if v.ValueString() != "" {
		return v.ValueString()
	}
	return b.env[variable]
}

// number is a number of the block or of a variable, at least 0.
func (b *builder) number(at path.Path, v types.Int64, variable string, otherwise int64) int {
	n := otherwise
	switch text := b.env[variable]; {
	case b.isUnknown(at, v):
		return 0
	case !v.IsNull():
		n = v.ValueInt64()
	case text != "":
		var err error
		if n, err = strconv.ParseInt(text, 10, 32); err != nil {
			b.errorf(at, "%s: %q is not a number.", variable, text)
			return 0
		}
	}
	if n < 0 || n > 1<<31-1 {
		b.errorf(at, "%d is not a number from 0 on.", n)
		return 0
	}
	return int(n)
}

// port is a TCP port of the block or of a variable; 0 when there is none.
func (b *builder) port(at path.Path, v types.Int64, variable string) int {
	if p := v.ValueInt64(); !v.IsNull() && !v.IsUnknown() && (p < 1 || p > 65535) {
		b.errorf(at, "%d is not a TCP port (1 to 65535).", p)
		return 0
	}
	n := b.number(at, v, variable, 0)
	if n > 65535 {
		b.errorf(at, "%s: %d is not a TCP port (1 to 65535).", variable, n)
		return 0
	}
	return n
}

// duration is a time of the block or of a variable; 0 when there is none.
func (b *builder) duration(at path.Path, v types.String, variable string) time.Duration {
	text := b.text(at, v, variable)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		b.errorf(at, "%q is not a duration above zero, such as \"15s\" or \"2m\".", text)
		return 0
	}
	return d
}

// truth is a yes or no of the block or of a variable.
func (b *builder) truth(at path.Path, v types.Bool, variable string) bool {
	text := b.env[variable]
	if b.isUnknown(at, v) || !v.IsNull() || text == "" {
		return v.ValueBool()
	}
	yes, err := strconv.ParseBool(text)
	if err != nil {
		b.errorf(at, "%s: %q is neither true nor false.", variable, text)
	}
	return yes
}

// list is a list of the block, or a variable split at sep; nil when there is
// none.
func (b *builder) list(at path.Path, v types.List, variable, sep string) []string {
	if b.isUnknown(at, v) {
		return nil
	}
	if v.IsNull() {
		return split(b.env[variable], sep)
	}
	values := []string{}
	for i, e := range v.Elements() {
		s, _ := e.(types.String)
		if b.isUnknown(at.AtListIndex(i), s) {
			continue
		}
		if s.ValueString() == "" {
			b.errorf(at.AtListIndex(i), "An empty value means nothing here: leave it out.")
		}
		values = append(values, s.ValueString())
	}
	return values
}

// table is a map of the block, or of key=value in a variable; nil when there
// is none.
func (b *builder) table(at path.Path, v types.Map, variable string) map[string]string {
	if b.isUnknown(at, v) {
		return nil
	}
	values := map[string]string{}
	if v.IsNull() {
		for _, kv := range split(b.env[variable], ",") {
			key, value, ok := strings.Cut(kv, "=")
			if !ok {
				b.errorf(at, "%s: each entry has the form key=value.", variable)
				return nil
			}
			values[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
		return values
	}
	for key, e := range v.Elements() {
		s, _ := e.(types.String)
		if !b.isUnknown(at.AtMapKey(key), s) {
			values[key] = s.ValueString()
		}
	}
	return values
}

// split cuts a text into its parts without the blanks around them; nil for
// nothing.
func split(text, sep string) []string {
	var parts []string
	for _, p := range strings.Split(text, sep) {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}
