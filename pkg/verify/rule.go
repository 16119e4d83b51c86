package verify

import (
	"context"
	"time"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// RuleSet is one policy: an ordered list of rules. The first rule that is about
// a statement's subjects and predicate type is applied to it; a statement that no
// rule is about is refused.
type RuleSet struct {
	// Name is how the report calls the policy; it may be empty.
	Name string
	// Identities, with those of a rule, are the only certificates that count for the
	// rule, and say as whom they do. They narrow those of the Policy. Where no rule has
	// any, certificates in the names of the Policy's count; what only another rule set
	// names does not.
	Identities []Identity
	// Witnesses, if there are any, are the only ones whose cosignatures count for the
	// rules: each policy relies on its own. The Policy's Root must have them.
	Witnesses []material.Witness
	// AllowNoLogUnsafe and AllowNoSCTUnsafe are as in Policy, for the rules: what one
	// policy or a caller lets pass does not pass for another.
	AllowNoLogUnsafe, AllowNoSCTUnsafe bool
	// Signature is demanded of each signature that is to count for a rule.
	Signature SignatureDemands
	Rules     []Rule
}

// Rule is what is demanded of the statements that it is about.
type Rule struct {
	Name string
	// Subjects are the names and digests that the rule is about; empty for all. A
	// rule is about a statement if each of the demanded artifacts that it names, or
	// each of its subjects if none is demanded, meets one of them.
	Subjects []SubjectMatch
	// PredicateTypes are the URIs that the rule is about; empty for all, and for
	// content that is no statement too.
	PredicateTypes []string
	// Identities count for this rule beside those of the rule set.
	Identities []Identity
	// Signers must all be met. One holder fills at most one place in them. Without
	// any, one signature that counts is enough.
	Signers []Requirement
	// Signature is demanded of each signature that is to count, beyond the rule
	// set's.
	Signature SignatureDemands
	// MaxAge is how old the proven signing time may be; zero for any age, proven or
	// not.
	MaxAge time.Duration
	// Conditions must all hold.
	Conditions []Condition
	// Required says that some statement given must have met the rule.
	Required bool
	// Promotion is demanded of promotions; nil for nothing.
	Promotion *PromotionDemands
}

// PromotionDemands are demands on a promotion that it takes other evidence to judge.
type PromotionDemands struct {
	// SeparateFrom are the roles of materials that there must be, and that no holder who
	// promoted may have signed: sbom, vex, report.
	SeparateFrom []string `json:"separateFrom,omitempty"`
	// ChainFrom is the environment in which the chain of promotions must begin.
	ChainFrom string `json:"chainFrom,omitempty"`
}

// SubjectMatch is a demand on a subject. Each of its parts that is set must be
// met.
type SubjectMatch struct {
	Name   Match             // a name is the signer's claim; zero for any
	Digest map[string]string // lower-case hex by algorithm; empty for any
}

// SignatureDemands are what one signature must have to count. The zero value
// demands nothing.
type SignatureDemands struct {
	Proofs Proofs
	// Hardware demands that the trust holds the key to be in hardware.
	Hardware bool
	// Profile bounds the key's algorithm; empty for no bound.
	Profile keys.Profile
	// Algorithms are those that the key may have; empty for any.
	Algorithms []keys.Algorithm
}

// Requirement demands that a number of distinct holders of some kind signed.
type Requirement struct {
	// Name is how messages call those who are wanted.
	Name      string
	Threshold int // at least 1
	// From says whose signatures count: those that meet one of them. Without any,
	// everybody's who is trusted do.
	From []SignerMatch
}

// SignerMatch is a demand on who signed. Each of its parts that is set must be
// met by one signature; a part is met by one of its values. The zero value is
// met by everybody who is trusted.
type SignerMatch struct {
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
// signers claim. It is not safe for concurrent use.
type Facts struct {
	Statement *intoto.Statement // without its predicate
	Message   dsse.Message      // the whole payload
	Signers   []Signer          // those that count for the rule
	At        time.Time         // of verification

	remembered map[any]memory
}

type memory struct {
	value any
	err   error
}

// Once returns what load returns. It calls load once for each key, so that the
// conditions of one rule read a payload together.
func (f *Facts) Once(key any, load func() (any, error)) (any, error) {
	if m, ok := f.remembered[key]; ok {
		return m.value, m.err
	}
	if f.remembered == nil {
		f.remembered = make(map[any]memory)
	}
	value, err := load()
	f.remembered[key] = memory{value, err}
	return value, err
}
