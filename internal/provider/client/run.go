package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Job says what to do with a device: the arguments of a run that come from the
// resource.
type Job struct {
	Config         []byte
	DryRun         bool
	Replace        bool
	Commit         bool
	Save           bool
	ConfirmTimeout time.Duration
	Approved       *provision.Approval
	// About is what the run is for, where that is not the intended configuration;
	// for events and journal. Empty otherwise.
	About string
	// Tell hears of every step as it ends, without secrets; nil for nobody.
	Tell func(provision.Event)
}

// Run runs the core on a device, with the shared session, events, backups and
// limits of this provider configuration. Errors are of type *provision.Error
// or *AttributeError: for "config" when the driver cannot use the text, for
// "host" when a device of another name has been run at the same address in
// this process.
func (c *Client) Run(ctx context.Context, e Endpoint, job Job) (provision.Result, error) {
	if err := c.claim(e); err != nil {
		return provision.Result{}, err
	}
	if err := e.Driver.CheckConfig(job.Config); err != nil {
		return provision.Result{}, attributeError("config", "%s: the intended configuration: %w", e.Device.Name, err)
	}
	req := provision.Request{
		Target: c.pool.Target(e.Driver, e.Device),
		Intent: device.NewConfig(e.Driver, job.Config),
		DryRun: job.DryRun, Replace: job.Replace, Commit: job.Commit, Save: job.Save,
		ConfirmTimeout: job.ConfirmTimeout, Approved: job.Approved,
		// The same in every process: a later run finds what a killed one left.
		CommitID: "provision:" + e.Device.Name,
		Holder:   c.holder(),
		Emit:     c.teller(ctx, e.Device.Redact, job.Tell),
		Budget:   c.budget,
	}
	if c.backups != nil {
		req.Backup = func(s provision.Snapshot) (string, error) { return c.backup(e.Device.Name, e.Driver.Name(), s) }
	}
	if job.About != "" {
		req.Emit(provision.Event{
			Time: time.Now(), Name: e.Device.Name, Driver: e.Driver.Name(), DryRun: job.DryRun,
			Step: provision.StepRead, Outcome: provision.OutcomeOK, Message: job.About,
		})
	}
	res, err := provision.Run(ctx, req)
	if !job.DryRun {
		res.Warnings = append(res.Warnings, c.journal(ctx, e.Inventory, noted{res: res, failed: err, about: job.About}, e.Device.Redact)...)
	}
	res.Warnings = append(res.Warnings, c.takeWarnings()...)
	return res, err
}

// holder names this process's run to others.
func (c *Client) holder() string {
	return fmt.Sprintf("terraform-provider-provision run %s (%s)", c.cfg.Run.ID, c.cfg.Run.Actor)
}

// Observe reads what is running on a device: Running and Warnings of the result
// are set. Errors are of type *provision.Error.
func (c *Client) Observe(ctx context.Context, e Endpoint) (provision.Result, error) {
	return provision.Observe(ctx, c.pool.Target(e.Driver, e.Device), c.emitter(ctx, e.Device.Redact))
}

// Skipped writes the event of a device that was left out because of cause.
func (c *Client) Skipped(ctx context.Context, name, driver string, cause error) {
	step := provision.StepOpen
	if perr := (*provision.Error)(nil); errors.As(cause, &perr) {
		step = perr.Step
	}
	c.emitter(ctx, c.Redact)(provision.Event{
		Time: time.Now(), Name: name, Driver: driver, DryRun: true,
		Step: step, Outcome: provision.OutcomeSkipped, Message: "not checked", Err: cause,
	})
}

// claim notes that the device has this address, and fails if another one has
// it. Two resources of one name cannot be told from one that is read, planned
// and applied; only runs claim, since a Read may know a former name.
func (c *Client) claim(e Endpoint) error {
	var key strings.Builder
	for _, hop := range e.Device.SSH.Jump {
		key.WriteString(hostPort(hop.Host, hop.Port) + " -> ")
	}
	key.WriteString(hostPort(e.Device.Host, e.Port))
	c.mu.Lock()
	defer c.mu.Unlock()
	other, taken := c.addresses[key.String()]
	if taken && other != e.Device.Name {
		return attributeError("host", "%s and %s have the same address %s: one device, two names. Give each its own, or remove one",
			other, e.Device.Name, key.String())
	}
	c.addresses[key.String()] = e.Device.Name
	return nil
}

func hostPort(host string, port int) string {
	return net.JoinHostPort(strings.ToLower(host), strconv.Itoa(port))
}
