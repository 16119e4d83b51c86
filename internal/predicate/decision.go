package predicate

import (
	"strconv"

	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Bounds in the predicates about decisions; schema/*.json has the same.
const (
	maxRefs    = 1024 // documents that something rests on
	maxOutcome = 4096 // rules of an evaluation
)

// vexStatuses and vexJustifications are the words of OpenVEX 0.2.0 ("Status Labels",
// "Status Justifications").
func vexStatuses() []string {
	return []string{"not_affected", "affected", "fixed", "under_investigation"}
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
		"/vulnerability/aliases":   {kind: canonical.Array, check: between(1, maxViews, "aliases")},
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

// graph is the shape of a reachability graph, by digest or embedded.
func graph() shape {
	s := shape{
		"":               {kind: canonical.Object},
		"/format":        {kind: canonical.String, required: true, check: formatID},
		"/digest":        {kind: canonical.Object, required: true},
		"/digest/sha256": {kind: canonical.String, required: true, check: sha256Hex},
		"/digest/blake3": {kind: canonical.String, check: sha256Hex},
		"/mediaType":     {kind: canonical.String, required: true, check: mediaType},
		"/size":          {kind: canonical.Number, required: true, check: integer},
		"/nodes":         {kind: canonical.Number, required: true, check: integer},
		"/edges":         {kind: canonical.Number, required: true, check: integer},
		"/entrypoints":   {kind: canonical.Number, check: integer},
		"/uri":           {kind: canonical.String, check: uri},
		"/content":       {kind: canonical.Object, opaque: true},
		"/createdAt":     {kind: canonical.String, required: true, check: instant},
	}
	s.program("/analyzer", true)
	s.references("/inputs", false)
	return s
}

// policyEvaluation is the shape of what a policy said of its inputs.
func policyEvaluation() shape {
	s := shape{
		"":                 {kind: canonical.Object},
		"/policy":          {kind: canonical.Object, required: true},
		"/policy/digest":   {kind: canonical.String, required: true, check: policyDigest},
		"/policy/name":     {kind: canonical.String, check: sentence(maxWord)},
		"/policy/version":  {kind: canonical.String, check: sentence(maxWord)},
		"/policy/views":    {kind: canonical.Array, check: viewCount},
		"/policy/views/*":  {kind: canonical.String, check: word},
		"/decision":        {kind: canonical.String, required: true, check: decision},
		"/rules":           {kind: canonical.Array, check: between(0, maxOutcome, "rules")},
		"/rules/*":         {kind: canonical.Object},
		"/rules/*/name":    {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/rules/*/outcome": {kind: canonical.String, required: true, check: oneOf("passed", "failed", "skipped")},
		"/rules/*/message": {kind: canonical.String, check: prose(maxNotes)},
		"/evaluatedAt":     {kind: canonical.String, required: true, check: instant},
		"/expiresAt":       {kind: canonical.String, check: instant},
	}
	s.program("/engine", false)
	s.references("/inputs", true)
	return s
}

// program adds the shape of what made something.
func (s shape) program(at string, required bool) {
	s[at] = rule{kind: canonical.Object, required: required}
	s[at+"/name"] = rule{kind: canonical.String, required: true, check: sentence(maxWord)}
	s[at+"/version"] = rule{kind: canonical.String, check: sentence(maxWord)}
}

// references adds the shape of a list of documents, each by name and digest.
func (s shape) references(at string, required bool) {
	s[at] = rule{kind: canonical.Array, required: required, check: between(1, maxRefs, "documents")}
	s[at+"/*"] = rule{kind: canonical.Object}
	s[at+"/*/name"] = rule{kind: canonical.String, required: true, check: sentence(maxWord)}
	s[at+"/*/digest"] = rule{kind: canonical.String, required: true, check: policyDigest}
}

// fraction is a number from 0 to 1.
func fraction(s string) string {
	if f, err := strconv.ParseFloat(s, 64); err != nil || f < 0 || f > 1 {
		return "a number from 0 to 1"
	}
	return ""
}

// percent is a number from 0 to 100.
func percent(s string) string {
	if f, err := strconv.ParseFloat(s, 64); err != nil || f < 0 || f > 100 {
		return "a number from 0 to 100"
	}
	return ""
}
