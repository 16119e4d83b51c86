package material_test

import (
	"strings"
	"testing"

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
