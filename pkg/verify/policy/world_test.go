package policy_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// demands is what evidence of the world has, as a policy says it.
type demands struct {
	identity, issuer           string // an identity, or empty for a key
	log, timestamp, sct, other int
	witnesses                  []string
	rule                       string // further members of the rule
	silent                     bool   // says nothing of proofs
}

func demandsOf(d *world.Demand) demands {
	return demands{identity: d.Identity, issuer: d.Issuer, log: d.Logs, timestamp: d.Timestamps, sct: d.SCTs, other: d.Cosignatures, witnesses: d.Witnesses}
}

func (d demands) String() string {
	text := head + "name: world\n"
	if d.log == 0 {
		text += "allowNoLogUnsafe: true\n"
	}
	if d.sct == 0 {
		text += "allowNoSCTUnsafe: true\n"
	}
	if d.identity != "" {
		issuer := fmt.Sprintf("%q", d.issuer)
		if d.issuer == "" {
			issuer = "{anyUnsafe: true}"
		}
		text += fmt.Sprintf("identities: [{identity: %q, issuer: %s, holder: ci, roles: [build]}]\n", d.identity, issuer)
	}
	proofs := ""
	for name, n := range map[string]int{"log": d.log, "timestamp": d.timestamp, "sct": d.sct, "witness": d.other} {
		if n > 0 {
			proofs += fmt.Sprintf("%s: %d, ", name, n)
		}
	}
	if proofs != "" && !d.silent {
		text += "proofs: {" + proofs + "}\n"
	}
	if len(d.witnesses) > 0 {
		text += "witnesses:\n"
		for _, w := range d.witnesses {
			text += fmt.Sprintf("- %q\n", w)
		}
	}
	signer := "{}"
	if d.identity != "" {
		signer = "{roles: [build], holders: [ci]}"
	}
	return text + "rules: [{name: r, signers: [" + signer + "]" + d.rule + "}]\n"
}

// inWorld judges evidence of the world by what its trust is and policies say.
func inWorld(t *testing.T, e *world.Evidence, policies ...demands) (*verify.Report, error) {
	t.Helper()
	v := &verify.Policy{Threshold: 1, At: e.At, Subjects: []verify.Artifact{{Name: "artifact", Content: dsse.Bytes(e.Artifact)}}}
	var err error
	v.Root, err = material.ParseRoot("trusted_root.json", e.TrustedRoot)
	require.NoError(t, err)
	if len(e.CA) > 0 {
		private, err := material.ParseCAs("ca.pem", append(bytes.Clone(e.CA), e.CRLs...))
		require.NoError(t, err)
		v.Root, err = material.Join(v.Root, private)
		require.NoError(t, err)
	}
	if len(e.Demand.PublicKey) > 0 {
		parsed, err := keys.ParsePublic(e.Demand.PublicKey)
		require.NoError(t, err)
		v.Trust, err = keys.NewTrust(keys.TrustedKey{Name: "key", Public: parsed[0].Key, AnyPredicateType: true})
		require.NoError(t, err)
	}
	for _, d := range policies {
		p, err := parse(d.String())
		require.NoError(t, err, "%s", d)
		require.NoError(t, p.Apply(v))
	}
	evidence := &verify.Evidence{}
	require.NoError(t, evidence.Read("bundle.json", bytes.NewReader(e.Bundle), int64(len(e.Bundle))))
	return verify.Verify(t.Context(), evidence, v)
}

// TestWorld accepts all that is valid by a policy that demands what it has, and
// refuses it by one that demands a little more.
func TestWorld(t *testing.T) {
	w := world.New(t.Name())
	accepted := 0
	for i, s := range w.Shapes() {
		t.Run(s.Name, func(t *testing.T) {
			e := w.Evidence(s.Options)
			d := demandsOf(&e.Demand)
			r, err := inWorld(t, e, d)
			if s.Name == "dsse entry in rekor v2" {
				require.Error(t, err)
				return // refused whatever the policy: testdata/shapes.txt of package verify
			}
			require.NoError(t, err, "%s", d)
			accepted++
			if e.Demand.Identity != "" {
				assert.Equal(t, []string{"ci"}, r.Results[0].Rules[0].Signers[0].Holders)
			}
			if i%4 == 0 { // a part of them, since each is verified five times more
				refused(t, e, d, r.Results[0].Signers[0].Time.Proven)
			}
		})
	}
	assert.Greater(t, accepted, 10)
}

