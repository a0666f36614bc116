package inventory

import "slices"

// Clone keeps callers of a source from changing each other's objects.
func (o Object) Clone() Object {
	o.Tags = slices.Clone(o.Tags)
	o.CustomFields = cloneMap(o.CustomFields)
	o.ConfigContext = cloneMap(o.ConfigContext)
	return o
}

func cloneMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = cloneValue(v)
	}
	return out
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return cloneMap(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = cloneValue(v[i])
		}
		return out
	}
	return v
}
