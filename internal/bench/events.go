package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// event is what the benchmark reads of a line of the provider's events_file.
type event struct {
	Step    string  `json:"step"`
	Outcome string  `json:"outcome"`
	MS      float64 `json:"duration_ms"`
}

// steps adds the events of the last command to a row, and forgets them.
func (b *bench) steps(w *workspace, row string) error {
	name := filepath.Join(w.dir, "events.jsonl")
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	into := b.collected.Steps[row]
	if into == nil {
		into = map[string][]float64{}
		b.collected.Steps[row] = into
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if e.Outcome != "skipped" {
			into[e.Step] = append(into[e.Step], e.MS)
		}
	}
	return errors.Join(lines.Err(), os.Remove(name))
}
