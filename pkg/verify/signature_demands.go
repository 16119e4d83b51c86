package verify

import (
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// bar judges whether signatures may count for one rule.
type bar struct {
	set       *RuleSet
	demands   []*SignatureDemands
	trusted   []keys.TrustedKey
	forbidden [][]error // by demand and trusted key
}

func newBar(p *Policy, a *applied) *bar {
	b := &bar{set: a.set, demands: []*SignatureDemands{&a.set.Signature, &a.rule.Signature}, trusted: p.trustedKeys()}
	for _, d := range b.demands {
		b.forbidden = append(b.forbidden, d.Profile.Verify(b.trusted))
	}
	return b
}

// judge returns why a signature does not count, or nil.
func (b *bar) judge(v *vote) error {
	if err := b.key(v); err != nil {
		return err
	}
	if err := b.own(v).stand(v, nil); err != nil {
		return err
	}
	for _, d := range b.demands {
		if err := d.Proofs.stand(v, b.set.Witnesses); err != nil {
			return err
		}
	}
	return nil
}

// own is what the rule set demands of certificates by public authorities without
// saying so.
func (b *bar) own(v *vote) *Proofs {
	var own Proofs
	if v.logged && !b.set.AllowNoLogUnsafe {
		own.Log = 1
	}
	if v.logged && !b.set.AllowNoSCTUnsafe {
		own.SCT = 1
	}
	return &own
}

// key returns why no signature by the key counts, or nil.
func (b *bar) key(v *vote) error {
	for i, d := range b.demands {
		if err := b.algorithm(i, v); err != nil {
			return err
		}
		if d.Hardware && (v.trusted == nil || v.trusted.Hardware == nil) {
			return notInHardware()
		}
	}
	return nil
}

func notInHardware() error {
	return fault.New(fault.KeyNotAttested, "the trust does not say that the key is in hardware").
		WithHint("have the key attested: stella keys attest NAME --roots FILE, then stella keys export --public keyring:NAME --as keys.json")
}

// algorithm holds the key to the profile and the list of algorithms. A trusted
// key is judged among the others, since some profiles allow hybrids.
func (b *bar) algorithm(demand int, v *vote) error {
	d := b.demands[demand]
	if i := slices.IndexFunc(b.trusted, func(k keys.TrustedKey) bool { return keys.Equal(k.Public, v.key) }); i >= 0 {
		if err := b.forbidden[demand][i]; err != nil {
			return err
		}
	} else if err := d.Profile.Verify([]keys.TrustedKey{{Name: "of the certificate", Public: v.key}})[0]; err != nil {
		return err
	}
	if len(d.Algorithms) == 0 {
		return nil
	}
	if a, err := keys.AlgorithmOf(v.key); err != nil || !slices.Contains(d.Algorithms, a) {
		return fault.New(fault.KeyForbidden, "the policy takes no signature by a key of this algorithm")
	}
	return nil
}

// stand returns nil if as many distinct authorities as demanded stand beside a
// signature. Certificate transparency is asked of certificates by public
// authorities alone: nothing else is in its logs. Of the witnesses only those of a
// list count, if there is one.
func (want *Proofs) stand(v *vote, witnesses []material.Witness) error {
	proofs := v.Proofs
	if len(witnesses) > 0 {
		proofs = slices.DeleteFunc(slices.Clone(proofs), func(p Proof) bool {
			return p.Kind == ProofWitness && !slices.Contains(witnesses, p.witness)
		})
	}
	for _, d := range want.each() {
		if d.kind == ProofSCT && !v.logged {
			continue
		}
		if n := distinct(proofs, d.kind); n < d.want {
			return fault.New(d.reason, "%d of %d demanded proofs by a %s", n, d.want, d.what)
		}
	}
	return nil
}
