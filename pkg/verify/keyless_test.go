package verify_test

import (
	"encoding/json/v2"
	"encoding/pem"
	"slices"
	"strings"
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

// read adds raw bundles to evidence.
func read(t testing.TB, bundles ...[]byte) *verify.Evidence {
	t.Helper()
	e := &verify.Evidence{}
	for _, b := range bundles {
		require.NoError(t, e.Read("bundle.json", strings.NewReader(string(b)), int64(len(b))))
	}
	return e
}

// without returns a bundle without a member of its verification material.
func without(t testing.TB, bundle []byte, member string) []byte {
	t.Helper()
	var b map[string]any
	require.NoError(t, json.Unmarshal(bundle, &b))
	delete(b["verificationMaterial"].(map[string]any), member)
	out, err := json.Marshal(b)
	require.NoError(t, err)
	return out
}

// keyEvidence is evidence by the world's bare key, and a policy that trusts it
// and everything else in the world.
func keyEvidence(t testing.TB, w *world.World, o world.Options) (*world.Evidence, *verify.Policy) {
	t.Helper()
	o.Signer = world.Key
	e := w.Evidence(o)
	p, err := demandOf(e)
	require.NoError(t, err)
	p.Proofs = verify.Proofs{}
	return e, p
}

// changed is a policy with its one key changed.
func changed(t testing.TB, p *verify.Policy, change func(*keys.TrustedKey)) *verify.Policy {
	t.Helper()
	k := p.Trust.Keys()[0]
	change(&k)
	trust, err := keys.NewTrust(k)
	require.NoError(t, err)
	out := *p
	out.Trust = trust
	return &out
}

// TestTimeOfAKey holds the rule on time for bare keys: contracts §6.
func TestTimeOfAKey(t *testing.T) {
	w := world.New(t.Name())
	signed := w.Clock.Now()
	stamped, policy := keyEvidence(t, w, world.Options{Log: world.NoLog})
	logged, _ := keyEvidence(t, w, world.Options{NoTimestamp: true})
	proofOnly, _ := keyEvidence(t, w, world.Options{NoTimestamp: true, Log: world.LogV1Proof, Version: world.V02})
	bare, _ := keyEvidence(t, w, world.Options{NoTimestamp: true, Log: world.NoLog})
	w.Clock.Advance(24 * time.Hour)
	late, _ := keyEvidence(t, w, world.Options{Log: world.NoLog})
	policy.At = signed.AddDate(1, 0, 0)

	revoked := changed(t, policy, func(k *keys.TrustedKey) { k.RevokedAt = signed.Add(time.Hour) })
	expired := changed(t, policy, func(k *keys.TrustedKey) { k.NotAfter = signed.Add(time.Hour) })
	early := changed(t, policy, func(k *keys.TrustedKey) { k.NotBefore = signed.Add(time.Hour) })
	for _, row := range []struct {
		name     string
		evidence *world.Evidence
		policy   *verify.Policy
		want     fault.Reason
	}{
		{"stamped before the revocation", stamped, revoked, ""},
		{"logged before the revocation", logged, revoked, ""},
		{"an inclusion proof proves no time", proofOnly, revoked, fault.KeyRevoked},
		{"unproven and revoked", bare, revoked, fault.KeyRevoked},
		{"stamped after the revocation", late, revoked, fault.KeyRevoked},
		{"stamped before the expiry", stamped, expired, ""},
		{"unproven and expired", bare, expired, fault.KeyExpired},
		{"stamped before the key was valid", stamped, early, fault.KeyNotYetValid},
		{"unproven and valid now", bare, early, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := verify.Verify(t.Context(), read(t, row.evidence.Bundle), row.policy)
			assert.Equal(t, row.want, reasonOf(err), "%v", err)
		})
	}
	for name, row := range map[string]struct {
		evidence *world.Evidence
		want     string
	}{
		"proven":   {stamped, signed.UTC().Format(time.RFC3339) + " (timestamp of " + w.TSA.URL + ")"},
		"unproven": {bare, policy.At.UTC().Format(time.RFC3339)},
	} {
		t.Run("the check tells a time that is "+name, func(t *testing.T) {
			r, err := verify.Verify(t.Context(), read(t, row.evidence.Bundle), policy)
			require.NoError(t, err)
			i := slices.IndexFunc(r.Results[0].Checks, func(c verify.Check) bool { return c.Name == "key" })
			assert.Equal(t, "good at "+row.want, r.Results[0].Checks[i].Message)
		})
	}

	t.Run("an earlier --at does not revive a revoked key", func(t *testing.T) {
		p := *revoked
		p.At = signed
		_, err := verify.Verify(t.Context(), read(t, bare.Bundle), &p)
		assert.Equal(t, fault.KeyRevoked, reasonOf(err), "%v", err)
	})
	t.Run("a proof in another file counts for the same signature", func(t *testing.T) {
		plain := without(t, stamped.Bundle, "timestampVerificationData")
		_, err := verify.Verify(t.Context(), read(t, plain), revoked)
		require.Equal(t, fault.KeyRevoked, reasonOf(err))
		r, err := verify.Verify(t.Context(), read(t, plain, stamped.Bundle), revoked)
		require.NoError(t, err)
		assert.Len(t, r.Results, 1)
		for _, s := range r.Results[0].Signers {
			assert.Equal(t, &verify.SigningTime{At: signed, Source: verify.ProofTimestamp, Authority: w.TSA.URL, Proven: true}, s.Time)
		}
	})
	t.Run("a proof of another signature does not", func(t *testing.T) {
		_, err := verify.Verify(t.Context(), read(t, bare.Bundle, late.Bundle), revoked)
		assert.Equal(t, fault.KeyRevoked, reasonOf(err), "%v", err)
	})
}

