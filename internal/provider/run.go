package provider

import (
	"crypto/rand"
	"encoding/hex"
	"os/user"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
)

// runIDForm keeps run ids fit for file names, logs and what devices show.
const runIDForm = `^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}$`

// newRunID makes an id that sorts by time: 20060102T150405Z-1a2b3c4d.
func newRunID() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails, says crypto/rand
	return time.Now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b)
}

// run says who works and why, from the environment.
func (b *builder) run(ownID string) eventlog.Run {
	run := eventlog.Run{ID: b.env["PROVISION_RUN_ID"], Actor: b.env["PROVISION_ACTOR"], Trigger: b.env["PROVISION_TRIGGER"]}
	if run.ID == "" {
		run.ID = ownID
	}
	if ok, _ := regexp.MatchString(runIDForm, run.ID); !ok {
		b.errorf(path.Empty(), "PROVISION_RUN_ID: at most 128 letters, digits and . _ : @ / + - are allowed, a letter or digit first")
	}
	if run.Actor == "" {
		run.Actor = systemUser()
	}
	if len(run.Actor) > 128 || strings.ContainsFunc(run.Actor, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		b.errorf(path.Empty(), "PROVISION_ACTOR: at most 128 bytes without control characters are allowed")
	}
	if run.Trigger == "" {
		run.Trigger = eventlog.TriggerDemand
	}
	if !slices.Contains(eventlog.Triggers(), run.Trigger) {
		b.errorf(path.Empty(), "PROVISION_TRIGGER: %q is none of %s", run.Trigger, strings.Join(eventlog.Triggers(), ", "))
	}
	return run
}

// systemUser is the user of the system as whom the process runs.
func systemUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}
