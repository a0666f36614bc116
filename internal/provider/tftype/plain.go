package tftype

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// UnknownError tells that a part of a value is known only at apply.
type UnknownError struct {
	// Steps lead to the part: texts for names and keys, ints for indexes. None
	// is the value itself.
	Steps []any
}

// Error implements error.
func (e *UnknownError) Error() string {
	if len(e.Steps) == 0 {
		return "it is not known until apply"
	}
	return Dotted(e.Steps) + " is not known until apply"
}

// Plain turns a value of any type, dynamic ones included, into plain Go: nil,
// bool, string, int64 (a json.Number for a whole number that does not fit),
// float64, []any, map[string]any. An error is an *UnknownError.
func Plain(v attr.Value) (any, error) { return plain(v, nil) }

// plain is [Plain] of the part of a value that steps lead to.
func plain(v attr.Value, steps []any) (any, error) {
	switch {
	case v == nil || v.IsNull():
		return nil, nil
	case v.IsUnknown():
		return nil, &UnknownError{Steps: slices.Clone(steps)}
	}
	switch v := v.(type) {
	case types.Dynamic:
		return plain(v.UnderlyingValue(), steps)
	case types.String:
		return v.ValueString(), nil
	case types.Bool:
		return v.ValueBool(), nil
	case types.Number:
		return number(v.ValueBigFloat()), nil
	case types.Int64:
		return v.ValueInt64(), nil
	case types.Float64:
		return v.ValueFloat64(), nil
	}
	return plainCollection(v, steps)
}

// plainCollection is [plain] of what has elements.
func plainCollection(v attr.Value, steps []any) (any, error) {
	switch v := v.(type) {
	case interface{ Elements() []attr.Value }: // list, set, tuple
		return plainList(v.Elements(), steps)
	case types.Map:
		return plainMap(v.Elements(), steps)
	case types.Object:
		return plainMap(v.Attributes(), steps)
	}
	return nil, fmt.Errorf("there is no plain form of %T: this is a bug in the provider", v)
}

func plainList(elements []attr.Value, steps []any) (any, error) {
	list := make([]any, len(elements))
	for i, e := range elements {
		var err error
		if list[i], err = plain(e, append(steps, i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func plainMap(elements map[string]attr.Value, steps []any) (any, error) {
	m := make(map[string]any, len(elements))
	for name, e := range elements {
		var err error
		if m[name], err = plain(e, append(steps, name)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// number keeps whole numbers exact.
func number(f *big.Float) any {
	if !f.IsInt() {
		x, _ := f.Float64()
		return x
	}
	if i, exact := f.Int64(); exact == big.Exact {
		return i
	}
	return json.Number(f.Text('f', 0))
}

// At is the path of a part of the value at base: texts of steps are names,
// ints are indexes.
func At(base path.Path, steps []any) path.Path {
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			base = base.AtName(step)
		case int:
			base = base.AtListIndex(step)
		}
	}
	return base
}

// Dotted writes steps as one does in a configuration: devices[2].sites.
func Dotted(steps []any) string {
	var b strings.Builder
	for i, step := range steps {
		switch step := step.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(step) + "]")
		case string:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		}
	}
	return b.String()
}
