// Package keystest is the suite that the test of every key driver runs: what
// the rest of stella relies on, whatever holds the key.
//
// A driver's test makes a key for each algorithm and hands the suite the means
// to open it:
//
//	keystest.Run(t, keystest.Suite{
//		Algorithms: keys.Algorithms(),
//		New:        func(t *testing.T, a keys.Algorithm) keystest.Fixture { … },
//	})
package keystest

import (
	"crypto"
	"slices"
	"testing"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Suite says what to test.
type Suite struct {
	// Algorithms are those that the driver has; at least one.
	Algorithms []keys.Algorithm
	// New makes a key of an algorithm. It is called once for each algorithm.
	New func(t *testing.T, a keys.Algorithm) Fixture
	// Deterministic lists algorithms whose signatures must be the same each time.
	Deterministic []keys.Algorithm
}

// Fixture is one key and the ways to open it, or fail to. What a driver has no
// notion of stays zero, and its test does not run.
type Fixture struct {
	// Driver opens Ref, with the right secret at hand.
	Driver keys.Driver
	// Ref names the key.
	Ref keys.Ref
	// Public is the key's public half, known by another way than the driver.
	Public crypto.PublicKey
	// Verifier verifies what the key signs; nil for the ordinary one of Public.
	Verifier dsse.Verifier
	// Missing names a key that does not exist.
	Missing keys.Ref
	// MissingReason is why Missing fails; empty is fault.InputNotFound.
	MissingReason fault.Reason
	// WrongSecret is a driver that gives the wrong passphrase or PIN for Ref;
	// nil if the keys of this driver have none. It comes after every signer of
	// Driver was closed.
	WrongSecret keys.Driver
	// WrongSecretReason is why it fails; empty is fault.PassphraseWrong.
	WrongSecretReason fault.Reason
	// MissingDevice names a key in a device that is not there.
	MissingDevice Refusal
	// MissingModule names a key behind a library or program that is not there.
	MissingModule Refusal
	// Ambiguous fits several keys.
	Ambiguous Refusal
	// NearMiss misspells the name of a key; the hint has the right name.
	NearMiss Refusal
	// Damaged names a key whose halves do not belong together; the zero Ref if
	// such a key cannot be made.
	Damaged keys.Ref
	// Secrets are strings that no error may hold: passphrases, PINs, and
	// private material in the encodings in which it could leak.
	Secrets []string
	// TakeAway takes the device away while it is in use, after which signing is
	// fault.DeviceFailed. It is the last thing that happens to the key.
	TakeAway func()
}

// Refusal is a reference that must not open.
type Refusal struct {
	Ref keys.Ref
	// Reason is why.
	Reason fault.Reason
	// Hint is what the hint has to contain, such as the name that was meant.
	Hint string
}

func (r Refusal) given() bool { return r.Reason != "" }

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if len(s.Algorithms) == 0 {
		t.Fatal("suite without an algorithm")
	}
	for _, a := range s.Algorithms {
		t.Run(string(a), func(t *testing.T) {
			c := &check{suite: s, algorithm: a, Fixture: s.New(t, a)}
			c.uses(t)
			c.refusals(t)
			if c.TakeAway != nil {
				t.Run("device taken away", c.takenAway)
			}
		})
	}
}

// uses runs what works.
func (c *check) uses(t *testing.T) {
	t.Run("signs what verifies", c.signs)
	t.Run("public key is the right one", c.public)
	if slices.Contains(c.suite.Deterministic, c.algorithm) {
		t.Run("deterministic", c.deterministic)
	}
	t.Run("concurrent use", c.concurrent)
	t.Run("context cancelled", c.cancelled)
}

// refusals runs what fails.
func (c *check) refusals(t *testing.T) {
	t.Run("missing key", c.missing)
	if c.WrongSecret != nil {
		t.Run("wrong secret", c.wrongSecret)
	}
	if c.Damaged.Name() != "" {
		t.Run("damaged key", c.damaged)
	}
	for _, row := range []struct {
		name string
		Refusal
	}{
		{"missing device", c.MissingDevice},
		{"missing module", c.MissingModule},
		{"ambiguous", c.Ambiguous},
		{"near miss", c.NearMiss},
	} {
		if row.given() {
			t.Run(row.name, func(t *testing.T) { c.refused(t, row.Refusal) })
		}
	}
	t.Run("another scheme is absent", c.otherScheme)
}
