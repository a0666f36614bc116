package report

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// SmallestKey is how many bytes a key of Effects has at least.
const SmallestKey = 32

// ErrFailedPlan is what Effects fails with when the plan cannot be applied.
var ErrFailedPlan = errors.New("the plan failed: there is nothing to agree to")

// Effect is what a plan does with one resource. Two plans have the same effect
// when all their effects are equal.
type Effect struct {
	Address     string   `json:"address"`
	Actions     []string `json:"actions"`
	Fingerprint string   `json:"fingerprint"`
}

// Effects reads the output of "terraform show -json PLANFILE" and gives what the
// plan does, by address. Data sources, outputs and what stays as it is are left
// out: they change nothing but the state.
//
// A fingerprint covers the whole resource before and after, sensitive values
// included, but what only says when the plan was made: hashes with a random salt,
// and what of the device or host the change does not touch. It is keyed
// (HMAC-SHA-256), so that a short secret cannot be guessed from it.
func Effects(plan io.Reader, key []byte) ([]Effect, error) {
	if len(key) < SmallestKey {
		return nil, fmt.Errorf("the key has %d bytes, want at least %d: make one with openssl rand -hex 32", len(key), SmallestKey)
	}
	effects, problem := []Effect{}, error(nil)
	add := func(rc *tfjson.ResourceChange, reason string) {
		if rc == nil || rc.Mode == tfjson.DataResourceMode || rc.Change == nil || actionOf(rc.Change) == ActionNone && rc.PreviousAddress == "" {
			return
		}
		fingerprint, err := fingerprint(rc, reason, key)
		problem = errors.Join(problem, err)
		effects = append(effects, Effect{Address: address(rc), Actions: actions(rc.Change), Fingerprint: fingerprint})
	}
	keys := planKeys{
		drift:  func(*tfjson.ResourceChange) {},
		change: func(rc *tfjson.ResourceChange) { add(rc, "") },
		later:  func(d *tfjson.DeferredResourceChange) { add(d.ResourceChange, "deferred: "+d.Reason) },
	}
	if err := errors.Join(keys.read(plan), problem); err != nil {
		return nil, err
	}
	if keys.failed {
		return nil, ErrFailedPlan
	}
	slices.SortFunc(effects, func(a, b Effect) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	return effects, nil
}

// address is the address, with the key of a deposed object.
func address(rc *tfjson.ResourceChange) string {
	if rc.DeposedKey == "" {
		return rc.Address
	}
	return rc.Address + " (deposed " + rc.DeposedKey + ")"
}

// actions are Terraform's, and an import.
func actions(c *tfjson.Change) []string {
	list := []string{}
	for _, a := range c.Actions {
		list = append(list, string(a))
	}
	if c.Importing != nil {
		list = append(list, "import")
	}
	return list
}

// fingerprint is a keyed digest of what happens to a resource.
func fingerprint(rc *tfjson.ResourceChange, reason string, key []byte) (string, error) {
	c := rc.Change
	text, err := json.Marshal(map[string]any{
		"address": address(rc), "previous": rc.PreviousAddress, "type": rc.Type, "actions": actions(c), "reason": reason,
		"before": lasting(rc.Type, c.Before), "after": lasting(rc.Type, c.After), "unknown": lasting(rc.Type, c.AfterUnknown),
		"importing": c.Importing, "replace": c.ReplacePaths,
	})
	if err != nil {
		return "", fmt.Errorf("%s: making the fingerprint: %w", rc.Address, err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// fleeting are the attributes of the provider that differ from run to run though
// the effect is the same: hashes have a random salt, and the rest tells of what
// the change does not touch.
func fleeting(name string) bool {
	return slices.Contains([]string{
		"running_hash", "intended_hash", "secret_macros_hash", "tls_psk_hash", "unmanaged_lines", "agent_state", "diff_by",
	}, name)
}

// runningPart is the part of change_id that tells of all that runs. What is left
// tells what is intended, where a difference hides a secret.
var runningPart = regexp.MustCompile(`^running [^,]*, `)

// lasting is a side of a change without what is fleeting.
func lasting(kind string, tree any) any {
	object, ok := tree.(map[string]any)
	if !ok || kind != typeDevice && kind != typeHost {
		return tree
	}
	object = maps.Clone(object)
	maps.DeleteFunc(object, func(name string, _ any) bool { return fleeting(name) })
	if id, ok := object["change_id"].(string); ok {
		object["change_id"] = runningPart.ReplaceAllString(id, "")
	}
	return object
}