// TestWhatToDoAboutAProof has the advice of who refuses a proof reach the report.
func TestWhatToDoAboutAProof(t *testing.T) {
	w := world.New(t.Name())
	e, policy := keyEvidence(t, w, world.Options{NoTimestamp: true})
	policy.At = w.Clock.Now().Add(-24 * time.Hour)
	_, err := verify.Verify(t.Context(), read(t, e.Bundle), policy)
	require.Equal(t, fault.LogInvalid, reasonOf(err), "%v", err)
	assert.Equal(t, "check the clock, or verify at a later time", fault.HintOf(err))
}

// TestEntryOfBareBytesAboutAnotherEnvelope takes the log entry of one envelope for another
// by the same signer, and for the same payload signed anew.
func TestEntryOfBareBytesAboutAnotherEnvelope(t *testing.T) {
	w := world.New(t.Name())
	o := world.Options{Entry: world.HashedRekord, Signer: world.Key, NoTimestamp: true}
	first, policy := keyEvidence(t, w, o)
	policy.Subjects = nil
	_, err := verify.Verify(t.Context(), read(t, first.Bundle), policy)
	require.NoError(t, err)
	o.Payload = world.StatementAbout([]byte("another artifact"))
	other, _ := keyEvidence(t, w, o)
	var mine, theirs map[string]any
	require.NoError(t, json.Unmarshal(first.Bundle, &mine))
	require.NoError(t, json.Unmarshal(other.Bundle, &theirs))
	mine["dsseEnvelope"] = theirs["dsseEnvelope"]
	swapped, err := json.Marshal(mine)
	require.NoError(t, err)
	_, err = verify.Verify(t.Context(), read(t, swapped), policy)
	assert.Equal(t, fault.LogInvalid, reasonOf(err), "%v", err)
	assert.ErrorContains(t, err, "about another signature")
}

// reasonOf is "" for success.
func reasonOf(err error) fault.Reason {
	if err == nil {
		return ""
	}
	return fault.ReasonOf(err)
}

// Of several proven times the earliest decides.
func TestEarliestTimeDecides(t *testing.T) {
	w := world.New(t.Name())
	logTime := w.Clock.Now()
	e, p := keyEvidence(t, w, world.Options{Stamp: world.Stamp{At: logTime.Add(-time.Hour)}})
	r, err := verify.Verify(t.Context(), read(t, e.Bundle), p)
	require.NoError(t, err)
	assert.Equal(t, logTime.Add(-time.Hour), r.Results[0].Signers[0].Time.At)
	assert.Equal(t, verify.ProofTimestamp, r.Results[0].Signers[0].Time.Source)
}

