package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Choose returns the one of the objects of a name that is meant; they are of one
// kind and have the name. Errors match ErrNotFound, or ErrAmbiguous and list the
// choices; where says which source they are of.
func Choose(ref Ref, named []Object, where string) (Object, error) {
	meant := slices.DeleteFunc(slices.Clone(named), func(o Object) bool {
		return (ref.Site != "" && o.Site != ref.Site) || (ref.Tenant != "" && o.Tenant != ref.Tenant)
	})
	switch {
	case len(meant) == 1:
		return meant[0], nil
	case len(meant) > 1:
		return Object{}, fmt.Errorf("%q is %w in %s; set site or tenant to choose one: %s", ref.Name, ErrAmbiguous, where, choices(meant))
	case len(named) > 0:
		return Object{}, fmt.Errorf("%q is %w %s%s; there are: %s", ref.Name, ErrNotFound, where, narrowed(ref), choices(named))
	}
	return Object{}, fmt.Errorf("%q is %w %s", ref.Name, ErrNotFound, where)
}

// NotFound says that no object of a kind has the name, which names are near, and
// whether the name is one of the other kind.
func NotFound(ref Ref, where string, names []string, other bool) error {
	hint := ""
	if near := Near(ref.Name, names); len(near) > 0 {
		hint = "; near names: " + strings.Join(near, ", ")
	}
	if other {
		hint += "; it is a " + string(ref.Kind.Other()) + " there"
	}
	return fmt.Errorf("%q is %w %s (%d %ss)%s", ref.Name, ErrNotFound, where, len(names), ref.Kind, hint)
}

// narrowed says what else than the name was asked for.
func narrowed(ref Ref) string {
	text := ""
	if ref.Site != "" {
		text += fmt.Sprintf(" at site %q", ref.Site)
	}
	if ref.Tenant != "" {
		text += fmt.Sprintf(" of tenant %q", ref.Tenant)
	}
	return text
}

// choices lists objects of one name.
func choices(objects []Object) string {
	var list []string
	for _, o := range objects {
		list = append(list, fmt.Sprintf("site %q, tenant %q (%s)", o.Site, o.Tenant, cmp.Or(o.URL, o.ID)))
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}
