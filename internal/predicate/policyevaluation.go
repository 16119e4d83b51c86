package predicate

import "github.com/stellaops/stella/pkg/dsse/canonical"

// The outcomes of a policy's rule.
const (
	OutcomePassed  = "passed"
	OutcomeFailed  = "failed"
	OutcomeSkipped = "skipped"
)

// PolicyEvaluation is the predicate stella.ops/policy@v1: what a policy said of its
// inputs.
type PolicyEvaluation struct {
	Policy      EvaluatedPolicy `json:"policy"`
	Decision    string          `json:"decision"` // of Decisions
	Rules       []RuleOutcome   `json:"rules,omitempty"`
	Inputs      []Reference     `json:"inputs"`
	Engine      *Program        `json:"engine,omitzero"`
	EvaluatedAt string          `json:"evaluatedAt"` // RFC 3339 in UTC, whole seconds
	ExpiresAt   string          `json:"expiresAt,omitzero"`
}

// EvaluatedPolicy names a policy.
type EvaluatedPolicy struct {
	Digest  string   `json:"digest"` // sha256:<hex>
	Name    string   `json:"name,omitzero"`
	Version string   `json:"version,omitzero"`
	Views   []string `json:"views,omitempty"` // of the SBOM
}

// RuleOutcome is what one rule said.
type RuleOutcome struct {
	Name    string `json:"name"`
	Outcome string `json:"outcome"`
	Message string `json:"message,omitzero"`
}

// PredicateType implements Model.
func (*PolicyEvaluation) PredicateType() string { return TypePolicy }

// policyEvaluation is the shape of what a policy said of its inputs.
func policyEvaluation() shape {
	s := shape{
		"":                 {kind: canonical.Object},
		"/policy":          {kind: canonical.Object, required: true},
		"/policy/digest":   {kind: canonical.String, required: true, check: policyDigest},
		"/policy/name":     {kind: canonical.String, check: sentence(maxWord)},
		"/policy/version":  {kind: canonical.String, check: sentence(maxWord)},
		"/policy/views":    {kind: canonical.Array, size: between(1, maxViews, "views")},
		"/policy/views/*":  {kind: canonical.String, check: word},
		"/decision":        {kind: canonical.String, required: true, check: decision},
		"/rules":           {kind: canonical.Array, size: between(0, maxOutcome, "rules")},
		"/rules/*":         {kind: canonical.Object},
		"/rules/*/name":    {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/rules/*/outcome": {kind: canonical.String, required: true, check: oneOf(OutcomePassed, OutcomeFailed, OutcomeSkipped)},
		"/rules/*/message": {kind: canonical.String, check: prose(maxNotes)},
		"/evaluatedAt":     {kind: canonical.String, required: true, check: instant},
		"/expiresAt":       {kind: canonical.String, check: instant},
	}
	s.program("/engine", false)
	s.references("/inputs", true)
	return s
}