// A key that is pinned and also stands in a certificate counts as what it was
// pinned for, once.
func TestPinnedBeforeIssued(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{})
	p, err := demandOf(e)
	require.NoError(t, err)
	p.Trust, err = keys.NewTrust(keys.TrustedKey{Name: "pinned", Holder: "ann", Public: e.Leaf().PublicKey, AnyPredicateType: true})
	require.NoError(t, err)
	p.Proofs.SCT = 0
	r, err := verify.Verify(t.Context(), read(t, e.Bundle), p)
	require.NoError(t, err)
	require.Len(t, r.Results[0].Signers, 1)
	assert.Equal(t, "ann", r.Results[0].Signers[0].Holder)
	assert.Nil(t, r.Results[0].Signers[0].Certificate)
	p.Threshold = 2
	_, err = verify.Verify(t.Context(), read(t, e.Bundle), p)
	assert.Equal(t, fault.SignatureThreshold, reasonOf(err))
}

// Two identities are two holders; an identity and a key that are said to be one
// holder's are one.
func TestHoldersOfCertificates(t *testing.T) {
	w := world.New(t.Name())
	ann := w.Evidence(world.Options{Identity: "ann@world.test"})
	bob := w.Evidence(world.Options{Identity: "bob@world.test"})
	p, err := demandOf(ann)
	require.NoError(t, err)
	p.Threshold = 2
	p.Identities = append(p.Identities, verify.Identity{SubjectAlternativeName: verify.Exactly("bob@world.test"), Issuer: verify.Exactly(world.DefaultIssuer)})
	_, err = verify.Verify(t.Context(), read(t, ann.Bundle, bob.Bundle), p)
	require.NoError(t, err)
	for i := range p.Identities {
		p.Identities[i].Holder = "the team"
	}
	_, err = verify.Verify(t.Context(), read(t, ann.Bundle, bob.Bundle), p)
	assert.Equal(t, fault.SignatureThreshold, reasonOf(err), "%v", err)
}

// TestFlippedKeyless flips every byte of a keyless bundle: nothing changed
// verifies unless it means exactly the same.
func TestFlippedKeyless(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{})
	p, err := demandOf(e)
	require.NoError(t, err)
	good, err := verify.Verify(t.Context(), read(t, e.Bundle), p)
	require.NoError(t, err)
	accepted := 0
	for i := range e.Bundle {
		flipped := []byte(string(e.Bundle))
		flipped[i] ^= 1 << (i % 8)
		evidence := &verify.Evidence{}
		if evidence.Read("bundle.json", strings.NewReader(string(flipped)), int64(len(flipped))) != nil {
			continue
		}
		r, err := verify.Verify(t.Context(), evidence, p)
		if err != nil {
			continue
		}
		accepted++
		assert.Equal(t, good.Results[0].Claims, r.Results[0].Claims, "byte %d", i)
		assert.Equal(t, good.Results[0].Signers[0].Certificate, r.Results[0].Signers[0].Certificate, "byte %d", i)
	}
	t.Logf("%d of %d flips mean the same", accepted, len(e.Bundle))
	assert.Less(t, accepted, len(e.Bundle)/20, "most of a bundle is covered by some check")
}

// The identity in a certificate is compared whole.
func TestMatch(t *testing.T) {
	pattern := func(s string) verify.Match {
		m, err := verify.Pattern(s)
		require.NoError(t, err)
		return m
	}
	for _, row := range []struct {
		name string
		m    verify.Match
		s    string
		want bool
	}{
		{"zero", verify.Match{}, "a", false},
		{"zero and empty", verify.Match{}, "", false},
		{"exact", verify.Exactly("a"), "a", true},
		{"exact, longer", verify.Exactly("a"), "ab", false},
		{"exact, empty", verify.Exactly(""), "", false},
		{"exact is no pattern", verify.Exactly("a."), "ab", false},
		{"pattern", pattern("a.*"), "abc", true},
		{"pattern matches whole strings", pattern("b"), "abc", false},
		{"alternatives are one pattern", pattern("a|b"), "ax", false},
		{"alternatives, the last", pattern("a|b"), "xb", false},
		{"a newline ends nothing", pattern("(?m)a$"), "a\nb", false},
		{"pattern of nothing", pattern(".*"), "", false},
		{"any", verify.AnyUnsafe(), "x", true},
		{"any, but somebody", verify.AnyUnsafe(), "", false},
	} {
		assert.Equal(t, row.want, row.m.Matches(row.s), row.name)
	}
	for _, bad := range []string{"", "(", "a)(b", strings.Repeat("a", 2000)} {
		_, err := verify.Pattern(bad)
		assert.Equal(t, fault.UsageInvalid, reasonOf(err), bad)
	}
}

