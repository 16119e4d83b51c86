package material

import (
	"crypto/x509"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// Chain is a certificate's way to an authority of a Root.
type Chain struct {
	// Authority is the CA's name.
	Authority string
	// Private says that the CA is not of a Sigstore trusted root: nothing it issues
	// is in public logs.
	Private bool

	chains [][]*x509.Certificate // each from leaf to root
}

// Chain finds the authority that vouched for a certificate at some time (RFC
// 5280, section 6). An authority of a Sigstore trusted root goes before a private
// CA, so that the demands on it cannot be avoided by trusting it twice.
//
// A certificate by nobody trusted is fault.CertificateUntrusted; one that is
// valid at other times, fault.KeyNotYetValid or fault.KeyExpired.
func (r *Root) Chain(leaf *Leaf, at time.Time) (*Chain, error) {
	if r == nil {
		r = &Root{}
	}
	for _, private := range []bool{false, true} {
		for _, c := range r.cas {
			if c.private != private || !c.contains(at) {
				continue
			}
			if chains := c.verify(leaf, at); chains != nil {
				return &Chain{c.name, c.private, chains}, nil
			}
		}
	}
	return nil, r.whyUntrusted(leaf, at)
}

// verify returns the chains from a leaf to the CA, or nil.
func (c *ca) verify(leaf *Leaf, at time.Time) [][]*x509.Certificate {
	if c.lib != nil {
		chains, err := c.lib.Verify(leaf.cert, at)
		if err != nil {
			return nil
		}
		return chains
	}
	return c.verifyPrivate(leaf, at)
}

// whyUntrusted says why no chain was found.
func (r *Root) whyUntrusted(leaf *Leaf, at time.Time) error {
	when := at.UTC().Format(time.RFC3339)
	// Any time at which leaf and CA are both valid shows that the CA issued it.
	for _, c := range r.cas {
		for _, t := range []time.Time{leaf.cert.NotBefore, leaf.cert.NotAfter} {
			if c.verify(leaf, t) == nil {
				continue
			}
			switch {
			case at.Before(leaf.cert.NotBefore):
				return fault.New(fault.KeyNotYetValid, "the certificate is valid only from %s; it is judged at %s", leaf.NotBefore().Format(time.RFC3339), when)
			case at.After(leaf.cert.NotAfter):
				return fault.New(fault.KeyExpired, "the certificate expired at %s; it is judged at %s", leaf.NotAfter().Format(time.RFC3339), when).
					WithHint("give evidence that proves when the signature was made: a time stamp or a log entry from within the certificate's validity")
			}
			return fault.New(fault.CertificateUntrusted, "%q does not vouch for certificates at %s", c.name, when)
		}
	}
	return fault.New(fault.CertificateUntrusted, "the certificate was issued by nobody who is trusted")
}

// Issuers returns the subjects from the issuing CA up to the root.
func (c *Chain) Issuers() []string {
	var out []string
	for _, cert := range c.chains[0][1:] {
		out = append(out, cert.Subject.String())
	}
	return slices.Clip(out)
}
