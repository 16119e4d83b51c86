package verify

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
)

// Verify judges the evidence. The report is there whenever judging was
// possible at all, whatever the verdict; it is nil only if the policy is void,
// the evidence is empty or malformed, or ctx ended. The error is nil if and
// only if every demanded check passed and at least one was made.
func Verify(ctx context.Context, e *Evidence, p *Policy) (*Report, error) {
	v, err := NewVerifier(p)
	if err != nil {
		return nil, err
	}
	considered, others, lacking := v.bench.policy.selected(e.items)
	groups, err := groupsOf(considered)
	if err != nil {
		return nil, err
	}
	r := newReport(v.bench.policy)
	r.Ignored = append(slices.Clone(e.ignored), others...)
	var verdict conclusion
	for _, g := range groups {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result, err := v.judge(ctx, g)
		if err != nil {
			return nil, err
		}
		verdict.result(result)
		r.Results = append(r.Results, *result)
	}
	for i := range r.Ignored {
		verdict.ignored(&r.Ignored[i])
	}
	lacking.conclude(&verdict, v.bench.policy)
	verdict.unmatched(v.bench.policy)
	verdict.unmet(v.bench.policy)
	return r, verdict.conclude(r)
}

func newReport(p *Policy) *Report {
	r := &Report{
		Schema: Schema, Compared: len(p.Subjects) > 0, Network: "not used",
		Profile: Profile{Name: cmp.Or(p.Profile, keys.ProfileDefault)},
		Time:    TimeUsed{At: p.At.UTC()}, Results: []Result{},
		Loosened: p.loosened(),
	}
	for i := range p.RuleSets {
		if name := p.RuleSets[i].Name; name != "" {
			r.Policies = append(r.Policies, name)
		}
	}
	for _, a := range p.AssumeRevoked {
		r.AssumedRevocations = append(r.AssumedRevocations, Assumed{a.KeyID, a.RevokedAt.UTC()})
	}
	for _, k := range p.trustedKeys() {
		id, _ := dsse.KeyID(k.Public) // a trusted key has one: it has a verifier
		r.Trust.Keys = append(r.Trust.Keys, TrustedKey{
			Name: k.Name, Holder: k.Holder, Hybrid: k.Hybrid, KeyID: id, Algorithm: string(k.Algorithm),
			NotBefore: k.NotBefore.UTC(), NotAfter: k.NotAfter.UTC(), RevokedAt: k.RevokedAt.UTC(),
		})
		if !slices.Contains(r.Trust.Sources, k.Source) {
			r.Trust.Sources = append(r.Trust.Sources, k.Source)
		}
	}
	r.Trust.Rooted, r.Trust.Bundle = p.Bundle != nil, p.Bundle
	r.Trust.addRoot(p)
	return r
}

// addRoot says whose word counts beside that of keys.
func (t *TrustUsed) addRoot(p *Policy) {
	t.Sources = append(t.Sources, p.RootSources...)
	for _, i := range p.admitting() {
		t.Identities = append(t.Identities, TrustedIdentity{
			Identity: i.SubjectAlternativeName.String(), Issuer: i.Issuer.String(), Holder: i.Holder, Roles: i.Roles,
		})
	}
	for _, a := range p.Root.Authorities() {
		t.Authorities = append(t.Authorities, Authority{a.Kind, a.Name, a.ID, a.From, a.Until})
	}
}

// judgement is the state that the checks of one payload share.
type judgement struct {
	ctx    context.Context
	bench  *bench
	policy *Policy
	group  group
	result *Result

	message   dsse.Message      // verified; nil for a blob
	bare      dsse.Message      // verified bare bytes, those of the artifact at over
	over      int               // index into the policy's artifacts
	found     string            // what the running check established, for the report
	statement *intoto.Statement // nil for what is none
	about     []intoto.Subject  // what the payload says that it is about, as a statement or not
	applied   []*applied        // the rule of each policy, once it is selected

	candidates []candidate   // the bench's, then those of admitted certificates
	admitted   map[int]*int  // the candidate that the certificate of an item is
	refused    map[int]error // why the certificate of an item is none
	nobody     error         // the first demand that no signature met
	marked     []bool        // scratch of one count, by candidate
	payloadSum []byte        // SHA-256 of the payload, once it was asked for
	materials  *materials    // once a proof was asked for
	room       *resultRoom   // memory of the result
}

// check is one thing that is looked at. Its error is the finding; a
// notDemanded says that nobody asked.
type check struct {
	name string
	run  func(*judgement) error
	// vital says that the checks after it make no sense if it fails.
	vital bool
}

// checks is the ordered list. Statements and bare blobs share it: a check that
// has no meaning for one of them is not demanded there.
func checks() []check {
	return []check{
		{name: "signature", run: checkSignature, vital: true},
		{name: "statement", run: checkStatement, vital: true},
		{name: "subject", run: checkSubject},
		{name: "type", run: checkType},
		{name: "time", run: checkTime},
		{name: "key", run: checkKey},
		{name: "log", run: checkLog},
		{name: "sct", run: checkSCT},
		{name: "threshold", run: checkThreshold},
		{name: "policy", run: checkRules},
		{name: "conditions", run: checkConditions},
		{name: "freshness", run: checkFreshness},
	}
}

