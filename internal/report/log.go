package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Notice is something that a person should know.
type Notice struct {
	ID      string // of the change that it is about; may be empty
	Address string
	Who     string
	Summary string
	Detail  string
	Rows    []Row
}

// How the provider's warnings begin, or go on after the name.
const (
	sayNotChecked = "NOT CHECKED: "
	sayDrifted    = ": changed outside Terraform since run "
	sayCheck      = "Check block assertion failed" // Terraform's own
)

// maxLogLine is the longest line of a log that is read.
const maxLogLine = 16 << 20

// message is a line of "terraform plan -json". The JSON type of diagnostics knows
// no address.
type message struct {
	Type       string `json:"type"`
	Tofu       string `json:"tofu"` // OpenTofu's version, where Terraform says "terraform"
	Diagnostic struct {
		tfjson.Diagnostic
		Address string `json:"address"`
	} `json:"diagnostic"`
}

// readLog takes the warnings and errors from the lines of "terraform plan -json".
// Lines that are no JSON are those of something else that wrote to the same file.
func (p *Plan) readLog(r io.Reader) error {
	p.HasLog = true
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), maxLogLine)
	found := false
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil || m.Type == "" {
			continue
		}
		found = true
		switch {
		case m.Type == "diagnostic":
			p.notice(&m)
		case m.Type == "version" && m.Tofu != "":
			p.Engine = "OpenTofu"
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	if !found {
		return errors.Join(ErrInput, errors.New("the log has no line of terraform plan -json"))
	}
	return nil
}

// notice sorts a diagnostic. What the source looks like (its snippet) is left out:
// it can hold values.
func (p *Plan) notice(m *message) {
	d := m.Diagnostic
	n := &Notice{Address: cut(oneLine(d.Address), maxLine), Summary: cut(oneLine(d.Summary), maxLine), Detail: cut(clean(strings.TrimSpace(d.Detail)), maxValue)}
	switch {
	case d.Severity == tfjson.DiagnosticSeverityError:
		p.Errors = append(p.Errors, n)
	case strings.HasPrefix(n.Summary, sayNotChecked):
		p.NotChecked = append(p.NotChecked, n)
	case strings.Contains(n.Summary, sayDrifted):
		p.told(n)
	default:
		p.Warnings = append(p.Warnings, n)
	}
}

// told puts the provider's own warning, which names the run, in the place of
// what the plan's JSON says of the same thing.
func (p *Plan) told(n *Notice) {
	for i, known := range p.Drifted {
		if known.Address == n.Address {
			n.Rows = known.Rows
			p.Drifted[i] = n
			return
		}
	}
	p.Drifted = append(p.Drifted, n)
}
