package verify

import (
	"errors"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify/material"
)

// The kinds of Proof.
const (
	ProofLog       = "log"
	ProofTimestamp = "timestamp"
	ProofSCT       = "sct"
	ProofWitness   = "witness"
)

// Proof is one thing that stands beside a signature: a log entry, a time stamp,
// a signed certificate timestamp, a witness's cosignature.
type Proof struct {
	Kind string `json:"kind"`
	// Status is Passed, Failed, or NotDemanded for one of an authority that is not
	// trusted.
	Status Status `json:"status"`
	// Authority is its name in the trust; empty if it is not trusted.
	Authority string `json:"authority,omitempty"`
	// Time is the proven time; zero for a proof without one.
	Time time.Time `json:"time,omitzero"`
	// LogIndex is the entry's index in its log; nil for other kinds.
	LogIndex *int64 `json:"logIndex,omitempty"`
	// LogID is the id of the log that the entry names, in lower-case hex; empty for
	// other kinds. An item has no two entries with one id and index that both pass.
	LogID  string       `json:"-"`
	Reason fault.Reason `json:"reason,omitempty"`
	// Message says why. What it repeats of the evidence is quoted.
	Message string `json:"message,omitempty"`

	hint     string           // what can be done about a refuted one
	operator string           // authorities of one operator count once
	witness  material.Witness // of a cosignature
}

func newProof(kind, authority, operator string, at time.Time, err error) Proof {
	p := Proof{Kind: kind, Status: Passed, Authority: authority, Time: at, operator: operator}
	switch {
	case err == nil:
	case errors.Is(err, material.ErrNotTrusted):
		p.Status, p.Message = NotDemanded, err.Error()
	default:
		p.Status, p.Reason, p.Message, p.hint = Failed, fault.ReasonOf(err), err.Error(), fault.HintOf(err)
	}
	return p
}

// same reports whether another proof proves no more than p, and no less.
func (p *Proof) same(other Proof) bool {
	a, b := *p, other
	a.LogIndex, b.LogIndex = nil, nil
	return a == b && p.index() == other.index()
}

// index is that of a log entry, and -1 of other proofs.
func (p *Proof) index() int64 {
	if p.LogIndex == nil {
		return -1
	}
	return *p.LogIndex
}

// distinct counts the operators that proved something of a kind.
func distinct(proofs []Proof, kind string) int {
	seen := make(map[string]bool)
	for _, p := range proofs {
		if p.Kind == kind && p.Status == Passed {
			seen[p.operator] = true
		}
	}
	return len(seen)
}

// failed returns the finding on the first proof of a kind that was refuted.
func failed(proofs []Proof, kind string) error {
	for _, p := range proofs {
		if p.Kind == kind && p.Status == Failed {
			return fault.New(p.Reason, "%s", p.Message).WithHint("%s", p.hint)
		}
	}
	return nil
}
