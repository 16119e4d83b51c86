package verify

import (
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify/material"
)

// proofDemand is how many distinct authorities of a kind must stand beside a signature.
type proofDemand struct {
	kind   string
	want   int
	reason fault.Reason // where they do not
	what   string       // such an authority
}

// each are the demands, of 0 too.
func (want *Proofs) each() []proofDemand {
	return []proofDemand{
		{ProofLog, want.Log, fault.LogMissing, "transparency log"},
		{ProofTimestamp, want.Timestamp, fault.TimestampMissing, "time stamp authority"},
		{ProofSCT, want.SCT, fault.SCTMissing, "certificate transparency log"},
		{ProofWitness, want.Witness, fault.WitnessMissing, "witness"},
	}
}

// authorityKinds are the kinds of authorities by the proofs that they give.
func authorityKinds() map[string]string {
	return map[string]string{
		ProofLog: material.KindLog, ProofTimestamp: material.KindTSA, ProofSCT: material.KindCTLog, ProofWitness: material.KindWitness,
	}
}

// authoritiesFor counts those who are trusted to give a kind of proof. Some of them may
// have one operator, and count once then.
func (p *Policy) authoritiesFor(kind string) int {
	n := 0
	for _, a := range p.Root.Authorities() {
		if a.Kind == authorityKinds()[kind] {
			n++
		}
	}
	return n
}

// nameAuthority is the hint on how somebody is trusted to give a kind of proof.
func (p *Policy) nameAuthority(kind string) string {
	all := new(Proofs).each()
	what := "a " + all[slices.IndexFunc(all, func(d proofDemand) bool { return d.kind == kind })].what
	switch {
	case kind == ProofWitness:
		return "name a witness in the policy: witnesses"
	case p.Bundle != nil:
		return p.askPublisher(what)
	case kind == ProofTimestamp:
		return "name " + what + ": --timestamp-certificate-chain FILE, or --trusted-root FILE"
	}
	return "name " + what + ": --trusted-root FILE"
}

// askPublisher is the hint on how somebody is trusted where a trust bundle is used: no
// flag adds to that.
func (p *Policy) askPublisher(whom string) string {
	return fmt.Sprintf("a trust bundle is the only trust: ask the publisher of %q to add %s, or leave the bundle out and name all trust by flags", p.Bundle.Name, whom)
}

// nobodyProves is the hint where a proof is missing because nobody is trusted to give
// one; "" if somebody is.
func (p *Policy) nobodyProves(kind string) string {
	if p.authoritiesFor(kind) > 0 {
		return ""
	}
	return "nobody is trusted for it, so nothing that the evidence carries was looked at: " + p.nameAuthority(kind)
}

// provable returns fault.PolicyUnsatisfiable if the rule wants proofs beside every
// signature that those who are trusted cannot give. Certificate transparency is of
// certificates alone, and not wanted of every signature.
func (p *Policy) provable(set *RuleSet, rule *Rule) error {
	for _, demands := range []*SignatureDemands{&set.Signature, &rule.Signature} {
		for _, d := range demands.Proofs.each() {
			n := p.authoritiesFor(d.kind)
			if d.kind == ProofWitness && len(set.Witnesses) > 0 {
				n = len(set.Witnesses)
			}
			if d.kind != ProofSCT && n < d.want {
				return fault.New(fault.PolicyUnsatisfiable, "nobody can meet %s: of %d demanded proofs by a %s those who are trusted can give %d", describeRule(set, rule), d.want, d.what, n).
					WithHint("%s", p.nameAuthority(d.kind))
			}
		}
	}
	if rule.MaxAge > 0 && p.authoritiesFor(ProofTimestamp)+p.authoritiesFor(ProofLog) == 0 {
		return fault.New(fault.PolicyUnsatisfiable, "nobody can meet %s: it wants evidence of the last %s, and nobody is trusted to prove a time", describeRule(set, rule), Age(rule.MaxAge)).
			WithHint("%s", p.nameAuthority(ProofTimestamp))
	}
	return nil
}

// mayShowSCTs reports whether certificates can come with the signed certificate
// timestamps that are wanted. Those by private CAs need none.
func (p *Policy) mayShowSCTs(set *RuleSet, rule *Rule) bool {
	private := func(a material.Authority) bool { return a.Kind == material.KindPrivateCA }
	want := max(set.Signature.Proofs.SCT, rule.Signature.Proofs.SCT)
	return want <= p.authoritiesFor(ProofSCT) || slices.ContainsFunc(p.Root.Authorities(), private)
}
