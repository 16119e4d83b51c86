package predicate

import "github.com/stellaops/stella/pkg/dsse/canonical"

// Replay is the predicate stella.ops/replay@v1, a replay manifest: all that a scan was
// made of, so that it can be made again. Digests are sha256:<hex>.
type Replay struct {
	Scan         ReplayScan      `json:"scan"`
	Subject      ReplaySubject   `json:"subject"`
	Inputs       ReplayInputs    `json:"inputs"`
	Policy       *ReplayPolicy   `json:"policy,omitzero"`
	Outputs      []Reference     `json:"outputs"`
	Reachability *ReplayAnalysis `json:"reachability,omitzero"`
	Provenance   map[string]any  `json:"provenance,omitempty"` // JSON of whoever wrote it
}

// ReplayScan is the scan that can be made again.
type ReplayScan struct {
	ID            string  `json:"id"`
	Time          string  `json:"time"` // RFC 3339 in UTC, whole seconds
	Scanner       Program `json:"scanner"`
	CryptoProfile string  `json:"cryptoProfile,omitzero"`
}

// ReplaySubject is what was scanned.
type ReplaySubject struct {
	Digest string   `json:"digest"`
	Layers []string `json:"layers,omitempty"`
}

// ReplayInputs is what the scanner was given beside the subject.
type ReplayInputs struct {
	Feeds       []Reference `json:"feeds,omitempty"`
	Rules       []Reference `json:"rules,omitempty"`
	Tools       []Reference `json:"tools,omitempty"`
	Environment string      `json:"environment,omitzero"` // digest of its description
}

// ReplayPolicy is the policy that was applied.
type ReplayPolicy struct {
	Digest string `json:"digest"`
}

// ReplayAnalysis names what was found of reachability.
type ReplayAnalysis struct {
	Graphs []string `json:"graphs,omitempty"`
	Traces []string `json:"traces,omitempty"`
}

// PredicateType implements Model.
func (*Replay) PredicateType() string { return TypeReplay }

// replay is the shape of a replay manifest: all that a scan was made of, so that it
// can be made again.
func replay() shape {
	s := shape{
		"":                    {kind: canonical.Object},
		"/scan":               {kind: canonical.Object, required: true},
		"/scan/id":            {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/scan/time":          {kind: canonical.String, required: true, check: instant},
		"/scan/cryptoProfile": {kind: canonical.String, check: formatID},
		"/subject":            {kind: canonical.Object, required: true},
		"/subject/digest":     {kind: canonical.String, required: true, check: policyDigest},
		"/inputs":             {kind: canonical.Object, required: true},
		"/inputs/environment": {kind: canonical.String, check: policyDigest},
		"/policy":             {kind: canonical.Object},
		"/policy/digest":      {kind: canonical.String, required: true, check: policyDigest},
		"/reachability":       {kind: canonical.Object, check: notEmpty},
		"/provenance":         {kind: canonical.Object, opaque: true},
	}
	s.program("/scan/scanner", true)
	s.digests("/subject/layers")
	s.references("/inputs/feeds", false)
	s.references("/inputs/rules", false)
	s.references("/inputs/tools", false)
	s.references("/outputs", true)
	s.digests("/reachability/graphs")
	s.digests("/reachability/traces")
	return s
}
