package lifecycle_test

import "testing"

// subject is a resource and the real things behind it: what the matrix must
// know of them. Methods fail the test on errors.
type subject interface {
	// Type is the resource's type.
	Type() string
	// Reset makes the things what they were before any case and reachable. The
	// provider of the next commands writes its events into dir.
	Reset(t *testing.T, dir string)
	// Provider is HCL that goes before a case's own: the provider block.
	Provider(t *testing.T, dir string) string
	// Page is the guide that tells what was measured.
	Page() page
	// Cases is the matrix with what must come out of it for this subject.
	Cases(t *testing.T) []lifecase
	// Runs tells that a case runs on these things: all do on one version of them,
	// and on others those in which they may differ.
	Runs(c lifecase) bool
	// Words are what stands in the cases' HCL in angle brackets, by name: see
	// the constants of words.
	Words() map[string]string

	// Counts counts since the test began.
	Counts(t *testing.T) counts
	// Look looks at the things, not through the provider.
	Look(t *testing.T) look
	// Leftovers names what is left on the things that no plan and no apply may
	// leave: sessions, locks, files, candidates.
	Leftovers(t *testing.T) []string

	// Drift changes by hand what <first> names; Elsewhere changes something that
	// neither <first> nor <second> names.
	Drift(t *testing.T)
	Elsewhere(t *testing.T)
	// Cut makes the first thing unreachable, Heal undoes it.
	Cut(t *testing.T)
	Heal(t *testing.T)
}

// counts are what the things were asked and what was done to them.
type counts struct {
	contacts int // a device: logins; Zabbix: calls that read
	changes  int // a device: commits; Zabbix: calls that write
}

// since is what came after an earlier count.
func (c counts) since(before counts) counts {
	return counts{c.contacts - before.contacts, c.changes - before.changes}
}

// look is what the things are.
type look struct {
	// Holds says shortly which thing has what, such as "r1: first, r2: second";
	// empty when no thing has anything of the cases.
	Holds string
	// Now is what the things do, as a whole; Saved is what they do after a
	// restart. Equal states give equal texts, so that Now == Saved tells that
	// everything is saved.
	Now, Saved string
}

// The words that every subject has. Bodies are what stands between the braces
// of a resource block.
const (
	wordType      = "type"      // the resource's type
	wordID        = "id"        // import id of the thing of <first>
	wordOtherID   = "other id"  // import id of the thing of <rendered>
	wordFirst     = "first"     // body: a thing and what it shall be
	wordSecond    = "second"    // body: the same thing, something more
	wordBehaviour = "behaviour" // body: <first>, but for what only the provider hears of
	wordOther     = "other"     // body: another thing by name, otherwise <first>
	wordOther2    = "other 2"   // body: another thing by name, otherwise <second>
	wordRendered  = "rendered"  // body: only the name of a third thing, the source of truth has the rest
	wordBroken    = "broken"    // body: <first>, and a change that the thing cannot live with
	wordSkipping  = "skipping"  // body: <first>, left out when it does not answer
	wordLater     = "later"     // body: <first>, what it shall be is terraform_data.later.output
	wordAllowed   = "allowed"   // body: <later>, and leave to apply what was not reviewed
	wordValue     = "value"     // expression: what terraform_data.later hands to <later>, to be <first>
	wordImporting = "importing" // what an import block says besides to and id
	wordValue2    = "value 2"   // expression: the same, to be <second>
)

func words() []string {
	return []string{
		wordType, wordID, wordOtherID, wordFirst, wordSecond, wordBehaviour, wordOther, wordOther2,
		wordRendered, wordBroken, wordSkipping, wordLater, wordAllowed, wordValue, wordValue2, wordImporting,
	}
}