// A trusted root alone lets nobody in, nor does an identity alone.
func TestTrustNeedsBothHalves(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{})
	full, err := demandOf(e)
	require.NoError(t, err)
	for name, p := range map[string]verify.Policy{
		"root without identity": {Root: full.Root},
		"identity without root": {Identities: full.Identities},
		"identity, empty root":  {Identities: full.Identities, Root: &material.Root{}},
	} {
		p.Threshold, p.At = 1, full.At
		_, err := verify.Verify(t.Context(), read(t, e.Bundle), &p)
		assert.Equal(t, fault.TrustRequired, reasonOf(err), name)
	}
}

// What a verdict says of a certificate is what the certificate says.
func TestCertificateInTheVerdict(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{})
	p, err := demandOf(e)
	require.NoError(t, err)
	r, err := verify.Verify(t.Context(), read(t, e.Bundle), p)
	require.NoError(t, err)
	s := r.Results[0].Signers[0]
	leaf := e.Leaf()
	assert.Equal(t, world.DefaultIdentity, s.Certificate.Identity)
	assert.Equal(t, world.DefaultIssuer, s.Certificate.Issuer)
	assert.Equal(t, w.Fulcio.URL, s.Certificate.Authority)
	assert.Equal(t, leaf.NotAfter.UTC(), s.Certificate.NotAfter)
	assert.Equal(t, leaf.SerialNumber.Text(16), s.Certificate.Serial)
	id, err := dsse.KeyID(leaf.PublicKey)
	require.NoError(t, err)
	assert.Equal(t, id, s.KeyID)
	kinds := map[string]int{}
	for _, proof := range s.Proofs {
		assert.Equal(t, verify.Passed, proof.Status)
		kinds[proof.Kind]++
	}
	assert.Equal(t, map[string]int{verify.ProofLog: 1, verify.ProofTimestamp: 1, verify.ProofSCT: 1}, kinds)
}

// A pinned certificate is a pinned key: its issuer and its dates say nothing.
func TestPinnedCertificate(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{})
	parsed, err := keys.ParsePublic(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.Leaf().Raw}))
	require.NoError(t, err)
	p := &verify.Policy{Threshold: 1, At: e.At}
	p.Trust, err = keys.NewTrust(keys.TrustedKey{Name: "leaf.pem", Public: parsed[0].Key, Certificate: parsed[0].Certificate, AnyPredicateType: true})
	require.NoError(t, err)
	_, err = verify.Verify(t.Context(), read(t, e.Bundle), p)
	require.NoError(t, err)
}

// TestAnybodyIsLoosened: a pattern that lets everybody count is named in the verdict, whatever
// it is called.
func TestAnybodyIsLoosened(t *testing.T) {
	e := world.New(t.Name()).Evidence(world.Options{})
	pattern := func(s string) verify.Match {
		m, err := verify.Pattern(s)
		require.NoError(t, err)
		return m
	}
	name, issuer := verify.Exactly(e.Demand.Identity), verify.Exactly(e.Demand.Issuer)
	for _, row := range []struct {
		what         string
		name, issuer verify.Match
		loosened     bool
	}{
		{"exact", name, issuer, false},
		{"a repository", pattern(`https://github\.com/world/.*`), issuer, false},
		{"some issuers", name, pattern(`https://[a-z]+\.world\.test`), false},
		{"unsafe name", verify.AnyUnsafe(), issuer, true},
		{"unsafe issuer", name, verify.AnyUnsafe(), true},
		{"every name", pattern(`.*`), issuer, true},
		{"every name, in a roundabout way", pattern(`(?s)[^\x00]{1,500}|never`), issuer, true},
		{"every name of two characters", pattern(`..+`), issuer, true},
		{"every name of two characters, counted", pattern(`.{2,}`), issuer, true},
		{"every issuer", name, pattern(`.+`), true},
		{"every issuer of some length", name, pattern(`.{12,}`), true},
		{"every issuer with a dot in it", name, pattern(`https://.+\..+`), true},
		{"every issuer there is", name, pattern(`https?://.*`), true},
	} {
		t.Run(row.what, func(t *testing.T) {
			p, err := demandOf(e)
			require.NoError(t, err)
			p.Identities = []verify.Identity{{SubjectAlternativeName: row.name, Issuer: row.issuer}}
			r, err := verify.Verify(t.Context(), read(t, e.Bundle), p)
			require.NoError(t, err)
			assert.Equal(t, row.loosened, slices.Contains(r.Loosened, verify.LoosenAnyIdentity), "%v", r.Loosened)
		})
	}
}
