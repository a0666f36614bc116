package zabbix

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// update is one host's ordered calls.
type update struct {
	id    string
	calls []Call
}

// Create implements [Hosts]. A caller whose context ends waits all the same:
// what was sent takes effect.
func (s *Store) Create(ctx context.Context, h NewHost) (*Host, error) {
	return s.creates.ask(ctx, h, false)
}

// Update implements [Hosts].
func (s *Store) Update(ctx context.Context, id string, calls []Call) (*Host, error) {
	return s.updates.ask(ctx, update{id, calls}, false)
}

// Delete implements [Hosts].
func (s *Store) Delete(ctx context.Context, id string) error {
	_, err := s.deletes.ask(ctx, id, false)
	return err
}

// array sends elements of one method as one call. An array takes effect as a
// whole or not at all: the element that is refused is taken out with its error,
// and the rest is sent again. also is a call that goes along with each POST; its
// last answer is returned.
func (s *Store) array(ctx context.Context, method string, elements []any, also *api.Call) ([]error, *api.Answer) {
	errs := make([]error, len(elements))
	var last *api.Answer
	s.send(ctx, method, elements, errs, also, func(a api.Answer) { last = &a })
	return errs, last
}

// send sends elements and writes what came of each into errs.
func (s *Store) send(ctx context.Context, method string, elements []any, errs []error, also *api.Call, heard func(api.Answer)) {
	calls := []api.Call{{Method: method, Params: elements}}
	if also != nil {
		calls = append(calls, *also)
	}
	answers, err := s.api.Write(ctx, calls...)
	if err == nil {
		err = answers[0].Err
		if also != nil {
			heard(answers[1])
		}
	}
	var refusal *api.Error
	switch {
	case err == nil:
		return
	case !errors.As(err, &refusal) || len(elements) == 1 || errors.Is(err, api.ErrMethod):
		for i := range errs {
			errs[i] = err
		}
		return
	}
	at, end := culprit(refusal.Data, elements)
	if end > at { // one element: by itself, to be sure, and the others without it
		s.send(ctx, method, elements[at:end], errs[at:end], also, heard)
		rest := slices.Concat(elements[:at], elements[end:])
		left := make([]error, len(rest))
		s.send(ctx, method, rest, left, also, heard)
		copy(errs[:at], left[:at])
		copy(errs[end:], left[at:])
		return
	}
	half := len(elements) / 2
	s.send(ctx, method, elements[:half], errs[:half], also, heard)
	s.send(ctx, method, elements[half:], errs[half:], also, heard)
}

// place is how the API names an element: Invalid parameter "/3/host": ...
var place = regexp.MustCompile(`^Invalid parameter "/(\d+)(?:/|")`)

// culprit finds the element that a refusal speaks of, as a range of one; an
// empty one when it does not tell. A name counts only if one element alone has
// it.
func culprit(said string, elements []any) (at, end int) {
	if m := place.FindStringSubmatch(said); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n >= 1 && n <= len(elements) {
			return n - 1, n
		}
	}
	for i, e := range elements {
		p, _ := e.(map[string]any)
		name, _ := p["host"].(string)
		if name == "" || !strings.Contains(said, `"`+name+`"`) {
			continue
		}
		if end > at {
			return 0, 0
		}
		at, end = i, i+1
	}
	return at, end
}

// create makes hosts and reads them back in the same POST.
func (s *Store) create(ctx context.Context, hosts []NewHost) []outcome[*Host] {
	v, err := s.api.Version(ctx)
	if err != nil {
		return allFailed[*Host](len(hosts), err)
	}
	names := make([]string, len(hosts))
	elements := make([]any, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
		elements[i] = v.Host(h.Params)
	}
	back := api.Call{Method: "host.get", Params: hostQuery(v, object{"filter": object{"host": names}})}
	errs, answer := s.array(ctx, "host.create", elements, &back)
	s.again(ctx, hosts, elements, errs)
	out := s.made(ctx, hosts, errs, answer)
	var fresh []*Host
	for _, o := range out {
		fresh = append(fresh, o.answer)
	}
	s.ahead.learn(nil, fresh)
	return out
}

// again sends once more what the server's database refused: two first inserts
// met, and nothing was made.
func (s *Store) again(ctx context.Context, hosts []NewHost, elements []any, errs []error) {
	for i := range hosts {
		if !errors.Is(errs[i], api.ErrDatabase) {
			continue
		}
		if there, err := s.FreshByName(ctx, hosts[i].Name); err != nil || there != nil {
			continue
		}
		one, _ := s.array(ctx, "host.create", elements[i:i+1], nil)
		errs[i] = one[0]
	}
}

// made tells which hosts are there now. Of those whose answer was lost it looks
// for the mark of this run.
func (s *Store) made(ctx context.Context, hosts []NewHost, errs []error, answer *api.Answer) []outcome[*Host] {
	found := s.byNames(ctx, answer)
	out := make([]outcome[*Host], len(hosts))
	var missing []lookup
	var at []int
	for i, h := range hosts {
		if errs[i] == nil && found[h.Name] != nil {
			out[i].answer = found[h.Name].copy()
			continue
		}
		if out[i].err = errs[i]; errs[i] == nil || errors.Is(errs[i], provision.ErrConnectionLost) {
			missing, at = append(missing, lookup{"host", h.Name}), append(at, i)
		}
	}
	if len(missing) == 0 {
		return out
	}
	for k, o := range s.lookUp(ctx, missing) {
		i := at[k]
		out[i] = readBack(hosts[i], errs[i], o)
	}
	return out
}

