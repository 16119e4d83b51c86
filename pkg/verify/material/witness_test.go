package material_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify/material"
)

// TestParseWitnesses reads the key of a witness that is in use, whose checkpoints
// others cosign (https://github.com/transparency-dev/witness-network).
func TestParseWitnesses(t *testing.T) {
	r, err := material.ParseWitnesses("witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G")
	require.NoError(t, err)
	require.Equal(t, []material.Authority{{Kind: material.KindWitness, Name: "witness.navigli.sunlight.geomys.org", ID: "a3e00fe2"}}, r.Authorities())
}

// TestParseWitnessesRefuses reads what is no key of a witness.
func TestParseWitnessesRefuses(t *testing.T) {
	good := world.New("witnesses").Witnesses[0].Verifier()
	name, rest, _ := strings.Cut(good, "+")
	hash, key, _ := strings.Cut(rest, "+")
	for what, bad := range map[string]string{
		"nothing":        "",
		"two parts":      name + "+" + hash,
		"no name":        "+" + hash + "+" + key,
		"white space":    "a b+" + hash + "+" + key,
		"other name":     "a" + good,
		"hash too short": name + "+" + hash[1:] + "+" + key,
		"hash not hex":   name + "+zzzzzzzz+" + key,
		"other hash":     name + "+00000000+" + key,
		"not base64":     name + "+" + hash + "+*" + key,
		"other type":     name + "+" + hash + "+A" + "w" + key[2:],
		"too short":      name + "+" + hash + "+BAAA",
	} {
		t.Run(what, func(t *testing.T) {
			_, err := material.ParseWitnesses(bad)
			require.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
			assert.NotEmpty(t, fault.HintOf(err))
		})
	}
	_, err := material.ParseWitnesses(make([]string, 257)...)
	require.Error(t, err)
}

// TestCosignatures counts a witness once however often it is trusted, and not if
// it signed after the time of verification.
func TestCosignatures(t *testing.T) {
	e := world.New("cosignatures").Evidence(world.Options{Log: world.LogV2, Cosignatures: 2})
	item, signed := read(t, e)
	root, err := trust(e)
	require.NoError(t, err)
	twice, err := material.Join(root, root)
	require.NoError(t, err)
	witnesses := func(r *material.Root, at time.Time) []material.Witness {
		return r.LogEntries(item.Material.LogEntries, signed, item.Version, at)[0].Witnesses
	}
	assert.Len(t, witnesses(root, e.At), 2)
	assert.Len(t, witnesses(twice, e.At), 2)
	assert.Len(t, witnesses(root, e.At.Add(-time.Minute)), 2, "clocks differ a little")
	assert.Empty(t, witnesses(root, e.At.Add(-time.Hour)))
}