// notDemanded is the finding of a check that the policy does not ask for; the
// message says what therefore is not established.
type notDemanded string

func (n notDemanded) Error() string { return string(n) }

// notRun is the finding of a check that makes no sense after what another found.
type notRun string

func (n notRun) Error() string { return string(n) }

// unjudged wraps a failure to read evidence or artifact: no verdict is possible.
type unjudged struct{ error }

func (u unjudged) Unwrap() error { return u.error }

// newJudgement makes room for what every judgement needs, and no more: a million of
// them are made in one run.
func newJudgement(ctx context.Context, g group, b *bench) *judgement {
	j := &judgement{ctx: ctx, bench: b, policy: b.policy, group: g, candidates: slices.Clip(b.candidates)}
	if len(g) <= fewEvidence && len(b.checks) <= fewChecks {
		few := fewResults.Get().(*fewResult) //nolint:errcheck,forcetypeassert // it makes no others
		j.result, j.room = few.empty(), &few.room
	} else {
		j.room = new(resultRoom)
		j.result = &Result{Evidence: make([]Source, 0, len(g)), Checks: make([]Check, 0, len(b.checks)), Signers: make([]Signer, 0, len(g))}
	}
	if len(b.identities) > 0 {
		j.admitted, j.refused = make(map[int]*int), make(map[int]error)
	}
	if a := b.policy.named(g[0].Blob); a != nil {
		own := *b.policy
		own.Subjects = []Artifact{*a}
		j.policy = &own
	}
	if len(j.policy.Subjects) > 0 {
		j.result.demanded = make(map[int]bool)
	}
	return j
}

// What a fewResult has room for.
const (
	fewEvidence = 1
	fewChecks   = 12
)

// fewResult is the memory of a result over one piece of evidence, in one piece.
type fewResult struct {
	result   Result
	evidence [fewEvidence]Source
	signers  [fewEvidence]Signer
	checks   [fewChecks]Check
	room     resultRoom
}

// fewResults are those that were released, or new.
var fewResults = sync.Pool{New: func() any { return new(fewResult) }}

// resultRoom is memory for what nearly all results have one of.
type resultRoom struct {
	claims   Claims
	subjects [1]Subject
	times    [1]SigningTime
}

func (f *fewResult) empty() *Result {
	r := &f.result
	r.few, r.Evidence, r.Checks, r.Signers = f, f.evidence[:0], f.checks[:0], f.signers[:0]
	return r
}

// Release gives the memory of r to another result, which saves a good part of what it takes
// to judge a small one. Only who alone has r may call it, such as a Sink that takes in any
// number, and must use neither r nor its parts from then on. Nobody needs to.
func (r *Result) Release() {
	few := r.few
	if few == nil || r != &few.result { // a copy does not own the memory
		return
	}
	*few = fewResult{}
	fewResults.Put(few)
}

func judge(ctx context.Context, g group, b *bench) (*Result, error) {
	j := newJudgement(ctx, g, b)
	for i := range g {
		item := &g[i]
		j.result.Evidence = append(j.result.Evidence, Source{File: item.Source, Member: item.Member, Line: item.Line, Part: item.Part, Shape: item.Shape})
	}
	stopped := false
	for _, c := range b.checks {
		if stopped {
			j.result.Checks = append(j.result.Checks, Check{Name: c.name, Status: NotRun, Message: "an earlier check failed"})
			continue
		}
		j.found = ""
		err := c.run(j)
		if u, ok := err.(unjudged); ok { //nolint:errorlint // never wrapped
			return nil, u.error
		}
		j.result.Checks = append(j.result.Checks, finding(c.name, j.found, err))
		_, skipped := err.(notDemanded) //nolint:errorlint // never wrapped
		stopped = c.vital && err != nil && !skipped
	}
	return j.result, nil
}

func finding(name, found string, err error) Check {
	switch e := err.(type) { //nolint:errorlint // never wrapped
	case nil:
		return Check{Name: name, Status: Passed, Message: found}
	case notDemanded:
		return Check{Name: name, Status: NotDemanded, Message: string(e)}
	case notRun:
		return Check{Name: name, Status: NotRun, Message: string(e)}
	}
	return Check{Name: name, Status: Failed, Reason: fault.ReasonOf(err), Message: err.Error(), Hint: fault.HintOf(err), err: err}
}

func malformedItem(item bundle.Item, err error) error {
	if r := fault.ReasonOf(err); r != fault.Internal {
		return fault.Wrap(r, err, "%s", where(item))
	}
	return fault.Wrap(fault.EnvelopeMalformed, err, "%s: malformed envelope", where(item))
}
