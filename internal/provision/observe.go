package provision

import "context"

// Observe opens the target, waits for a pending commit to end and reads the
// running state. Of the result Running and Warnings are set: what became of a
// commit that was waited for is a warning. Errors are of type *[Error].
func Observe(ctx context.Context, t Target, emit func(Event)) (Result, error) {
	r := newRun(Request{Target: t, DryRun: true, Emit: emit})
	err := r.observe(ctx)
	r.cleanUp(ctx)
	r.res.Outcome = OutcomeOK
	return r.finish(err)
}

// observe reads the running state into the result.
func (r *run) observe(ctx context.Context) error {
	if err := r.begin(ctx, r.settled); err != nil {
		return err
	}
	return r.step(StepRead, func(*note) error {
		s, err := ask(ctx, r.link, callLimit, r.link.session.Read)
		if err == nil {
			r.res.Running = s
		}
		return err
	})
}
