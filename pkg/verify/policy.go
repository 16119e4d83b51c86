package verify

import (
	"crypto/sha1" //nolint:gosec // compared in addition to a strong digest, never instead of one
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// Policy is what is demanded of evidence. Its zero value accepts nothing.
type Policy struct {
	// Trust says whose signatures count.
	Trust *keys.Trust
	// Root is whose word counts on certificates, logs and time; nil for nobody's.
	Root *material.Root
	// RootSources are the files that Root is from, for the report.
	RootSources []string
	// Identities say which certificates by the trusted authorities count, and as
	// whom: the caller's word, which holds for all rule sets. Without any, pinned keys
	// and certificates count, and for a rule set the certificates that it names itself.
	Identities []Identity
	// Proofs are demanded of each signature that is to count.
	Proofs Proofs
	// AllowNoLogUnsafe and AllowNoSCTUnsafe lift the demand that a certificate by
	// an authority of a Sigstore trusted root comes with an entry in a
	// transparency log, and with a signed certificate timestamp: without them
	// nobody but the CA knows what it issued.
	AllowNoLogUnsafe, AllowNoSCTUnsafe bool
	// DemandRevocation refuses certificates of private CAs unless for each
	// certificate of the chain but the root a current CRL of its issuer says that it
	// is not revoked. Without it, that is so only where its issuer has a CRL.
	DemandRevocation bool
	// RuleSets are policies that must all accept, beside everything else here.
	RuleSets []RuleSet
	// Threshold is how many distinct holders must have signed; at least 1.
	Threshold int
	// Profile bounds the algorithms of the keys; empty for keys.ProfileDefault.
	Profile keys.Profile
	// Subjects are the artifacts that the evidence must be about. Without any,
	// evidence is not compared with an artifact, and the report says so.
	Subjects []Artifact
	// PredicateType is the type that a statement must have, as a URI; "" demands
	// none. Where one file holds several pieces of evidence it selects among them:
	// what is not of the type is ignored, if there is something that is.
	PredicateType string
	// Spellings returns all URIs that may name the same schema as uri, uri among
	// them: a version goes with the URI that says none, and not with other versions. Nil means that every URI is a schema of its own.
	Spellings func(uri string) []string
	// At is when keys are judged.
	At time.Time
	// Bundle is the TUF-rooted trust bundle that Trust and Root are from; nil for
	// trust that nothing but the caller vouches for.
	Bundle *Bundle
	// RevokedKeys are keys of which a certificate is as bad as their entry in Trust
	// would be, by their ids. What Trust says of its own keys stands there.
	RevokedKeys map[string]KeyRevocation
	// JudgesPromotions says that the caller judges what rules demand of promotions,
	// which the promotion alone does not tell, and adds that to the report. Without it
	// a statement to which such a rule is applied is refused.
	JudgesPromotions bool
	// BareByDigest says that the caller holds what signatures over bare bytes are about
	// to the artifacts there are. Where Subjects names none, such a signature is judged
	// by the SHA-256 that its bundle names, which the result then has. Keys that sign the
	// artifact itself and no digest verify nothing so.
	BareByDigest bool
	// Artifact returns what has a SHA-256, in hex, where BareByDigest has a signature judged
	// by that, and nil for what the caller does not have. With it keys that sign the artifact
	// itself verify, too. Both functions are called by several goroutines at once.
	Artifact func(sha256 string) dsse.Content
	// Loose returns the proofs that lie apart and may be about a signature, or about the envelope in
	// which it stands, if that is not nil. They may be about another one; see [Result.Loose].
	Loose func(signature, envelope []byte) []Loose
	// AssumeRevoked judges keys as if they were revoked, to see what would fall.
	// It only adds refusals: a revocation that a key has already stays if it is
	// earlier. A key that is not trusted is an error.
	AssumeRevoked []AssumedRevocation
}

// KeyRevocation says that a key is bad from an instant on.
type KeyRevocation struct {
	RevokedAt time.Time
	Reason    string
}

// AssumedRevocation is a revocation that is tried out.
type AssumedRevocation struct {
	// KeyID is the key's id, as dsse.KeyID gives it.
	KeyID string
	// RevokedAt is the instant from which on the key is taken to be bad.
	RevokedAt time.Time
}

// assume returns the policy with the assumed revocations in its trust.
func (p *Policy) assume() (*Policy, error) {
	if len(p.AssumeRevoked) == 0 {
		return p, nil
	}
	list := p.trustedKeys()
	for _, a := range p.AssumeRevoked {
		i := slices.IndexFunc(list, func(k keys.TrustedKey) bool {
			id, err := dsse.KeyID(k.Public)
			return err == nil && id == a.KeyID
		})
		if i < 0 {
			return nil, fault.New(fault.UsageInvalid, "no trusted key has the id %.100q, so nothing rests on it", a.KeyID).
				WithHint("give the whole key id, sha256:<hex>, of a key that is trusted; stella keys show prints it")
		}
		if was := list[i].RevokedAt; was.IsZero() || a.RevokedAt.Before(was) {
			list[i].RevokedAt, list[i].Reason = a.RevokedAt, "assumed"
		}
	}
	trust, err := p.Trust.Replace(list)
	if err != nil {
		return nil, err
	}
	assumed := *p
	assumed.Trust = trust
	return &assumed, nil
}

func (p *Policy) validate() error {
	switch {
	case p == nil, len(p.trustedKeys()) == 0 && (len(p.admitting()) == 0 || p.Root.Empty()):
		return fault.New(fault.TrustRequired, "no key, certificate or trust was given to verify with").
			WithHint("say whose signature you expect: --key KEY.pub")
	case p.Threshold < 1:
		return errors.New("policy demands no signature: the threshold must be at least 1")
	case p.At.IsZero():
		return errors.New("policy names no time at which keys are judged")
	}
	return nil
}

// The names of what loosens a policy, in reports and in the policy file.
const (
	LoosenNoLog       = "allowNoLogUnsafe"
	LoosenNoSCT       = "allowNoSCTUnsafe"
	LoosenAnyIdentity = "anyUnsafe"
	// LoosenExpiredTrust is named where trust that has expired was used.
	LoosenExpiredTrust = "allowExpiredTrustUnsafe"
	// LoosenBundlePolicy is named where the policy of the trust bundle was left out.
	LoosenBundlePolicy = "replacePolicyUnsafe"
)

// loosened names what the policy lets pass that it would not by itself.
func (p *Policy) loosened() []string {
	var out []string
	if p.AllowNoLogUnsafe {
		out = append(out, LoosenNoLog)
	}
	if p.AllowNoSCTUnsafe {
		out = append(out, LoosenNoSCT)
	}
	if slices.ContainsFunc(p.admitting(), p.anybody) {
		out = append(out, LoosenAnyIdentity)
	}
	if p.Bundle != nil && p.Bundle.Expired {
		out = append(out, LoosenExpiredTrust)
	}
	if p.Bundle != nil && p.Bundle.PolicyReplacedUnsafe {
		out = append(out, LoosenBundlePolicy)
	}
	return out
}

// anybody reports whether an identity lets a public authority vouch for any name,
// or on the word of any issuer. A private CA is the issuer itself.
func (p *Policy) anybody(i Identity) bool {
	public := func(a material.Authority) bool { return a.Kind == material.KindCA }
	return i.SubjectAlternativeName.MatchesAnyName() || i.Issuer.MatchesAnyIssuer() && slices.ContainsFunc(p.Root.Authorities(), public)
}

// trustedKeys returns the keys of the trust, if there is one.
func (p *Policy) trustedKeys() []keys.TrustedKey {
	if p.Trust == nil {
		return nil
	}
	return p.Trust.Keys()
}

// forOneVerification returns a copy that remembers what it computes, so that a
// statement with many subjects hashes an artifact once for each algorithm, and
// the caller's policy can serve several verifications at a time.
func (p *Policy) forOneVerification() *Policy {
	own := *p
	own.Subjects = slices.Clone(p.Subjects)
	for i := range own.Subjects {
		own.Subjects[i].computed = newComputed(own.Subjects[i].Content)
	}
	return &own
}

// spellings returns the URIs of one schema.
func (p *Policy) spellings(uri string) []string {
	if p.Spellings == nil {
		return []string{uri}
	}
	return p.Spellings(uri)
}

// Artifact is something that evidence may be about.
type Artifact struct {
	// Name is for people.
	Name string
	// Digest maps an algorithm's name to lower-case hex; it may be empty if
	// Content is there.
	Digest map[string]string
	// Content is the artifact itself, or nil if only digests are known.
	Content dsse.Content

	computed *computed // of Content, in this verification
}

// digest returns the artifact's digest by one algorithm, and whether it is
// known or can be computed.
func (a *Artifact) digest(algorithm string) (string, bool, error) {
	if d, ok := a.Digest[algorithm]; ok {
		return d, true, nil
	}
	h := newHash(algorithm)
	if a.Content == nil || h == nil {
		return "", false, nil
	}
	d, err := a.computed.digest(algorithm, h, a.Content)
	if err != nil {
		return "", false, fmt.Errorf("failed to hash %q: %w", a.Name, err)
	}
	return d, true, nil
}

// known returns the digests of the artifact that can be told without computing
// any but the usual one.
func (a *Artifact) known() map[string]string {
	out := make(map[string]string)
	for algorithm, d := range a.Digest {
		out[algorithm] = d
	}
	if d, ok, err := a.digest("sha256"); ok && err == nil {
		out["sha256"] = d
	}
	return out
}

// newHash returns the hash function of an in-toto digest name, or nil.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "sha256":
		return sha256.New()
	case "sha384":
		return sha512.New384()
	case "sha512":
		return sha512.New()
	case "sha1":
		return sha1.New() //nolint:gosec // see the import
	}
	return nil
}

// strong reports whether a match by this algorithm identifies an artifact.
func strong(algorithm string) bool {
	return algorithm == "sha256" || algorithm == "sha384" || algorithm == "sha512"
}

// matches reports whether s is about the artifact: at least one strong digest
// is equal, and none that can be compared differs.
func (a *Artifact) matches(s intoto.Subject) (bool, error) {
	identified := false
	for algorithm, want := range s.Digest {
		got, known, err := a.digest(algorithm)
		if err != nil {
			return false, err
		}
		if !known {
			continue
		}
		if got != want {
			return false, nil
		}
		identified = identified || strong(algorithm)
	}
	return identified, nil
}
