package provision

import "time"

// verdict is what to do about a sighting.
type verdict int

const (
	toWait      verdict = iota // look again
	toConfirm                  // ours is on and waits
	toUndo                     // ours is there and must go
	isOn                       // for good
	isOnDespite                // for good, although it was to be undone
	isBack                     // the target is what it was before
	isElsewhere                // none of these
)

// confirmTries is how often Confirm is called while the commit is seen to wait.
const confirmTries = 3

// judge decides what to do.
func (a *aftermath) judge(s sighting) verdict {
	switch {
	case s.pending != nil && !a.mine(s.pending):
		return toWait // another run's commit; what is running may be gone in a moment
	case s.pending != nil:
		return a.judgePending(s)
	case s.where == unseen || !a.still():
		return toWait
	case s.where == before:
		return isBack
	case s.where == complete && a.undoing:
		return isOnDespite
	case s.where == complete:
		return isOn
	case a.rolled || a.caps.ConfirmedCommit:
		return isElsewhere
	}
	return toUndo
}

// judgePending decides about a commit of ours that waits.
func (a *aftermath) judgePending(s sighting) verdict {
	if s.where == complete && !a.undoing && a.confirms < confirmTries {
		return toConfirm
	}
	if s.told || !a.still() {
		return toWait
	}
	return toUndo
}

// mine tells that a pending commit was made by this run, as far as the target
// tells.
func (a *aftermath) mine(p *Pending) bool {
	return (p.ID == "" || p.ID == a.req.CommitID) && (p.Holder == "" || p.Holder == a.req.Holder)
}

// quiet is how long a target without a lock is watched after a lost connection.
const quiet = 10 * time.Second

// still tells that nothing of our commit can be going on behind a lost
// connection: we hold the lock, which the target gives when the old session is
// gone. Without a lock we can only watch for a while.
func (a *aftermath) still() bool {
	if a.answered || a.undoing || a.holds || time.Now().After(a.deadline) {
		return true
	}
	return !a.caps.Lock && time.Since(a.ended) > quiet
}
