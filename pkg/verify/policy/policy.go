package policy

import (
	"time"

	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// Format is the format string of a policy file. It changes when a reader of
// this version could misread a file. It is not the predicate type
// stella.ops/policy@v1, which is an evaluation.
const Format = "stella.ops/verificationPolicy@v1"

// Policy is a policy file that was read and is well-formed. Its fields are as
// the file says it, in the file's order.
type Policy struct {
	Name        string     `yaml:"name,omitempty"`
	Description string     `yaml:"description,omitempty"`
	Artifacts   []Artifact `yaml:"artifacts,omitempty"`
	Identities  []Identity `yaml:"identities,omitempty"`
	Demands     `yaml:",inline"`
	// Witnesses are the keys of the witnesses that count, as vkeys of a signed note.
	Witnesses []string `yaml:"witnesses,omitempty"`
	// Revocation, if required, refuses certificates of private CAs of which no
	// current CRL says that they are not revoked.
	Revocation       Demand `yaml:"revocation,omitempty"`
	AllowNoLogUnsafe bool   `yaml:"allowNoLogUnsafe,omitempty"`
	AllowNoSCTUnsafe bool   `yaml:"allowNoSCTUnsafe,omitempty"`
	// AllowExpiredTrustUnsafe is for how long after it expired a trust bundle may be
	// used; "" for not at all.
	AllowExpiredTrustUnsafe MaxAge `yaml:"allowExpiredTrustUnsafe,omitempty"`
	Rules                   []Rule `yaml:"rules"`
}

// Artifact is something that the evidence must be about.
type Artifact struct {
	Name   string `yaml:"name,omitempty"`
	Digest string `yaml:"digest"` // algorithm:hex
}

// Identity says which certificates count, and as whom.
type Identity struct {
	Identity Match    `yaml:"identity"`
	Issuer   Match    `yaml:"issuer"`
	Holder   string   `yaml:"holder,omitempty"`
	Roles    []string `yaml:"roles,omitempty,flow"`
	Tenant   string   `yaml:"tenant,omitempty"`
}

// Demands are what each signature must have to count.
type Demands struct {
	Profile    keys.Profile     `yaml:"profile,omitempty"`
	Algorithms []keys.Algorithm `yaml:"algorithms,omitempty,flow"`
	Hardware   Demand           `yaml:"hardware,omitempty"`
	Proofs     Proofs           `yaml:"proofs,omitempty,flow"`
}

// Demand is Required, or empty.
type Demand string

// Required demands what its member is about.
const Required Demand = "required"

// Proofs are how many distinct authorities must stand beside a signature.
type Proofs struct {
	Log       int `yaml:"log,omitempty"`
	Timestamp int `yaml:"timestamp,omitempty"`
	SCT       int `yaml:"sct,omitempty"`
	Witness   int `yaml:"witness,omitempty"`
}

// Rule is what is demanded of the statements that it is about.
type Rule struct {
	Name           string        `yaml:"name"`
	Description    string        `yaml:"description,omitempty"`
	Subjects       []Subject     `yaml:"subjects,omitempty"`
	PredicateTypes []string      `yaml:"predicateTypes,omitempty"` // short names or URIs
	Signers        []Requirement `yaml:"signers"`
	Demands        `yaml:",inline"`
	MaxAge         MaxAge      `yaml:"maxAge,omitempty"`
	Conditions     []Condition `yaml:"conditions,omitempty"`
	Promotion      *Promotion  `yaml:"promotion,omitempty"`
	Required       bool        `yaml:"required,omitempty"`

	uris []string // of PredicateTypes
}

// Promotion is a demand on promotions that takes other evidence to judge, which only
// promotion verify does.
type Promotion struct {
	// SeparateFrom are the roles of materials that who promoted may not have signed.
	SeparateFrom []string `yaml:"separateFrom,omitempty,flow"`
	// ChainFrom is the environment in which the chain of promotions must begin.
	ChainFrom string `yaml:"chainFrom,omitempty"`
}

// Subject is a demand on a subject: each part that is there must be met.
type Subject struct {
	Name   Match  `yaml:"name,omitempty"`
	Digest string `yaml:"digest,omitempty"` // algorithm:hex
}

// Requirement demands that a number of distinct holders signed: of those who
// meet its own parts, or any of AnyOf.
type Requirement struct {
	Name      string `yaml:"name,omitempty"`
	Threshold int    `yaml:"threshold"`
	Signer    `yaml:",inline"`
	AnyOf     []Signer `yaml:"anyOf,omitempty"`
}

// Signer is a demand on who signed: each part that is there must be met, by one
// of its values.
type Signer struct {
	Holders    []string   `yaml:"holders,omitempty,flow"`
	Roles      []string   `yaml:"roles,omitempty,flow"`
	Tenants    []string   `yaml:"tenants,omitempty,flow"`
	KeyIDs     []string   `yaml:"keyIds,omitempty"`
	Identities []Identity `yaml:"identities,omitempty"` // without holder, roles and tenant
}

// MaxAge is how old something may be: a whole number and d, h or m.
type MaxAge string

// Duration returns the age, 0 for any.
func (a MaxAge) Duration() time.Duration {
	d, _ := parseAge(string(a)) // was checked when it was read
	return d
}

// Condition is a demand on what the statement says: a CEL expression.
type Condition struct {
	Name string `yaml:"name"`
	CEL  string `yaml:"cel"`

	compiled verify.Condition
}

// Match is a demand on a text: exactly one of its fields is set.
type Match struct {
	Exact     string
	Glob      string
	Regexp    string
	AnyUnsafe bool

	compiled verify.Match
}

// MarshalYAML writes an exact text as itself.
func (m Match) MarshalYAML() (any, error) {
	switch {
	case m.Glob != "":
		return map[string]string{"glob": m.Glob}, nil
	case m.Regexp != "":
		return map[string]string{"regexp": m.Regexp}, nil
	case m.AnyUnsafe:
		return map[string]bool{verify.LoosenAnyIdentity: true}, nil
	}
	return m.Exact, nil
}

// IsZero reports whether nothing is demanded.
func (m Match) IsZero() bool { return m.Exact == "" && m.Glob == "" && m.Regexp == "" && !m.AnyUnsafe }
