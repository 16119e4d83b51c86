//go:build interop

package interop

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/mutant"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/internal/testkit/world/oracle"
)

const (
	// mutantsMade and mutantsAsked bound a differential run: how many mutants stella
	// judges, and about how many of those that it accepts each cosign is asked.
	mutantsMade  = 4000
	mutantsAsked = 60
	// usualSeed is what the mutants of CI follow from.
	usualSeed = 1
	// seedVariable is the environment variable with another seed.
	seedVariable = "STELLA_DIFFERENTIAL_SEED"
)

// TestNamedDifferences proves of each difference to cosign that it is one.
func TestNamedDifferences(t *testing.T) {
	w := world.New("interop")
	for _, d := range oracle.Differences() {
		if !slices.Contains(d.Refuse, oracle.CosignV2) {
			continue // TestDifferences of pkg/verify compares with the library
		}
		t.Run(d.Name, func(t *testing.T) {
			e := d.Example(w)
			require.NoError(t, inProcess(t, e, isMessage(e)), "stella accepts it: %s", d.Why)
			dir := laid(t, e)
			eachCosign(t, func(t *testing.T, c cosign) {
				r := c.verifyWorld(t, dir, e, isMessage(e))
				if !slices.Contains(d.Refuse, c.name) {
					accepted(t, r)
					return
				}
				require.NotZero(t, r.status, "%s accepts it by now: take the difference away", c.name)
				assert.Equal(t, d.Name, oracle.Named(c.name, r.stderr, e), "%s", r.stderr)
			})
		})
	}
}

// TestCosignOnRareShapes holds the shapes that are refused here, and the one that was
// refused for long, to what cosign does (pkg/verify/testdata/shapes.txt).
func TestCosignOnRareShapes(t *testing.T) {
	rare := map[string]bool{"dsse entry in rekor v2": false, "P-521 statement": true, "P-521 message": true}
	for _, s := range world.New("interop").Shapes() {
		good, ok := rare[s.Name]
		if !ok {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			e := world.New("interop").Evidence(s.Options)
			assert.Equal(t, good, inProcess(t, e, isMessage(e)) == nil)
			eachCosign(t, func(t *testing.T, c cosign) {
				assert.Equal(t, good, c.verifyWorld(t, laid(t, e), e, isMessage(e)).status == 0)
			})
		})
	}
}

// TestCosignAcceptsMutants changes the structure of evidence of all shapes. What
// stella accepts, cosign has to accept too, but for the named differences.
func TestCosignAcceptsMutants(t *testing.T) {
	seed := seedOf(t)
	t.Logf("%s=%d", seedVariable, seed)
	g := mutant.NewEvidence(t, seed, fromRoot(t), func(s world.Shape) bool {
		return s.Refused == "" && s.Options.Signer != world.PrivateCA // for which cosign has no flags
	})
	asked := 0
	for made := 0; made < mutantsMade && asked < mutantsAsked; made++ {
		e, how := g.Next()
		if inProcess(t, e, isMessage(e)) != nil {
			continue
		}
		asked++
		dir := laid(t, e)
		for _, c := range []cosign{{oracle.CosignV2}, {oracle.CosignV3}} {
			r := c.verifyWorld(t, dir, e, isMessage(e))
			if r.status == 0 {
				continue
			}
			assert.NotEmpty(t, oracle.Named(c.name, r.stderr, e), "%s refuses what stella accepts: %s: %s\n%s", c.name, how, r.stderr, e.Bundle)
		}
	}
	assert.Greater(t, asked, mutantsAsked/2, "of too few mutants was cosign asked")
}

func seedOf(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv(seedVariable)
	if text == "" {
		return usualSeed
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, seedVariable)
	return seed
}

// TestCosignAcceptsWhatStellaAccepts flips one bit in every byte of a keyless
// bundle. What stella still accepts, cosign has to accept.
func TestCosignAcceptsWhatStellaAccepts(t *testing.T) {
	e := world.New("interop").Evidence(world.Options{})
	require.NoError(t, inProcess(t, e, false))
	good := e.Bundle
	asked := 0
	for i := range good {
		e.Bundle = bytes.Clone(good)
		e.Bundle[i] ^= 1 << (i % 8)
		if inProcess(t, e, false) != nil {
			continue
		}
		asked++
		r := cosign{oracle.CosignV3}.verifyWorld(t, laid(t, e), e, false)
		assert.Zero(t, r.status, "byte %d: %s\n%s", i, r.stderr, e.Bundle)
	}
	assert.NotZero(t, asked, "no change was accepted, so cosign was asked nothing")
}
