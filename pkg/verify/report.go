package verify

import (
	"fmt"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Status is what became of one check.
type Status string

// The statuses. NotRun means that an earlier check failed; NotDemanded, that
// the policy does not ask for it.
const (
	Passed      Status = "passed"
	Failed      Status = "failed"
	NotRun      Status = "not_run"
	NotDemanded Status = "not_demanded"
)

// Schema names the JSON form of a Report.
const Schema = "stella.ops/verdict@v1"

// Report is the verdict over all evidence. What the evidence itself says
// stands only under Claims.
type Report struct {
	Schema   string `json:"schema"`
	Verified bool   `json:"verified"`
	Exit     int    `json:"exit"`
	// Reason is the reason of the failure that fixed Exit, or "".
	Reason fault.Reason `json:"reason,omitempty"`
	// Compared says whether the evidence was compared with an artifact.
	Compared bool      `json:"comparedWithArtifact"`
	Time     TimeUsed  `json:"time"`
	Network  string    `json:"network"`
	Profile  Profile   `json:"profile"`
	Trust    TrustUsed `json:"trust"`
	// Policies are the names of the policies that were applied.
	Policies []string `json:"policies,omitempty"`
	// Loosened names what the policy lets pass that it would not by itself, as the
	// policy file does.
	Loosened []string `json:"loosened,omitempty"`
	// AssumedRevocations are the revocations that the verdict was asked to assume;
	// with any it is no verdict over what is, but over what would be.
	AssumedRevocations []Assumed `json:"assumedRevocations,omitempty"`
	Results            []Result  `json:"results"`
	// Checks are those of what is demanded of the evidence as a whole.
	Checks  []Check   `json:"checks,omitempty"`
	Counts  Counts    `json:"counts"`
	Stopped bool      `json:"stopped,omitzero"` // at the first failure, as was asked for
	Ignored []Ignored `json:"ignored,omitempty"`
}

// Assumed is one assumed revocation.
type Assumed struct {
	KeyID     string    `json:"keyId"`
	RevokedAt time.Time `json:"revokedAt"`
}

// TimeUsed is when keys were judged and where that time comes from.
type TimeUsed struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"`
}

// Profile is the bound on algorithms.
type Profile struct {
	Name keys.Profile `json:"name"`
	// Standing says what stands behind it, such as a validated module, or that
	// nothing does; empty for the default.
	Standing string `json:"standing,omitempty"`
}

// TrustUsed is what the verdict rests on.
type TrustUsed struct {
	Rooted bool `json:"rooted"`
	// Bundle is the TUF-rooted trust bundle; nil for trust that is unrooted.
	Bundle  *Bundle      `json:"bundle,omitempty"`
	Sources []string     `json:"sources"`
	Keys    []TrustedKey `json:"keys"`
	// Identities are those whose certificates count.
	Identities []TrustedIdentity `json:"identities,omitempty"`
	// Authorities are who may issue certificates, keep logs and stamp time.
	Authorities []Authority `json:"authorities,omitempty"`
}

// TrustedKey is one key that was trusted.
type TrustedKey struct {
	Name      string `json:"name,omitempty"`
	Holder    string `json:"holder"`
	Hybrid    string `json:"hybrid,omitempty"`
	KeyID     string `json:"keyId"`
	Algorithm string `json:"algorithm"`
	// NotBefore, NotAfter and RevokedAt bound when the key is good, as the trust says;
	// zero for no bound.
	NotBefore time.Time `json:"notBefore,omitzero"`
	NotAfter  time.Time `json:"notAfter,omitzero"`
	RevokedAt time.Time `json:"revokedAt,omitzero"`
}

// TrustedIdentity is one identity whose certificates count, as it was demanded.
type TrustedIdentity struct {
	Identity string   `json:"identity"`
	Issuer   string   `json:"issuer"`
	Holder   string   `json:"holder,omitempty"`
	Roles    []string `json:"roles,omitempty"`
}

