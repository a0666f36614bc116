package devicetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// testConfig: what can be said without a device.
func testConfig(t *testing.T, lab Lab) {
	drv, fix := lab.Driver(), lab.Fixture()
	for name, text := range map[string]string{
		"base": fix.Base, "merge": fix.Merge, "replace": fix.Replace,
		"crlf":       strings.ReplaceAll(fix.Base, "\n", "\r\n"),
		"no newline": strings.TrimRight(fix.Base, "\n"),
	} {
		if err := drv.CheckConfig([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "blank": " \n\n", "empty": fix.Empty, "binary": "\x7fELF\x00\x01\n" + fix.Base, "not UTF-8": fix.Base + "\xff\xfe\n",
	} {
		if err := drv.CheckConfig([]byte(text)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	base := drv.Digest([]byte(fix.Base))
	if got := drv.Digest([]byte(strings.ReplaceAll(fix.Base, "\n", "\r\n"))); got != base {
		t.Error("line ends count in the digest")
	}
	if drv.Digest([]byte(fix.Replace)) == base {
		t.Error("two configurations have one digest")
	}
	if drv.DefaultPort() <= 0 || drv.Name() == "" {
		t.Errorf("driver %q, port %d", drv.Name(), drv.DefaultPort())
	}
}

func testRead(t *testing.T, lab Lab) {
	on(t, lab, "stable and without trace", testReadStable)
	on(t, lab, "digest follows the device", testReadFollows)
	on(t, lab, "facts", testFacts)
}

func testReadStable(b *bench) {
	before := b.config()
	s := b.open()
	one, two := b.read(s), b.read(s)
	if one.Digest == "" || len(one.Raw) == 0 || one.Digest != two.Digest {
		b.Errorf("two reads gave %q and %q (%d bytes)", one.Digest, two.Digest, len(one.Raw))
	}
	if p := b.pending(s); p != nil {
		b.Errorf("pending on an untouched device: %+v", p)
	}
	if !s.Alive() {
		b.Error("a session that has just answered is not alive")
	}
	other := b.open()
	if got := b.read(other); got.Digest != one.Digest {
		b.Error("another session reads another state")
	}
	b.close(other)
	b.close(s)
	b.same(before)
}

func testReadFollows(b *bench) {
	s := b.open()
	one := b.read(s)
	b.lab.ChangeByHand(b.T, b.fix.ByHand)
	if b.read(s).Digest == one.Digest {
		b.Error("a change by hand is not in the digest")
	}
	b.lab.Reset(b.T)
	s = b.open()
	if b.read(s).Digest != one.Digest {
		b.Error("the same state has another digest")
	}
	b.close(s)
}

func testFacts(b *bench) {
	s := b.open()
	facts, err := s.Facts(b.Context())
	b.must("facts", err)
	for _, k := range []string{"hostname", "version"} {
		if facts[k] == "" {
			b.Errorf("no fact %q in %v", k, facts)
		}
	}
	b.close(s)
}

func testStage(t *testing.T, lab Lab) {
	on(t, lab, "merge", testStageMerge)
	on(t, lab, "replace", testStageReplace)
	on(t, lab, "nothing to do", testStageNothing)
	on(t, lab, "what runs is an intent", testStageRunning)
	on(t, lab, "the same diff twice", testStageTwice)
	on(t, lab, "change by hand between", testStageByHand)
}

func testStageMerge(b *bench) {
	before := b.config()
	s := b.open()
	c := b.stage(s, b.fix.Merge, false)
	d := c.Diff()
	if !has(d, "+", b.fix.Added) || has(d, "-", b.fix.Extra) {
		b.Errorf("merge shows\n%s", d)
	}
	if d.Unmanaged == 0 {
		b.Error("a merge into a configured device leaves no line alone")
	}
	if d.By != provision.ByDevice && d.By != provision.ByClient {
		b.Errorf("computed by %q", d.By)
	}
	if c.Before().Digest != b.read(s).Digest {
		b.Error("the change does not start from the running state")
	}
	b.same(before)
	b.must("discard", c.Discard(b.Context()))
	b.must("discard again", c.Discard(b.Context()))
	b.close(s)
	b.same(before)
}

func testStageReplace(b *bench) {
	before := b.config()
	s := b.open()
	d := b.stage(s, b.fix.Replace, true).Diff()
	if !has(d, "+", b.fix.Added) || !has(d, "-", b.fix.Extra) {
		b.Errorf("replace shows\n%s", d)
	}
	if d.Unmanaged != 0 {
		b.Errorf("replace leaves %d lines alone", d.Unmanaged)
	}
	b.close(s) // without Discard
	b.same(before)
}

func testStageNothing(b *bench) {
	s := b.open()
	for _, replace := range []bool{false, true} {
		c := b.stage(s, b.fix.Base, replace)
		if !c.Diff().Empty() || c.Unsaved() {
			b.Errorf("replace=%t on itself, unsaved %t, shows\n%s", replace, c.Unsaved(), c.Diff())
		}
		b.must("discard", c.Discard(b.Context()))
	}
	b.close(s)
}

func testStageRunning(b *bench) {
	s := b.open()
	c := b.stage(s, string(b.read(s).Raw), true)
	if !c.Diff().Empty() {
		b.Errorf("what was read, put back, would change\n%s", c.Diff())
	}
	b.must("discard", c.Discard(b.Context()))
	b.close(s)
}

func testStageTwice(b *bench) {
	s := b.open()
	for _, replace := range []bool{false, true} {
		one := b.stage(s, b.fix.Replace, replace).Diff().String()
		s2 := b.open()
		if two := b.stage(s2, b.fix.Replace, replace).Diff().String(); one != two {
			b.Errorf("replace=%t: one device, two diffs:\n%s\n---\n%s", replace, one, two)
		}
		b.close(s2)
	}
	b.close(s)
}

func testStageByHand(b *bench) {
	s := b.open()
	one := b.stage(s, b.fix.Replace, true)
	b.must("discard", one.Discard(b.Context()))
	b.lab.ChangeByHand(b.T, b.fix.ByHand)
	two := b.stage(s, b.fix.Replace, true)
	if one.Before().Digest == two.Before().Digest || one.Diff().String() == two.Diff().String() {
		b.Errorf("a change by hand between two stages does not show:\n%s", two.Diff())
	}
	b.close(s)
}

func testBad(t *testing.T, lab Lab) {
	for _, replace := range []bool{false, true} {
		name := map[bool]string{false: "merge", true: "replace"}[replace]
		on(t, lab, name, func(b *bench) {
			before := b.config()
			s := b.open()
			_, err := s.Stage(b.Context(), b.intent(b.fix.Bad), provision.StageOptions{Replace: replace, Verify: true})
			var rejected *provision.RejectedError
			if !errors.As(err, &rejected) {
				b.Fatalf("a bad configuration gave %v", err)
			}
			if rejected.Message == "" || (rejected.Line != 2 && !b.fix.HasNoTextLines) {
				b.Errorf("the refusal is %+v", rejected)
			}
			c := b.stage(s, b.fix.Base, true)
			if !c.Diff().Empty() {
				b.Errorf("after a refusal the session shows\n%s", c.Diff())
			}
			b.close(s)
			b.same(before)
		})
	}
}

func testSecret(t *testing.T, lab Lab) {
	on(t, lab, "in a diff", testSecretDiff)
	on(t, lab, "changed", testSecretChanged)
	on(t, lab, "in a refusal", testSecretRefusal)
}

func testSecretDiff(b *bench) {
	s := b.open()
	d := b.stage(s, b.fix.WithSecret, false).Diff()
	if d.Empty() || strings.Contains(d.String(), b.fix.Secret) {
		b.Errorf("the secret's diff:\n%s", strings.ReplaceAll(d.String(), b.fix.Secret, "THE SECRET"))
	}
	b.close(s)
}

func testSecretChanged(b *bench) {
	if b.fix.OtherSecret == "" {
		return
	}
	b.lab.ChangeByHand(b.T, b.fix.OtherSecret)
	s := b.open()
	d := b.stage(s, b.fix.WithSecret, false).Diff()
	added, removed := d.Counts()
	if added != 1 || removed != 1 || strings.Contains(d.String(), b.fix.Secret) {
		b.Errorf("a changed secret shows +%d -%d:\n%s", added, removed,
			strings.ReplaceAll(d.String(), b.fix.Secret, "THE SECRET"))
	}
	b.close(s)
}

// testSecretRefusal: the device refuses a configuration with the secret in its
// answer or at the line that is quoted, where it would be told.
func testSecretRefusal(b *bench) {
	before := b.config()
	if len(b.fix.SecretRefused) == 0 {
		b.Fatal("the fixture has no refusal that holds the secret")
	}
	s := b.open()
	for _, text := range b.fix.SecretRefused {
		_, err := s.Stage(b.Context(), b.intent(text), provision.StageOptions{Verify: true})
		var rejected *provision.RejectedError
		if !errors.As(err, &rejected) {
			b.Fatalf("a bad configuration with a secret gave %v", err)
		}
		told := err.Error() + "\n" + rejected.Message + "\n" + rejected.Text
		if strings.Contains(told, b.fix.Secret) || !strings.Contains(told, secret.Mask) {
			b.Errorf("a refusal that holds the secret:\n%s", strings.ReplaceAll(told, b.fix.Secret, "THE SECRET"))
		}
	}
	b.close(s)
	b.same(before)
}
