package verify

import (
	"crypto"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// bar judges whether signatures may count for one rule.
type bar struct {
	trusted   []keys.TrustedKey
	demands   []*SignatureDemands
	forbidden [][]error // by demand and trusted key
}

func (j *judgement) newBar(a *applied) *bar {
	b := &bar{trusted: j.policy.Trust.Keys(), demands: []*SignatureDemands{&a.set.Signature, &a.rule.Signature}}
	for _, d := range b.demands {
		b.forbidden = append(b.forbidden, d.Profile.Verify(b.trusted))
	}
	return b
}

// trustedKey returns the trusted key that made a signature, or nil for a
// certificate by an authority.
func (b *bar) trustedKey(s *Signer) *keys.TrustedKey {
	if s.key < 0 || s.key >= len(b.trusted) {
		return nil
	}
	if keyID(b.trusted[s.key].Public) != s.KeyID {
		return nil
	}
	return &b.trusted[s.key]
}

// keyID returns the id of a trusted key, which has one: it has a verifier.
func keyID(public crypto.PublicKey) string {
	id, _ := dsse.KeyID(public)
	return id
}

// judge returns why a signature does not count, or nil.
func (b *bar) judge(c *candidate) error {
	if err := b.key(c); err != nil {
		return err
	}
	for _, d := range b.demands {
		if err := proven(&d.Proofs, c.Proofs); err != nil {
			return err
		}
	}
	return nil
}

// key returns why no signature by the key counts, or nil.
func (b *bar) key(c *candidate) error {
	for i, d := range b.demands {
		if err := b.algorithm(i, c); err != nil {
			return err
		}
		if d.Hardware && (c.trusted == nil || c.trusted.Hardware == nil) {
			return notInHardware()
		}
	}
	return nil
}

func notInHardware() error {
	return fault.New(fault.KeyNotAttested, "the trust does not say that the key is in hardware").
		WithHint("have the key attested: stella keys attest NAME --roots FILE, then stella keys export --public keyring:NAME --as keys.json")
}

// algorithm holds the key to the profile and the list of algorithms.
func (b *bar) algorithm(demand int, c *candidate) error {
	d, public := b.demands[demand], c.Public
	if d.Profile == "" && len(d.Algorithms) == 0 {
		return nil
	}
	forbidden := error(nil)
	if c.trusted != nil {
		public, forbidden = c.trusted.Public, b.forbidden[demand][c.key]
	} else {
		forbidden = d.Profile.Verify([]keys.TrustedKey{{Name: "of the certificate", Public: public}})[0]
	}
	if forbidden != nil || len(d.Algorithms) == 0 {
		return forbidden
	}
	if a, err := keys.AlgorithmOf(public); err != nil || !slices.Contains(d.Algorithms, a) {
		return fault.New(fault.KeyForbidden, "the policy takes no signature by a key of this algorithm")
	}
	return nil
}

// proven counts the distinct authorities that stand beside a signature.
func proven(want *Proofs, have []Proof) error {
	for _, d := range []struct {
		kind   string
		want   int
		reason fault.Reason
		what   string
	}{
		{ProofLog, want.Log, fault.LogMissing, "transparency log"},
		{ProofTimestamp, want.Timestamp, fault.TimestampMissing, "time stamp authority"},
		{ProofSCT, want.SCT, fault.SCTMissing, "certificate transparency log"},
		{ProofWitness, want.Witness, fault.WitnessMissing, "witness"},
	} {
		authorities := make(map[string]bool)
		for _, p := range have {
			if p.Kind == d.kind && p.Status == Passed {
				authorities[p.Authority] = true
			}
		}
		if n := len(authorities); n < d.want {
			return fault.New(d.reason, "%d of %d demanded proofs by a %s", n, d.want, d.what)
		}
	}
	return nil
}