// Authority is one authority that was trusted.
type Authority struct {
	Kind  string    `json:"kind"`
	Name  string    `json:"name"`
	ID    string    `json:"id,omitempty"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// Result is the verdict over one payload.
type Result struct {
	Verified bool     `json:"verified"`
	Evidence []Source `json:"evidence"`
	Checks   []Check  `json:"checks"`
	Signers  []Signer `json:"signers"`
	// WouldFall says that the payload is verified as things are, and would not be
	// with the assumed revocations.
	WouldFall bool `json:"wouldFall,omitzero"`
	// Rules are the rules that were applied, one of each policy.
	Rules []AppliedRule `json:"rules,omitempty"`
	// Claims is what the evidence says. It is there only if the signature check
	// passed, and only as true as its signers are honest; or with nothing but a
	// Problem, if the evidence could not be read.
	Claims *Claims `json:"claims,omitempty"`

	// Message is the verified payload; nil unless the signature check passed over
	// an envelope. Each reading of it is tied to what was verified.
	Message dsse.Message `json:"-"`

	// Artifact is the SHA-256, in hex, that a signature over bare bytes was verified
	// with by Policy.BareByDigest; else empty.
	Artifact string `json:"-"`

	// Loose is what became of the proofs that Policy.Loose gave.
	Loose []LooseFinding `json:"-"`

	demanded  map[int]bool // indices of the policy's artifacts that matched
	documents [][]byte     // which each piece of evidence is, if they are counted
	unread    error        // why the evidence could not be read
	part      bool         // of something that is no signed document
	few       *fewResult   // that r is in, or nil
}

// Source is one envelope, bundle or signature.
type Source struct {
	File string `json:"file"`
	// Member is the name of a member, if the file is an archive.
	Member string `json:"member,omitempty"`
	Line   int    `json:"line,omitzero"`
	// Part says which one of several in a document or image layout it is.
	Part  string `json:"part,omitempty"`
	Shape string `json:"shape"` // empty if it could not be read
}

// Place names the source for people: the file, and where in it.
func (s Source) Place() string { return place(s.File, s.Member, s.Line, s.Part) }

// place joins what says where something stands.
func place(name, member string, line int, part string) string {
	if member != "" {
		name += ", member " + member
	}
	if line > 0 {
		name = fmt.Sprintf("%s, line %d", name, line)
	}
	if part != "" {
		name += ", " + part
	}
	return name
}

// Check is one thing that was looked at. Its message is our own words and the
// policy's; what it repeats of the evidence, such as the name in a certificate, is
// quoted.
type Check struct {
	Name    string       `json:"name"`
	Status  Status       `json:"status"`
	Reason  fault.Reason `json:"reason,omitempty"`
	Message string       `json:"message,omitempty"`
	// Hint is what can be done about a failure, as an imperative; mostly empty.
	Hint string `json:"hint,omitempty"`

	err error
}

// cause is why the check failed.
func (c *Check) cause() error {
	if c.err != nil {
		return c.err
	}
	return fault.New(c.Reason, "%s", c.Message).WithHint("%s", c.Hint)
}

// Signer is one signature and what it counts for.
type Signer struct {
	Evidence int          `json:"evidence"` // index into the result's evidence
	Index    int          `json:"signature"`
	Verified bool         `json:"verified"`
	Counted  bool         `json:"counted"`
	Holder   string       `json:"holder,omitempty"`
	Name     string       `json:"name,omitempty"`
	KeyID    string       `json:"keyId,omitempty"`
	Roles    []string     `json:"roles,omitempty"`
	Tenant   string       `json:"tenant,omitempty"`
	Reason   fault.Reason `json:"reason,omitempty"`
	Message  string       `json:"message,omitempty"`
	// Certificate is what the signer's certificate says. It is there only if the
	// certificate was issued by a trusted authority or is pinned.
	Certificate *Certificate `json:"certificate,omitempty"`
	// Time is when the key was judged; nil if the signature is not verified.
	Time *SigningTime `json:"time,omitempty"`
	// Proofs are what stands beside the signature, each with what became of it.
	Proofs []Proof `json:"proofs,omitempty"`

	key int // index into the trust's keys, when verified
}

// Certificate is what an authority vouched for.
type Certificate struct {
	// Authority is the CA's name in the trust: its URI, or the subject of its root.
	Authority string `json:"authority"`
	// Identity is the subject alternative name that was demanded.
	Identity string `json:"identity"`
	// Issuer is the OIDC issuer, or the distinguished name of the issuing CA.
	Issuer string `json:"issuer"`
	// Subject is the distinguished name that the certificate is for, as RFC 2253 writes
	// it; empty for a certificate that has alternative names only.
	Subject   string    `json:"subject,omitempty"`
	Algorithm string    `json:"algorithm"` // of its key
	Serial    string    `json:"serial"`    // lower-case hex
	SHA256    string    `json:"sha256"`    // of the certificate in DER
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	// Extensions are Fulcio's further claims about the build, by the names of
	// its specification, such as sourceRepositoryURI.
	Extensions map[string]string `json:"extensions,omitempty"`
}

// SigningTime is when a signature was judged, and on whose word.
type SigningTime struct {
	At time.Time `json:"at"`
	// Source is "timestamp" or "log" if the time is proven, else as in TimeUsed.
	Source string `json:"source"`
	// Authority is who proved it; empty if nobody did.
	Authority string `json:"authority,omitempty"`
	Proven    bool   `json:"proven"`
}

// Claims is what a payload says.
type Claims struct {
	PayloadType   string    `json:"payloadType,omitempty"`
	StatementType string    `json:"statementType,omitempty"`
	PredicateType string    `json:"predicateType,omitempty"`
	Subjects      []Subject `json:"subjects,omitempty"`
	PayloadSize   int64     `json:"payloadSize"`
	// Problem says why the payload is not a statement, or the evidence could not be
	// read, in words that may quote it.
	Problem string `json:"problem,omitempty"`
}

// Subject is one thing that a statement is about.
type Subject struct {
	Name    string            `json:"name"`
	Digest  map[string]string `json:"digest"`
	Matched bool              `json:"matched"`
}

// passed reports whether a check was made and none failed or was left out.
func (r *Result) passed() bool {
	made := false
	for _, c := range r.Checks {
		if c.Status == Failed || c.Status == NotRun {
			return false
		}
		made = made || c.Status == Passed
	}
	return made
}
