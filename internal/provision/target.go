package provision

import (
	"context"
	"time"
)

// Target is one thing that can be provisioned. Implementations are safe for
// concurrent use; the sessions they open are not.
type Target interface {
	// Name is the object's name in the source of truth. Errors and events
	// carry it.
	Name() string

	// Driver names the kind of target, as in the configuration ("frr").
	Driver() string

	// Open gives a session. With fresh it must log in anew and must not hand
	// out a connection that existed before the call: a fresh session is the
	// proof that the target can still be managed. Without fresh a kept,
	// still living connection may be used again.
	//
	// Errors: [ErrUnreachable] when no connection could be made, [ErrAuth]
	// when the target or its host key was refused.
	Open(ctx context.Context, fresh bool) (Session, error)
}

// Session is one consistent view of a target. Every method returns when its
// context ends. A method whose connection broke returns an error that matches
// [ErrConnectionLost]; whether the target did what was asked is then unknown,
// and the caller must read it again.
type Session interface {
	// Capabilities tells what this target can do, asked of the target itself.
	Capabilities() Capabilities

	// Pending returns the commit that waits for its confirmation, nil if
	// there is none. It changes nothing on the target.
	Pending(ctx context.Context) (*Pending, error)

	// Read returns what is running now. It changes nothing on the target.
	// An empty answer where there must be one is an error, never "deleted".
	Read(ctx context.Context) (Snapshot, error)

	// Lock keeps other operators out until Unlock or Close. The lock goes
	// when the connection goes: a killed run leaves none. A lock that somebody
	// else holds is a [LockedError]. A target without Capabilities.Lock
	// returns nil.
	Lock(ctx context.Context, holder string) error

	// Unlock gives the lock back; without one it does nothing.
	Unlock(ctx context.Context) error

	// Stage asks the target what would change. It leaves the running state as
	// it is. Whatever it puts on the target (a candidate, a file, a lock of
	// the candidate) is gone after Change.Discard or Close, and when the
	// connection breaks. An intent that the target refuses is a
	// [RejectedError]; nothing is left behind then.
	Stage(ctx context.Context, intent Intent, opts StageOptions) (Change, error)

	// Confirm makes the pending commit with this id permanent. It is called
	// on a fresh session. Without such a commit it returns [ErrNoPending].
	Confirm(ctx context.Context, id string) error

	// Rollback undoes the pending commit with this id now. Without such a
	// commit it returns [ErrNoPending].
	Rollback(ctx context.Context, id string) error

	// Save copies the running configuration to the startup configuration.
	// A target without Capabilities.Startup returns nil.
	Save(ctx context.Context) error

	// Close ends the session and leaves nothing of it on the target.
	Close() error
}

// Capabilities tells what a target can do.
type Capabilities struct {
	Lock            bool // others can be kept out while we work
	ConfirmedCommit bool // undoes a commit by itself unless it is confirmed
	Startup         bool // keeps a startup configuration apart from running
	DeviceDiff      bool // computes the difference itself
	// ViaAPI: the target is changed through the API of a management system, not
	// through itself. A commit cannot cut off the way to it, and Commit takes
	// back what it did when it fails half way, so that no warning is due.
	ViaAPI bool
	// Notes are sentences for the plan about what this target cannot do.
	Notes []string
}

// Intent is what a target should become. The core hands it on unread.
type Intent interface {
	// Digest is a hex SHA-256 of the intent in its canonical form.
	Digest() string
}

// StageOptions are the options of the dry run.
type StageOptions struct {
	// Replace makes the intent the whole configuration; without it the intent
	// is merged into what is there.
	Replace bool
	// Verify asks the target to check the intent as far as it can without
	// committing it. It is set in a dry run and may be left out before a
	// commit, which checks again anyway.
	Verify bool
}

// Snapshot is the state of a target at one moment.
type Snapshot struct {
	// Digest is a hex SHA-256 of the canonical form: equal for equal states,
	// whatever the order or the timestamps in the target's answer.
	Digest string
	// Raw is the target's own text, an intent for the same state where it can be
	// one. It holds secrets: for backups only.
	Raw []byte
}

// Change is what a target would do about an intent. It lives as long as the
// session that staged it.
type Change interface {
	// Before is the running state that the change starts from.
	Before() Snapshot

	// Diff is the difference, redacted. An empty one means that the running
	// state is what the intent asks for.
	Diff() Diff

	// Unsaved tells that what the intent asks for is not, or not all, in the
	// startup configuration.
	Unsaved() bool

	// Commit makes the change. With Capabilities.ConfirmedCommit the target
	// arms its revert timer before the first change, and undoes everything by
	// itself unless Confirm comes within opts.Window. Commit returns the
	// pending commit, nil on a target without the capability.
	//
	// An error means that the change may be on, off or half way: the caller
	// reads the target again. A pending commit beside an error tells that the
	// timer was armed and the change begun. ErrStale without one tells that
	// nothing was begun, because running is not what the change was staged on;
	// ErrNotBegun without one, for another reason.
	// A lock that would keep out Confirm from another session is given up by
	// Commit.
	Commit(ctx context.Context, opts CommitOptions) (*Pending, error)

	// Verify reads the running state through s, which may be another session
	// than the one that staged the change, and tells how it compares with
	// the change.
	Verify(ctx context.Context, s Session) (Verification, error)

	// Discard takes back what Stage put on the target. It may be called after
	// Commit, and more than once.
	Discard(ctx context.Context) error
}

// CommitOptions are the options of a commit.
type CommitOptions struct {
	// ID names the commit on the target, so that another process finds it.
	ID string
	// Holder says who commits: it is shown to others who find the commit.
	Holder string
	// Window is the time within which Confirm must come. A target that counts
	// in coarser units rounds up; Pending.Deadline tells the result.
	Window time.Duration
}

// Verification is the state of a target seen against a change.
type Verification struct {
	// Running is the state as it was read.
	Running Snapshot
	// Remaining is what the intent asks for and the target does not have;
	// empty when the change is on completely. It also names what the target
	// lost although the plan did not show it.
	Remaining Diff
	// Unsaved tells that the startup configuration lacks the intent.
	Unsaved bool
}

// Pending is a commit that waits for its confirmation on the target.
type Pending struct {
	ID     string // empty if the target does not tell (NETCONF has no question for it)
	Holder string // who made it, as far as the target tells
	// Deadline is when the target undoes it; zero if the target does not tell.
	Deadline time.Time
	// Stuck tells that the target's timer is gone, so that it undoes nothing
	// by itself: Rollback or Confirm must.
	Stuck bool
}
