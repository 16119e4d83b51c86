package verify

import (
	"context"
	"time"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// RuleSet is one policy: an ordered list of rules. The first rule that is about
// a statement's subjects and predicate type is applied to it; a statement that no
// rule is about is refused.
type RuleSet struct {
	// Name is how the report calls the policy.
	Name  string
	Rules []Rule
}

// Rule is what is demanded of the statements that it is about.
type Rule struct {
	Name string
	// Subjects are the names and digests that the rule is about; empty for all. A
	// rule is about a statement if each of the demanded artifacts that it names, or
	// each of its subjects if none is demanded, meets one of them.
	Subjects []SubjectMatch
	// PredicateTypes are the URIs that the rule is about; empty for all.
	PredicateTypes []string
	// Signers must all be met. One holder fills at most one place in them.
	Signers []Requirement
	// Proofs are demanded of each signature that is to count, beyond the policy's.
	Proofs Proofs
	// MaxAge is how old the proven signing time may be; zero for any age.
	MaxAge time.Duration
	// Conditions must all hold.
	Conditions []Condition
	// Required says that some statement given must have met the rule.
	Required bool
}

// SubjectMatch is a demand on a subject. Each of its parts that is set must be
// met.
type SubjectMatch struct {
	Name   Match             // a name is the signer's claim; zero for any
	Digest map[string]string // lower-case hex by algorithm; empty for any
}

// Requirement demands that a number of distinct holders of some kind signed.
// Holders of any of the kinds count; without any kind, every holder does.
type Requirement struct {
	Name       string
	Threshold  int // at least 1
	Holders    []string
	Roles      []string
	Tenants    []string
	KeyIDs     []string // as dsse.KeyID gives them
	Identities []Identity
}

// Proofs are how many distinct authorities must stand beside a signature.
type Proofs struct {
	// Log counts transparency logs that prove to hold the signature.
	Log int
	// Timestamp counts RFC 3161 authorities.
	Timestamp int
	// SCT counts certificate transparency logs; of certificates only.
	SCT int
	// Witness counts witnesses that cosigned a log's checkpoint.
	Witness int
}

// Condition is a demand on what a statement says.
type Condition interface {
	// Name is how the report calls the condition. It is the policy's word.
	Name() string
	// Holds returns nil if the statement meets the condition; else
	// fault.PolicyCondition, or what kept it from being judged. Its message quotes
	// nothing from the statement.
	Holds(ctx context.Context, f *Facts) error
}

// Facts are what a condition may look at: all of it is verified or is what the
// signers claim.
type Facts struct {
	Statement *intoto.Statement // without its predicate
	Message   dsse.Message      // the whole payload
	Signers   []Signer          // those that count
	At        time.Time         // of verification
}
