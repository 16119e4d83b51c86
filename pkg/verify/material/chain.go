package material

import (
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// Chain is a certificate's way to an authority of a Root.
type Chain struct {
	// Authority is the CA's name.
	Authority string
	// Private says that the CA is not of a Sigstore trusted root: what it issues is
	// in nobody's public log.
	Private bool

	chains [][]*x509.Certificate // each from leaf to root
}

// Chain finds the authority that vouches for a certificate at some time (RFC
// 5280, section 6). An authority of a Sigstore trusted root goes before a private
// CA, so that the demands on it cannot be avoided by trusting it twice.
//
// A certificate by nobody trusted is fault.CertificateUntrusted; one that may not
// sign evidence, fault.CertificateInvalid; one that is valid at another time,
// fault.KeyNotYetValid or fault.KeyExpired.
func (r *Root) Chain(leaf *Leaf, at time.Time) (*Chain, error) {
	if r == nil {
		r = &Root{}
	}
	for _, private := range []bool{false, true} {
		for _, c := range r.cas {
			if c.private != private {
				continue
			}
			if chains := r.verify(c, leaf, at); chains != nil {
				return &Chain{c.name, c.private, chains}, nil
			}
		}
	}
	return nil, r.whyUntrusted(leaf, at)
}

// verify returns the chains from a leaf to a CA, or nil.
func (r *Root) verify(c *ca, leaf *Leaf, at time.Time) [][]*x509.Certificate {
	if at.IsZero() || !c.contains(at) || !leaf.maySign() || !c.private && !leaf.forCode() {
		return nil
	}
	if known := leaf.ways.valid(c, at); known != nil {
		return known
	}
	var chains [][]*x509.Certificate
	var err error
	if c.private {
		chains, err = r.issued(c, leaf, at, x509.ExtKeyUsageCodeSigning)
	} else {
		chains, err = c.lib.Verify(leaf.cert, at)
	}
	if err != nil {
		return nil
	}
	leaf.ways.add(c, chains)
	return chains
}

// ways are the chains of one leaf that were verified, by CA. A certificate is
// judged at several times, and of all that makes a chain valid only the validity
// of its certificates changes with time: their signatures are verified once.
type ways struct {
	mu    sync.Mutex
	known map[*ca][][]*x509.Certificate
}

func (w *ways) add(c *ca, chains [][]*x509.Certificate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil {
		w.known = make(map[*ca][][]*x509.Certificate)
	}
	w.known[c] = chains
}

// valid returns the known chains of which every certificate is valid at some time.
func (w *ways) valid(c *ca, at time.Time) [][]*x509.Certificate {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out [][]*x509.Certificate
	for _, chain := range w.known[c] {
		if !slices.ContainsFunc(chain, func(cert *x509.Certificate) bool { return !window{cert.NotBefore, cert.NotAfter}.contains(at) }) {
			out = append(out, chain)
		}
	}
	return out
}

// issued verifies a chain for some usage.
func (r *Root) issued(c *ca, leaf *Leaf, at time.Time, usage x509.ExtKeyUsage) ([][]*x509.Certificate, error) {
	o := x509.VerifyOptions{CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}}
	if c.private {
		o.Intermediates = pool(r.between, leaf.between)
	} else {
		o.Intermediates = pool(c.lib.Intermediates)
	}
	o.Roots = pool([]*x509.Certificate{c.root})
	return leaf.cert.Verify(o)
}

// maySign reports whether the certificate's key usage, if it has one, allows
// signatures over data (RFC 5280, section 4.2.1.3).
func (l *Leaf) maySign() bool {
	const signing = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	return l.cert.KeyUsage == 0 || l.cert.KeyUsage&signing != 0
}

// forCode reports whether the extended key usage is codeSigning, as in all that
// Fulcio issues. Those of private CAs may have none.
func (l *Leaf) forCode() bool {
	return slices.Contains(l.cert.ExtKeyUsage, x509.ExtKeyUsageCodeSigning)
}

// whyUntrusted says why no chain was found.
func (r *Root) whyUntrusted(leaf *Leaf, at time.Time) error {
	if ids := leaf.cert.UnhandledCriticalExtensions; len(ids) > 0 {
		return fault.New(fault.CertificateInvalid, "the certificate has a critical extension that is not known (%s)", ids[0])
	}
	for _, c := range r.cas {
		// Any time at which both are valid shows that the CA issued the leaf.
		for _, t := range []time.Time{leaf.cert.NotBefore, leaf.cert.NotAfter, c.from, c.until} {
			if t.IsZero() {
				continue // which crypto/x509 would take for now
			}
			if _, err := r.issued(c, leaf, t, x509.ExtKeyUsageAny); err == nil {
				return r.whyNotNow(c, leaf, at)
			}
		}
	}
	err := fault.New(fault.CertificateUntrusted, "the certificate was issued by nobody who is trusted")
	if len(r.between) > 0 {
		err = err.WithHint("check that root and intermediates are given: those at hand do not lead to a trusted root")
	}
	return err
}

// whyNotNow says why a certificate that a CA issued does not count.
func (r *Root) whyNotNow(c *ca, leaf *Leaf, at time.Time) error {
	when := at.UTC().Format(time.RFC3339)
	switch {
	case at.Before(leaf.cert.NotBefore):
		return fault.New(fault.KeyNotYetValid, "the certificate is valid only from %s; it is judged at %s", leaf.NotBefore().Format(time.RFC3339), when)
	case at.After(leaf.cert.NotAfter):
		return fault.New(fault.KeyExpired, "the certificate expired at %s; it is judged at %s", leaf.NotAfter().Format(time.RFC3339), when).
			WithHint("give evidence of when the signature was made: a time stamp or log entry from within the certificate's validity")
	case !c.contains(at):
		return fault.New(fault.CertificateUntrusted, "%q does not vouch for certificates at %s", c.name, when)
	}
	if _, err := r.issued(c, leaf, at, x509.ExtKeyUsageAny); err != nil {
		return fault.Wrap(fault.CertificateUntrusted, inWords(err), "%q does not vouch for the certificate at %s", c.name, when)
	}
	return fault.New(fault.CertificateInvalid, "the certificate is for another use: %q does not let it sign code", c.name).
		WithHint("sign with a certificate whose key usage is digitalSignature and whose extended key usage is codeSigning")
}
