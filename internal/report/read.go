package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	tfjson "github.com/hashicorp/terraform-json"
)

// ErrInput is what reading fails with when the input is not what it should be.
var ErrInput = errors.New("this is not the expected input")

// errEmpty is what reading fails with when there is no input at all.
var errEmpty = fmt.Errorf("%w: there is no plan: the input is empty. Did terraform show fail?", ErrInput)

// planKeys take the parts of a plan that a report needs, one object at a time: a
// plan can be large, and most of it is state and configuration, which is skipped.
type planKeys struct {
	dec    *json.Decoder
	head   tfjson.Plan // of it only what is small
	failed bool        // "errored"
	seen   bool        // a format version was there
	some   bool        // and something of a plan

	drift   func(*tfjson.ResourceChange)
	change  func(*tfjson.ResourceChange)
	later   func(*tfjson.DeferredResourceChange)
	outputs map[string]*tfjson.Change
}

// read goes through a plan from its beginning to its end.
func (p *planKeys) read(r io.Reader) error {
	buffered := bufio.NewReaderSize(r, 1<<16)
	if err := sniff(buffered); err != nil {
		return err
	}
	p.dec = json.NewDecoder(buffered)
	p.dec.UseNumber()
	if err := p.object(p.key); err != nil {
		return fmt.Errorf("reading the plan: %w", explain(err))
	}
	switch {
	case !p.seen:
		return fmt.Errorf("%w: the JSON has no format_version: give the output of terraform show -json PLANFILE", ErrInput)
	case !p.some: // what show says without a file where there is no state
		return fmt.Errorf("%w: the JSON holds no plan: give the output of terraform show -json PLANFILE", ErrInput)
	}
	return nil
}

// sniff tells what else people give in place of a plan.
func sniff(r *bufio.Reader) error {
	start, err := r.Peek(2)
	switch {
	case errors.Is(err, io.EOF):
		return errEmpty
	case err != nil:
		return fmt.Errorf("reading the plan: %w", err)
	case string(start) == "PK":
		return fmt.Errorf("%w: this is the saved plan itself: give the output of terraform show -json PLANFILE", ErrInput)
	}
	return nil
}

// explain says what broken JSON can come from.
func explain(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the JSON ends too early: %w", ErrInput, io.ErrUnexpectedEOF)
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return fmt.Errorf("%w: no JSON at byte %d: %w", ErrInput, syntax.Offset, err)
	}
	return err
}

// key takes the value of a key of the plan.
func (p *planKeys) key(name string) error {
	switch name {
	case "format_version":
		return p.version()
	case "@level", "@message":
		return fmt.Errorf("%w: these are the lines of terraform plan -json: give them with -log, and the output of terraform show -json PLANFILE as the plan", ErrInput)
	case "values", "resources", "lineage":
		return fmt.Errorf("%w: this is a state, not a plan: give the output of terraform show -json PLANFILE", ErrInput)
	case "terraform_version":
		return p.dec.Decode(&p.head.TerraformVersion)
	}
	p.some = true
	return p.part(name)
}

// part takes a part of a plan.
func (p *planKeys) part(name string) error {
	switch name {
	case "timestamp":
		return p.dec.Decode(&p.head.Timestamp)
	case "complete":
		return p.dec.Decode(&p.head.Complete)
	case "errored":
		return p.dec.Decode(&p.failed)
	case "checks":
		return p.dec.Decode(&p.head.Checks)
	case "output_changes":
		return p.dec.Decode(&p.outputs)
	case "resource_drift":
		return each(p.dec, p.drift)
	case "resource_changes":
		return each(p.dec, p.change)
	case "deferred_changes":
		return each(p.dec, p.later)
	}
	return skip(p.dec)
}

// version refuses a format that may mean something else.
func (p *planKeys) version() error {
	if err := p.dec.Decode(&p.head.FormatVersion); err != nil {
		return err
	}
	p.seen = true
	if err := p.head.Validate(); err != nil {
		return fmt.Errorf("%w: %w: use a provider that is as new as the Terraform that made the plan", ErrInput, err)
	}
	return nil
}

// object calls back for each key of an object; the callback takes its value.
func (p *planKeys) object(value func(name string) error) error {
	if err := delimiter(p.dec, '{'); err != nil {
		return err
	}
	for p.dec.More() {
		name, err := p.dec.Token()
		if err != nil {
			return err
		}
		if err := value(fmt.Sprint(name)); err != nil {
			return fmt.Errorf("%v: %w", name, err)
		}
	}
	return delimiter(p.dec, '}')
}

// each decodes the elements of a list one by one; null is an empty list.
func each[T any](dec *json.Decoder, take func(*T)) error {
	token, err := dec.Token()
	if err != nil || token == nil {
		return err
	}
	if token != json.Delim('[') {
		return fmt.Errorf("%w: %v is no list", ErrInput, token)
	}
	for dec.More() {
		var element T
		if err := dec.Decode(&element); err != nil {
			return err
		}
		take(&element)
	}
	return delimiter(dec, ']')
}

// delimiter takes a bracket.
func delimiter(dec *json.Decoder, want json.Delim) error {
	token, err := dec.Token()
	if err == nil && token != want {
		return fmt.Errorf("%w: %v where %v should be", ErrInput, token, want)
	}
	return err
}

// skip goes over a value without keeping it.
func skip(dec *json.Decoder) error {
	depth := 0
	for {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
