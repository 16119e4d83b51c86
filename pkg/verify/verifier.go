package verify

import "context"

// Verifier judges evidence against one policy, which it has prepared once. It is
// safe for concurrent use.
type Verifier struct {
	bench    *bench
	standing *bench // without the assumed revocations; nil if there are none
}

// NewVerifier returns a Verifier for a policy, or the error of a policy that is
// void. What the policy refers to must not change afterwards.
func NewVerifier(p *Policy) (*Verifier, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	asked := p.forOneVerification()
	policy, err := asked.assume()
	if err != nil {
		return nil, err
	}
	if err := policy.Satisfiable(); err != nil {
		return nil, err
	}
	v := &Verifier{}
	if v.bench, err = newBench(policy); err != nil {
		return nil, err
	}
	if policy != asked {
		v.standing, err = newBench(asked)
	}
	return v, err
}

// judge judges all evidence with one payload.
func (v *Verifier) judge(ctx context.Context, g group) (*Result, error) {
	result, err := judge(ctx, g, v.bench)
	if err != nil || v.standing == nil || result.passed() {
		return result, err
	}
	standing, err := judge(ctx, g, v.standing)
	if err != nil {
		return nil, err
	}
	result.WouldFall = standing.passed()
	return result, nil
}

// standsAlone reports whether no piece of evidence can change what another one
// with the same payload is worth. It is so if one signature by any trusted key is
// all that is demanded, and each trusted key is good for every payload at every
// time: then the verdict over each piece is that over its signature and payload,
// and evidence is verified if and only if each of its pieces is.
//
// It is not so as soon as signatures can be trusted and yet not count. Then one
// file may hold what another lacks, and both must be judged together.
func (p *Policy) standsAlone() bool {
	if p.Threshold != 1 || len(p.RuleSets) > 0 || len(p.Identities) > 0 || p.Proofs != (Proofs{}) || !p.Root.Empty() {
		return false
	}
	for _, k := range p.trustedKeys() {
		bounded := !k.NotBefore.IsZero() || !k.NotAfter.IsZero() || !k.RevokedAt.IsZero()
		if bounded || !k.AnyPredicateType || k.Hybrid != "" {
			return false
		}
	}
	return true
}
