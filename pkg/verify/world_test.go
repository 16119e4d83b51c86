package verify_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/internal/testkit/world/oracle"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// demandOf is the policy that evidence of the world is made for: all that the
// unchanged bundle has is demanded.
func demandOf(e *world.Evidence) (*verify.Policy, error) {
	p := &verify.Policy{Threshold: 1, At: e.At, DemandRevocation: len(e.CA) > 0}
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

// TestShapes accepts everything that is valid, but for the shapes that
// testdata/shapes.txt lists with the reason why they are refused.
func TestShapes(t *testing.T) {
	w := world.New(t.Name())
	refused := table(t, "testdata/shapes.txt")
	for _, s := range w.Shapes() {
		t.Run(s.Name, func(t *testing.T) {
			r, err := judged(t, w.Evidence(s.Options))
			if want, ok := refused[s.Name]; ok {
				assert.Equal(t, want[0], string(fault.ReasonOf(err)), "%v", err)
				require.Error(t, oracle.SigstoreGo(w.Evidence(s.Options)), "the ecosystem accepts it by now")
				return
			}
			require.NoError(t, err)
			assert.True(t, r.Verified)
		})
	}
}

// TestMutations changes one thing in valid evidence, or in what it is judged by,
// and wants it refused by the checks and for the reason in testdata/mutations.txt,
// and by no other check. What is accepted there is a difference that the table
// names: nothing that the change touches is relied upon.
func TestMutations(t *testing.T) {
	w := world.New(t.Name())
	want := table(t, "testdata/mutations.txt")
	for _, m := range world.Mutations() {
		t.Run(m.Name, func(t *testing.T) {
			r, err := judged(t, m.Evidence(w))
			got := outcome(r, err)
			if len(want[m.Name]) == 3 { // the third column says why it is accepted
				got = append(got, want[m.Name][2])
			}
			assert.Equal(t, want[m.Name], got, "%s: %v", m.Refused, err)
			delete(want, m.Name)
		})
	}
	assert.Empty(t, want, "the table is about mutations that are no more")
}

// outcome is which checks failed and why: "read" if there was no verdict.
func outcome(r *verify.Report, err error) []string {
	switch {
	case err == nil:
		return []string{"none", "accepted"}
	case r == nil:
		return []string{"read", string(fault.ReasonOf(err))}
	}
	var failed []string
	for _, c := range r.Results[0].Checks {
		if c.Status == verify.Failed && c.Name != "threshold" { // adds up what the others found
			failed = append(failed, c.Name)
		}
	}
	return []string{strings.Join(failed, ","), string(fault.ReasonOf(err))}
}

// table reads lines of columns, separated by tabs, by the first column.
func table(t testing.TB, file string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	rows := make(map[string][]string)
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		require.NotContains(t, rows, columns[0])
		rows[columns[0]] = columns[1:]
	}
	return rows
}
