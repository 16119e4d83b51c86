package predicate

import "github.com/stellaops/stella/pkg/dsse/canonical"

// The words of OpenVEX 0.2.0 for what a vulnerability does to a product ("Status
// Labels").
const (
	StatusNotAffected        = "not_affected"
	StatusAffected           = "affected"
	StatusFixed              = "fixed"
	StatusUnderInvestigation = "under_investigation"
)

// VEXDecision is the predicate stella.ops/vexDecision@v1: one decision on one
// vulnerability in one product, with what it rests on.
type VEXDecision struct {
	Vulnerability   Vulnerability `json:"vulnerability"`
	Product         Product       `json:"product"`
	Status          string        `json:"status"`                 // one of OpenVEX's
	Justification   string        `json:"justification,omitzero"` // of not_affected, one of OpenVEX's
	ImpactStatement string        `json:"impactStatement,omitzero"`
	ActionStatement string        `json:"actionStatement,omitzero"`
	Reachability    *Reachability `json:"reachability,omitzero"`
	PolicyDigest    string        `json:"policyDigest,omitzero"` // sha256:<hex>
	Engine          *Program      `json:"engine,omitzero"`
	Evidence        []Reference   `json:"evidence,omitempty"`
	DecidedAt       string        `json:"decidedAt"` // RFC 3339 in UTC, whole seconds
	ExpiresAt       string        `json:"expiresAt,omitzero"`
	Supersedes      string        `json:"supersedes,omitzero"` // payload of the decision before, sha256:<hex>
}

// Vulnerability is what a decision is on.
type Vulnerability struct {
	ID      string   `json:"id"`
	Aliases []string `json:"aliases,omitempty"`
}

// Product is what the vulnerability may be in.
type Product struct {
	ID     string `json:"id"`              // a package URL or another URI
	Digest string `json:"digest,omitzero"` // sha256:<hex>
}

// Reachability is what an analysis says of the vulnerable code.
type Reachability struct {
	State      string   `json:"state"`                // reachable, unreachable or unknown
	Confidence *float64 `json:"confidence,omitempty"` // from 0 to 1
	Graph      string   `json:"graph,omitzero"`       // sha256:<hex>
}

// PredicateType implements Model.
func (*VEXDecision) PredicateType() string { return TypeVEXDecision }

// vexStatuses and vexJustifications are the words of OpenVEX 0.2.0 ("Status Labels",
// "Status Justifications").
func vexStatuses() []string {
	return []string{StatusNotAffected, StatusAffected, StatusFixed, StatusUnderInvestigation}
}

func vexJustifications() []string {
	return []string{
		"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
		"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
	}
}

// reachabilities are what an analysis says of a vulnerable function.
func reachabilities() []string { return []string{"reachable", "unreachable", "unknown"} }

// vexDecision is the shape of one decision on one vulnerability in one product: a
// statement of OpenVEX with what it rests on.
func vexDecision() shape {
	s := shape{
		"":                         {kind: canonical.Object},
		"/vulnerability":           {kind: canonical.Object, required: true},
		"/vulnerability/id":        {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/vulnerability/aliases":   {kind: canonical.Array, size: between(1, maxViews, "aliases")},
		"/vulnerability/aliases/*": {kind: canonical.String, check: sentence(maxWord)},
		"/product":                 {kind: canonical.Object, required: true},
		"/product/id":              {kind: canonical.String, required: true, check: uri},
		"/product/digest":          {kind: canonical.String, check: policyDigest},
		"/status":                  {kind: canonical.String, required: true, check: oneOf(vexStatuses()...)},
		"/justification":           {kind: canonical.String, check: oneOf(vexJustifications()...)},
		"/impactStatement":         {kind: canonical.String, check: prose(maxNotes)},
		"/actionStatement":         {kind: canonical.String, check: prose(maxNotes)},
		"/reachability":            {kind: canonical.Object},
		"/reachability/state":      {kind: canonical.String, required: true, check: oneOf(reachabilities()...)},
		"/reachability/confidence": {kind: canonical.Number, check: fraction},
		"/reachability/graph":      {kind: canonical.String, check: policyDigest},
		"/policyDigest":            {kind: canonical.String, check: policyDigest},
		"/decidedAt":               {kind: canonical.String, required: true, check: instant},
		"/expiresAt":               {kind: canonical.String, check: instant},
		"/supersedes":              {kind: canonical.String, check: policyDigest},
	}
	s.program("/engine", false)
	s.references("/evidence", false)
	return s
}