// readBack tells what a look for a host found that was made, or may have been.
func readBack(h NewHost, err error, found outcome[*Host]) outcome[*Host] {
	switch {
	case found.err == nil && found.answer != nil && (err == nil || found.answer.Mark.Run == h.Run):
		return outcome[*Host]{answer: found.answer}
	case err == nil:
		return outcome[*Host]{err: fmt.Errorf("%w: the host %q was made, and could not be read back: %w",
			provision.ErrConnectionLost, h.Name, errors.Join(found.err, ErrGone))}
	}
	return outcome[*Host]{err: err}
}

// byNames are the hosts of an answer by their names; none without an answer.
func (s *Store) byNames(ctx context.Context, answer *api.Answer) map[string]*Host {
	found := map[string]*Host{}
	if answer == nil {
		return found
	}
	if list, err := s.hostsOf(ctx, *answer); err == nil { // else they are asked for again
		for _, h := range list {
			found[h.Name] = h
		}
	}
	return found
}

// allFailed gives all questions the same error.
func allFailed[A any](n int, err error) []outcome[A] {
	out := make([]outcome[A], n)
	for i := range out {
		out[i].err = err
	}
	return out
}

// update makes the calls of several hosts: the first of each in arrays by
// method, then the second of each, and so on; a host whose call is refused gets
// no further one. The last POST reads back.
func (s *Store) update(ctx context.Context, hosts []update) []outcome[*Host] {
	v, err := s.api.Version(ctx)
	if err != nil {
		return allFailed[*Host](len(hosts), err)
	}
	out := make([]outcome[*Host], len(hosts))
	ids := make([]string, len(hosts))
	rounds := 0
	for i, h := range hosts {
		ids[i] = h.id
		rounds = max(rounds, len(h.calls))
	}
	back := api.Call{Method: "host.get", Params: hostQuery(v, object{"hostids": ids})}
	var answer *api.Answer
	for round := range rounds {
		for _, method := range methods(hosts, round) {
			if a := s.round(ctx, v, hosts, out, round, method, &back); a != nil {
				answer = a
			}
		}
	}
	s.readBack(ctx, hosts, out, answer)
	return out
}

// methods are the methods of a round, in a fixed order.
func methods(hosts []update, round int) []string {
	var list []string
	for _, h := range hosts {
		if round < len(h.calls) && !slices.Contains(list, h.calls[round].Method) {
			list = append(list, h.calls[round].Method)
		}
	}
	slices.Sort(list)
	return list
}

// round sends the calls of one round and method.
func (s *Store) round(ctx context.Context, v api.Version, hosts []update, out []outcome[*Host], round int, method string, back *api.Call) *api.Answer {
	var elements []any
	var at []int
	for i, h := range hosts {
		if out[i].err == nil && round < len(h.calls) && h.calls[round].Method == method {
			elements, at = append(elements, v.Host(h.calls[round].Params)), append(at, i)
		}
	}
	if len(elements) == 0 {
		return nil
	}
	errs, answer := s.array(ctx, method, elements, back)
	for k, i := range at {
		if errs[k] != nil {
			out[i].err = &PartialError{Done: round, Err: errs[k]}
		}
	}
	return answer
}

// readBack gives every host that was changed as it is now.
func (s *Store) readBack(ctx context.Context, hosts []update, out []outcome[*Host], answer *api.Answer) {
	var list []*Host
	var err error
	if answer != nil {
		list, err = s.hostsOf(ctx, *answer)
	}
	ids := make([]string, len(hosts))
	for i, h := range hosts {
		ids[i] = h.id
		for _, f := range list {
			if f.ID == h.id {
				out[i].answer = f.copy()
			}
		}
		if out[i].err == nil && out[i].answer == nil {
			out[i].err = &PartialError{Done: len(h.calls), Err: fmt.Errorf("%w: hostid %s was changed, and could not be read back: %w",
				provision.ErrConnectionLost, h.id, errors.Join(err, ErrGone))}
		}
	}
	s.ahead.learn(ids, list)
}

// delete deletes hosts. One that is gone is no error: the API does not tell
// whether it is, or may not be deleted, so it is looked for.
func (s *Store) delete(ctx context.Context, ids []string) []outcome[struct{}] {
	elements := make([]any, len(ids))
	for i, id := range ids {
		elements[i] = id
	}
	errs, _ := s.array(ctx, "host.delete", elements, nil)
	out := make([]outcome[struct{}], len(ids))
	for i, id := range ids {
		out[i].err = errs[i]
		if errors.Is(errs[i], api.ErrPermission) {
			out[i].err = s.goneOr(ctx, id, errs[i])
		}
	}
	s.ahead.learn(ids, nil)
	return out
}

// goneOr is nil when a host is not there any more, else err.
func (s *Store) goneOr(ctx context.Context, id string, err error) error {
	all, asked := s.catalog.SeesAll(ctx)
	if asked != nil || !all {
		return err
	}
	if o := s.lookUp(ctx, []lookup{{"hostids", id}})[0]; o.err != nil || o.answer != nil {
		return err
	}
	return nil
}
