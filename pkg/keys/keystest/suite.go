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
	"testing"

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

// Fixture is one key and the ways to open it, or fail to.
type Fixture struct {
	// Driver opens Ref, with the right secret at hand.
	Driver keys.Driver
	// Ref names the key.
	Ref keys.Ref
	// Public is the key's public half, known by another way than the driver.
	Public crypto.PublicKey
	// Missing names a key that does not exist.
	Missing keys.Ref
	// WrongSecret is a driver that gives the wrong passphrase or PIN for Ref;
	// nil if the keys of this driver have none.
	WrongSecret keys.Driver
	// Damaged names a key whose halves do not belong together; the zero Ref if
	// such a key cannot be made.
	Damaged keys.Ref
	// Secrets are strings that no error may hold: passphrases, PINs, and
	// private material in the encodings in which it could leak.
	Secrets []string
}

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if len(s.Algorithms) == 0 {
		t.Fatal("suite without an algorithm")
	}
	for _, a := range s.Algorithms {
		t.Run(string(a), func(t *testing.T) {
			c := &check{suite: s, algorithm: a, Fixture: s.New(t, a)}
			t.Run("signs what verifies", c.signs)
			t.Run("public key is the right one", c.public)
			t.Run("deterministic", c.deterministic)
			t.Run("concurrent use", c.concurrent)
			t.Run("context cancelled", c.cancelled)
			t.Run("missing key", c.missing)
			if c.WrongSecret != nil { // else the driver's keys have no secret
				t.Run("wrong secret", c.wrongSecret)
			}
			if c.Damaged.Name() != "" { // else its halves cannot be torn apart
				t.Run("damaged key", c.damaged)
			}
			t.Run("another scheme is absent", c.otherScheme)
		})
	}
}
