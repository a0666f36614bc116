package inventory

import "slices"

// Clone keeps callers of a source from changing each other's devices.
func (d Device) Clone() Device {
	d.Tags = slices.Clone(d.Tags)
	d.CustomFields = cloneMap(d.CustomFields)
	return d
}

// Clone keeps callers of a source from changing each other's virtual machines.
func (v VirtualMachine) Clone() VirtualMachine {
	v.Tags = slices.Clone(v.Tags)
	v.CustomFields = cloneMap(v.CustomFields)
	return v
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
