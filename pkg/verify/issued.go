package verify

import (
	"fmt"
	"time"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// issued is a certificate that a trusted authority issued to a demanded identity.
type issued struct {
	leaf     *material.Leaf
	chain    *material.Chain // at some time; see certificateGood for the one that counts
	identity *Identity
	name     string // the subject alternative name that the identity demands
	issuer   string
}

// admit makes the key of an item's certificate a candidate, if a trusted
// authority issued it to a demanded identity at any time. Whether it was good when
// it signed is judged later, as for keys. What keeps it out is returned by refused.
func (j *judgement) admit(at int, item bundle.Item) error {
	if len(item.Material.Certificates) == 0 || len(j.bench.identities) == 0 {
		return nil
	}
	c, err := j.admission(item)
	if err != nil {
		j.refused[at] = err
		return nil
	}
	if j.pinned(c) {
		return nil // a signature counts for one holder: the one that the key was pinned for
	}
	index := len(j.candidates)
	j.candidates = append(j.candidates, *c)
	j.admitted[at] = &index
	return nil
}

func (j *judgement) admission(item bundle.Item) (*candidate, error) {
	leaf, err := material.ParseLeaf(item.Material.Certificates)
	if err != nil {
		return nil, err
	}
	chain, err := j.everIssued(leaf)
	if err != nil {
		return nil, err
	}
	if item.Version == "v0.3" && !chain.Private && item.Material.Chain {
		// sigstore_bundle.proto, "x509_certificate_chain": a public authority's
		// intermediates come with the trusted root.
		return nil, fault.New(fault.CertificateInvalid, "a bundle of version 0.3 holds the certificate alone, not a chain")
	}
	i, err := j.identify(leaf, chain)
	if err != nil {
		return nil, err
	}
	verifier, err := j.leafVerifier(leaf)
	if err != nil {
		return nil, err
	}
	id, err := dsse.KeyID(verifier.Public())
	if err != nil {
		return nil, err
	}
	return &candidate{
		Key: dsse.Key{Holder: i.holder(), Verifier: verifier}, id: id, name: i.name,
		roles: i.identity.Roles, tenant: i.identity.Tenant, issued: i,
	}, nil
}

// everIssued finds the authority that issued the certificate, whether or not it
// is still valid.
func (j *judgement) everIssued(leaf *material.Leaf) (*material.Chain, error) {
	var first error
	for _, at := range []time.Time{leaf.NotBefore(), j.policy.At, leaf.NotAfter()} {
		chain, err := j.policy.Root.Chain(leaf, at)
		if err == nil {
			return chain, nil
		}
		if first == nil {
			first = err
		}
	}
	if fault.ReasonOf(first) == fault.CertificateUntrusted && fault.HintOf(first) == "" {
		first = fault.Wrap(fault.CertificateUntrusted, first, "").
			WithHint("find out who issued it: stella attest show FILE; if that is an authority that you trust, give what says so, as it is now: --trusted-root FILE, or --ca FILE for one of your own")
	}
	return nil, first
}

// identify finds the demanded identity that a certificate is for.
func (j *judgement) identify(leaf *material.Leaf, chain *material.Chain) (*issued, error) {
	issuer, names := leaf.Issuer(), leaf.Names()
	if chain.Private && issuer == "" {
		issuer = leaf.IssuerDN()
	}
	if chain.Private && len(names) == 0 {
		names = []string{leaf.SubjectDN()}
	}
	for i := range j.bench.identities {
		identity := &j.bench.identities[i]
		if !identity.Issuer.Matches(issuer) {
			continue
		}
		for _, name := range names {
			if identity.SubjectAlternativeName.Matches(name) {
				return &issued{leaf: leaf, chain: chain, identity: identity, name: name, issuer: issuer}, nil
			}
		}
	}
	return nil, fault.New(fault.IdentityMismatch, "the certificate is for none of the demanded identities: it names %.200q by issuer %.200q", names, issuer).
		WithHint("compare both with what you demand, by --certificate-identity and --certificate-oidc-issuer or by a policy; patterns match the whole name and the whole issuer, not a part")
}

// leafVerifier returns the verifier of the certificate's key, within the profile.
func (j *judgement) leafVerifier(leaf *material.Leaf) (dsse.Verifier, error) {
	v, err := keys.NewCertificateVerifier(leaf.PublicKey())
	if err != nil {
		return nil, err
	}
	alike := keys.TrustedKey{Name: "of the certificate", Public: leaf.PublicKey()}
	return v, j.policy.Profile.Verify([]keys.TrustedKey{alike})[0]
}

// pinned reports whether the candidate's key is also trusted by itself.
func (j *judgement) pinned(c *candidate) bool {
	return j.policy.Trust != nil && j.policy.Trust.Find(c.Verifier.Public()) != nil
}

// holder is as whom the certificate counts.
func (i *issued) holder() string {
	if i.identity.Holder != "" {
		return i.identity.Holder
	}
	return unnamedHolder(i.issuer, i.name)
}

// unnamedHolder is as whom a certificate counts where nobody names a holder. Both
// names are quoted, so that no pair can imitate another.
func unnamedHolder(issuer, name string) string {
	return fmt.Sprintf("identity issuer=%q san=%q", issuer, name)
}

// UnnamedHolder is as whom the certificate counts for those who trust its identity and
// name no holder.
func (c *Certificate) UnnamedHolder() string { return unnamedHolder(c.Issuer, c.Identity) }

func (i *issued) summary() *Certificate {
	algorithm, _ := keys.AlgorithmOf(i.leaf.PublicKey()) // of a key that has a verifier
	return &Certificate{
		Authority: i.chain.Authority, Identity: i.name, Issuer: i.issuer,
		Subject: i.leaf.SubjectDN(), Algorithm: string(algorithm),
		Serial: i.leaf.Serial(), SHA256: i.leaf.SHA256(),
		NotBefore: i.leaf.NotBefore(), NotAfter: i.leaf.NotAfter(),
		Extensions: i.leaf.Extensions(),
	}
}

// certificateGood judges a certificate at each proven time, else at the time of
// verification: the way to its authority and, for private CAs, its revocation.
func (j *judgement) certificateGood(i *issued, s *Signer) error {
	if err := j.keyNotRevoked(i, s); err != nil {
		return err
	}
	times := provenTimes(s.Proofs)
	if len(times) == 0 {
		times = []time.Time{s.Time.At}
	}
	for _, at := range times {
		chain, err := j.policy.Root.Chain(i.leaf, at)
		if err != nil {
			return err
		}
		if err := j.notRevoked(chain, s); err != nil {
			return err
		}
	}
	return nil
}

// keyNotRevoked asks the revocations of keys, which hold for a certificate too.
func (j *judgement) keyNotRevoked(i *issued, s *Signer) error {
	if len(j.policy.RevokedKeys) == 0 {
		return nil
	}
	id, err := dsse.KeyID(i.leaf.PublicKey())
	if err != nil {
		return err
	}
	r, revoked := j.policy.RevokedKeys[id]
	if !revoked {
		return nil
	}
	k := keys.TrustedKey{Name: i.name, RevokedAt: r.RevokedAt, Reason: r.Reason}
	return k.ValidAt(s.judgedAt())
}

// notRevoked asks the CRLs of a private CA about each certificate of a chain. One that
// is revoked validates only signatures that are proven to be older, as a key does.
// Where its issuer has a CRL, that has to tell; where it has none, by policy.
func (j *judgement) notRevoked(chain *material.Chain, s *Signer) error {
	if !chain.Private {
		return nil
	}
	for _, r := range j.policy.Root.Revocation(chain, j.policy.At) {
		switch {
		case r.State == material.Revoked && !s.Time.Proven:
			return fault.New(fault.KeyRevoked, "the certificate with serial %s is revoked since %s, and the signature has no proof that it is older", r.Serial, r.At.Format(time.RFC3339)).
				WithHint("ask the signer for evidence with a time stamp from before the revocation")
		case r.State == material.Revoked && !s.Time.At.Before(r.At):
			return fault.New(fault.KeyRevoked, "the certificate with serial %s is revoked since %s, before the signature was made", r.Serial, r.At.Format(time.RFC3339))
		case r.State == material.Unknown && (j.policy.DemandRevocation || r.Listed):
			return fault.New(fault.RevocationUnknown, "whether the certificate with serial %s is revoked is not known: %s", r.Serial, r.Why).
				WithHint("give the authority's current CRL beside its certificate")
		}
	}
	return nil
}
