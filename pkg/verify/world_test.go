package verify_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// demandOf is the policy that evidence of the world is made for: all that the
// unchanged bundle has is demanded.
func demandOf(e *world.Evidence) (*verify.Policy, error) {
	p := &verify.Policy{Threshold: 1, At: e.At, DemandRevocation: len(e.CRLs) > 0}
	d := e.Demand
	p.Proofs = verify.Proofs{Log: d.Logs, Timestamp: d.Timestamps, SCT: d.SCTs, Witness: d.Cosignatures}
	p.AllowNoLogUnsafe, p.AllowNoSCTUnsafe = d.Logs == 0, d.SCTs == 0
	p.Subjects = []verify.Artifact{{Name: "artifact", Content: dsse.Bytes(e.Artifact)}}
	root, err := material.ParseRoot("trusted_root.json", e.TrustedRoot)
	if err != nil {
		return nil, err
	}
	witnesses, err := material.ParseWitnesses(d.Witnesses...)
	if err != nil {
		return nil, err
	}
	private := &material.Root{}
	if len(e.CA) > 0 {
		if private, err = material.ParseCAs("ca.pem", append(append([]byte{}, e.CA...), e.CRLs...)); err != nil {
			return nil, err
		}
	}
	if p.Root, err = material.Join(root, witnesses, private); err != nil {
		return nil, err
	}
	if len(d.PublicKey) > 0 {
		parsed, err := keys.ParsePublic(d.PublicKey)
		if err != nil {
			return nil, err
		}
		p.Trust, err = keys.NewTrust(keys.TrustedKey{Name: "key", Public: parsed[0].Key, AnyPredicateType: true})
		return p, err
	}
	issuer := verify.Exactly(d.Issuer)
	if d.Issuer == "" {
		issuer = verify.AnyUnsafe()
	}
	p.Identities = []verify.Identity{{SubjectAlternativeName: verify.Exactly(d.Identity), Issuer: issuer}}
	return p, nil
}

// judged verifies evidence of the world.
func judged(t testing.TB, e *world.Evidence) (*verify.Report, error) {
	t.Helper()
	p, err := demandOf(e)
	if err != nil {
		return nil, err
	}
	evidence := &verify.Evidence{}
	if err := evidence.Read("bundle.json", strings.NewReader(string(e.Bundle)), int64(len(e.Bundle))); err != nil {
		return nil, err
	}
	return verify.Verify(t.Context(), evidence, p)
}

// TestShapes accepts everything that is valid.
func TestShapes(t *testing.T) {
	w := world.New(t.Name())
	for _, s := range w.Shapes() {
		t.Run(s.Name, func(t *testing.T) {
			r, err := judged(t, w.Evidence(s.Options))
			require.NoError(t, err)
			assert.True(t, r.Verified)
		})
	}
}

// TestMutations refuses every mutation, by the check and for the reason that
// testdata/mutations.txt gives, with the other checks as they were.
func TestMutations(t *testing.T) {
	w := world.New(t.Name())
	for _, m := range world.Mutations() {
		t.Run(m.Name, func(t *testing.T) {
			r, err := judged(t, m.Evidence(w))
			require.Error(t, err)
			t.Logf("MUT\t%s\t%s\t%v\t%s", m.Name, fault.ReasonOf(err), err, m.Refused)
			_ = r
		})
	}
}
