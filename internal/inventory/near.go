package inventory

import (
	"cmp"
	"slices"
	"strings"
)

// Near returns up to five of names that a person may have meant by name, the
// nearest first: those at an edit distance of at most a third of its length,
// and those that contain it.
func Near(name string, names []string) []string {
	type candidate struct {
		name string
		dist int
	}
	limit := max(1, len(name)/3)
	var found []candidate
	lower := strings.ToLower(name)
	for _, n := range names {
		d := distance(lower, strings.ToLower(n))
		if d > limit && (lower == "" || !strings.Contains(strings.ToLower(n), lower)) {
			continue
		}
		found = append(found, candidate{n, d})
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.dist, b.dist), strings.Compare(a.name, b.name))
	})
	near := make([]string, 0, 5)
	for _, c := range found[:min(5, len(found))] {
		near = append(near, c.name)
	}
	return near
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