// refused asks for one thing more each.
func refused(t *testing.T, e *world.Evidence, d demands, proven bool) {
	t.Helper()
	for name, row := range map[string]struct {
		change func(*demands)
		want   fault.Reason
	}{
		"log":       {func(d *demands) { d.log++ }, fault.LogMissing},
		"timestamp": {func(d *demands) { d.timestamp++ }, fault.TimestampMissing},
		"hardware":  {func(d *demands) { d.rule = ", hardware: required" }, fault.PolicyUnsatisfiable},
		"algorithm": {func(d *demands) { d.rule = ", algorithms: [sm2]" }, fault.KeyForbidden},
		"age":       {func(d *demands) { d.rule = ", maxAge: 1m" }, fault.EvidenceStale},
	} {
		changed := d
		row.change(&changed)
		later := *e
		if name == "age" {
			later.At = e.At.Add(time.Hour)
			if !proven {
				row.want = fault.TimeUnproven
			}
		}
		_, err := inWorld(t, &later, changed)
		require.Error(t, err, name)
		got := fault.ReasonOf(err)
		if name == "timestamp" && changed.timestamp > 1 {
			row.want = fault.PolicyUnsatisfiable // the world has one authority
		}
		if name == "algorithm" && e.Demand.Identity == "" {
			row.want = fault.PolicyUnsatisfiable // the trust holds the only key
		}
		assert.Equal(t, row.want, got, "%s: %v", name, err)
	}
	if proven {
		d.rule = ", maxAge: 7d"
		_, err := inWorld(t, e, d)
		assert.NoError(t, err, "new enough")
	}
}

// TestStricterOfTwo: what one policy trusts or lets pass is nothing to another.
func TestStricterOfTwo(t *testing.T) {
	w := world.New(t.Name())
	cosigned := w.Evidence(world.Options{Log: world.LogV2, Cosignatures: 2}) // by the first two
	d := demandsOf(&cosigned.Demand)
	with := func(n int, witnesses ...string) demands {
		d := d
		d.other, d.witnesses = n, witnesses
		return d
	}
	first, second, third := d.witnesses[0], d.witnesses[1], d.witnesses[2]
	unlogged := w.Evidence(world.Options{Log: world.NoLog})
	lax := demandsOf(&unlogged.Demand)
	strict := lax
	strict.log = 1
	silent := strict
	silent.silent = true
	for _, row := range []struct {
		name     string
		e        *world.Evidence
		policies []demands
		reason   fault.Reason
	}{
		{"each has its own", cosigned, []demands{with(1, first), with(1, second)}, ""},
		{"the other's is no help", cosigned, []demands{with(1, third), with(1, first)}, fault.WitnessMissing},
		{"whichever comes first", cosigned, []demands{with(1, first), with(1, third)}, fault.WitnessMissing},
		{"nor where it is not asked for", cosigned, []demands{with(0, first, second), with(1, third)}, fault.WitnessMissing},
		{"the number is of one's own", cosigned, []demands{with(2, first, third), with(1, second)}, fault.WitnessMissing},
		{"both are lax", unlogged, []demands{lax, lax}, ""},
		{"one demands a log", unlogged, []demands{lax, strict}, fault.LogMissing},
		{"one lets nothing pass", unlogged, []demands{lax, silent}, fault.LogMissing},
		{"nor does the first", unlogged, []demands{silent, lax}, fault.LogMissing},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := inWorld(t, row.e, row.policies...)
			assert.Equal(t, row.reason == "", err == nil, "%v", err)
			if err != nil {
				assert.Equal(t, row.reason, fault.ReasonOf(err), "%v", err)
			}
		})
	}
}
