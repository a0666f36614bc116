package zabbixtest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// kind describes a type of object to a query.
type kind[T any] struct {
	name string // for errors: "host"
	pk   string
	// fields are what "extend" gives; hidden ones may be asked for by name and
	// filtered by; foreign ones belong to other versions and are left out.
	fields, hidden, foreign []string
	// sortable are the fields that a sortfield may name.
	sortable []string
	// strict kinds give the id only if it is asked for, and refuse foreign fields.
	strict bool
	get    func(T, string) any
	// related adds what the call's selects ask for.
	related func(T, object) error
}

// query is what all get calls have in common.
type query struct {
	output              *fields
	filter, search      object
	any, start          bool
	sort                []string
	desc                []string
	limit               int
	count, group, keyed bool
	wildcards, editable bool
}

func (a *args) query() query {
	q := query{output: a.fields("output"), limit: -1}
	if q.output == nil {
		q.output = &fields{all: true}
	}
	if v, ok := a.take("filter"); ok {
		q.filter, _ = v.(object)
	}
	if v, ok := a.take("search"); ok {
		q.search, _ = v.(object)
	}
	if v, ok := a.take("limit"); ok {
		q.limit, _ = number(v)
	}
	if v, ok := a.take("sortfield"); ok {
		q.sort = texts(v)
	}
	if v, ok := a.take("sortorder"); ok {
		q.desc = texts(v)
	}
	q.any, q.start = a.flag("searchByAny"), a.flag("startSearch")
	q.wildcards = a.flag("searchWildcardsEnabled")
	q.count, q.group, q.keyed, q.editable = a.flag("countOutput"), a.flag("groupCount"), a.flag("preservekeys"), a.flag("editable")
	return q
}

// answer filters, sorts and cuts rows and gives what the query asks for.
func answer[T any](k kind[T], q query, rows []T) (any, error) {
	kept := make([]T, 0, len(rows))
	for _, r := range rows {
		ok, err := matches(k, q, r)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, r)
		}
	}
	if q.count {
		return strconv.Itoa(len(kept)), nil
	}
	if err := order(k, q, kept); err != nil {
		return nil, err
	}
	if q.limit > 0 && len(kept) > q.limit {
		kept = kept[:q.limit]
	}
	return render(k, q, kept)
}

// render gives the rows as an array, or by id.
func render[T any](k kind[T], q query, rows []T) (any, error) {
	known := k.fields
	if !q.output.all {
		known = append(slices.Clip(k.fields), k.hidden...)
	}
	always, foreign := []string{k.pk}, k.foreign
	if k.strict {
		always, foreign = nil, nil
		if err := k.refuse(q); err != nil {
			return nil, err
		}
	}
	out, keyed := []any{}, object{}
	for _, r := range rows {
		o, err := q.output.pick(k.name, known, foreign, always, func(f string) any { return k.get(r, f) })
		if err != nil {
			return nil, err
		}
		if k.related != nil {
			if err := k.related(r, o); err != nil {
				return nil, err
			}
		}
		out = append(out, o)
		keyed[text(k.get(r, k.pk))] = o
	}
	// PHP writes an empty array for both.
	if q.keyed && len(out) > 0 {
		return keyed, nil
	}
	return out, nil
}

// refuse refuses fields that a strict kind does not have.
func (k kind[T]) refuse(q query) error {
	for i, f := range q.output.names {
		if !slices.Contains(k.fields, f) {
			return invalid("/output"+at(i), "value must be one of \"%s\"", strings.Join(k.fields, `", "`))
		}
	}
	return nil
}

func (k kind[T]) has(field string) (bool, error) {
	switch {
	case slices.Contains(k.fields, field), slices.Contains(k.hidden, field):
		return true, nil
	case k.strict:
		return false, invalid("/filter", "unexpected parameter %q", field)
	case slices.Contains(k.foreign, field):
		return false, nil
	}
	return false, unimplemented("field %q of %s in a filter, search or order", field, k.name)
}

// matches tells whether a row passes filter and search. With searchByAny one
// field is enough.
func matches[T any](k kind[T], q query, row T) (bool, error) {
	filtered, err := filterVerdicts(k, q, row)
	if err != nil {
		return false, err
	}
	searched, err := searchVerdicts(k, q, row)
	if err != nil {
		return false, err
	}
	verdicts := append(filtered, searched...)
	if len(verdicts) == 0 {
		return true, nil
	}
	if q.any {
		return slices.Contains(verdicts, true), nil
	}
	return !slices.Contains(verdicts, false), nil
}

// filterVerdicts tells of each field of the filter whether a row passes it.
func filterVerdicts[T any](k kind[T], q query, row T) ([]bool, error) {
	var verdicts []bool
	for _, field := range slices.Sorted(maps.Keys(q.filter)) {
		want := q.filter[field]
		known, err := k.has(field)
		if err != nil {
			return nil, err
		}
		// An empty list filters nothing, unlike an empty list of ids.
		if wanted, isList := want.([]any); !known || want == nil || isList && len(wanted) == 0 {
			continue
		}
		verdicts = append(verdicts, slices.Contains(texts(want), text(k.get(row, field))))
	}
	return verdicts, nil
}

// searchVerdicts tells the same of each field of the search.
func searchVerdicts[T any](k kind[T], q query, row T) ([]bool, error) {
	var verdicts []bool
	for _, field := range slices.Sorted(maps.Keys(q.search)) {
		known, err := k.has(field)
		if err != nil {
			return nil, err
		}
		if !known || q.search[field] == nil {
			continue
		}
		verdicts = append(verdicts, q.found(text(k.get(row, field)), texts(q.search[field])))
	}
	return verdicts, nil
}

// found tells whether a value holds all that is searched for; with searchByAny
// one pattern is enough.
func (q query) found(value string, patterns []string) bool {
	match := func(p string) bool {
		if q.wildcards && strings.Contains(p, "*") {
			return glob(strings.ToLower(value), strings.ToLower(p))
		}
		return like(value, p, q.start)
	}
	if q.any {
		return slices.ContainsFunc(patterns, match)
	}
	return !slices.ContainsFunc(patterns, func(p string) bool { return !match(p) })
}

// glob matches a pattern with asterisks.
func glob(value, pattern string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(value, parts[0]) {
		return false
	}
	value = value[len(parts[0]):]
	for i, p := range parts[1:] {
		if i == len(parts)-2 {
			return strings.HasSuffix(value, p)
		}
		at := strings.Index(value, p)
		if at < 0 {
			return false
		}
		value = value[at+len(p):]
	}
	return value == ""
}

// order sorts rows; without a sortfield they stay in the order of their ids.
func order[T any](k kind[T], q query, rows []T) error {
	for _, f := range q.sort {
		if !slices.Contains(k.sortable, f) {
			return denied("Sorting by field %q not allowed.", f)
		}
	}
	slices.SortStableFunc(rows, func(a, b T) int {
		for i, f := range q.sort {
			c := compare(text(k.get(a, f)), text(k.get(b, f)))
			if len(q.desc) > 0 && strings.EqualFold(q.desc[min(i, len(q.desc)-1)], "DESC") {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return nil
}

// compare compares numbers by their value, everything else as text.
func compare(x, y string) int {
	n, err := strconv.Atoi(x)
	if err != nil {
		return cmp.Compare(x, y)
	}
	m, err := strconv.Atoi(y)
	if err != nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(n, m)
}

// keep filters rows.
func keep[T any](rows []T, f func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(rows), func(r T) bool { return !f(r) })
}

// ids gives a list of ids as the API writes them.
func idTexts(ids []int) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.Itoa(id)
	}
	return out
}
