package material

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// A crl is a list of revoked certificates, not yet verified.
type crl struct {
	source  string // the name of its file, for messages
	list    *x509.RevocationList
	entries map[string]x509.RevocationListEntry // by serial number
	signed  sync.Map                            // whether an issuer, by its certificate, signed the list
}

// by reports whether an authority signed the CRL. It remembers the answer: a run
// over many signatures asks the same question again and again.
func (l *crl) by(issuer *x509.Certificate) bool {
	if known, ok := l.signed.Load(string(issuer.Raw)); ok {
		return known == true
	}
	signed := bytes.Equal(l.list.RawIssuer, issuer.RawSubject) && l.list.CheckSignatureFrom(issuer) == nil
	l.signed.Store(string(issuer.Raw), signed)
	return signed
}

// CheckCRLs refuses a CRL that none of the private CAs signed: it says nothing of any
// certificate, and whoever gave it relies on it. An intermediate that only evidence
// brings signs none that counts here. To be asked when all that was given is joined; an
// error has reason fault.TrustMalformed and names the file.
func (r *Root) CheckCRLs() error {
	if r == nil {
		return nil
	}
	issuers := slices.Clone(r.between)
	for _, c := range r.cas {
		if c.private {
			issuers = append(issuers, c.root)
		}
	}
	for _, l := range r.crls {
		if !slices.ContainsFunc(issuers, l.by) {
			return l.foreign(issuers)
		}
	}
	return nil
}

// foreign is the fault of a CRL that none of the issuers signed.
func (l *crl) foreign(issuers []*x509.Certificate) error {
	where, name := input.Display(l.source), l.list.Issuer.String()
	for _, c := range issuers {
		if !bytes.Equal(l.list.RawIssuer, c.RawSubject) {
			continue
		}
		return fault.Wrap(fault.TrustMalformed, inWords(l.list.CheckSignatureFrom(c)), "the CRL in %s is not what %.200q signed", where, name).
			With("path", l.source).WithHint("get the CRL from the authority again: it was altered, or is by another key or authority of that name")
	}
	return fault.New(fault.TrustMalformed, "the CRL in %s is by %.200q, which is none of the private CAs that were given", where, name).
		With("path", l.source).WithHint("give the certificate of the CA that signed it as well, or leave the CRL out")
}

// parseCRL reads a complete CRL. One that speaks only of some certificates has a
// critical extension, by which RFC 5280, section 5.2, forbids to rely on it
// without handling it.
func parseCRL(der []byte) (*crl, error) {
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, err
	}
	for _, e := range list.Extensions {
		if e.Critical {
			return nil, fmt.Errorf("the CRL has a critical extension that is not supported (%s): give a complete CRL", e.Id)
		}
	}
	l := &crl{list: list, entries: make(map[string]x509.RevocationListEntry, len(list.RevokedCertificateEntries))}
	for _, e := range list.RevokedCertificateEntries {
		for _, x := range e.Extensions {
			if x.Critical {
				return nil, fmt.Errorf("an entry of the CRL has a critical extension that is not supported (%s)", x.Id)
			}
		}
		l.entries[string(e.SerialNumber.Bytes())] = e
	}
	return l, nil
}

// The states of a Revocation.
const (
	Good    = "good"
	Revoked = "revoked"
	Unknown = "unknown"
)

// Revocation is what CRLs say of one certificate.
type Revocation struct {
	// Subject is the certificate's distinguished name, and Serial its number in
	// lower-case hex.
	Subject, Serial string
	State           string
	// At is when it was revoked; zero in other states.
	At time.Time
	// Why says why the state is Unknown.
	Why string
	// Listed says that there is a CRL by the certificate's issuer, current or not.
	Listed bool
}

// Revocation asks the CRLs of the Root about each certificate of a chain but the
// root, leaf first. A CRL counts if it is signed by the certificate's issuer, and
// shows that a certificate is not revoked if it is the newest of them and current
// at the time of verification (RFC 5280, section 6.3). A certificate that some CRL
// lists as revoked is revoked whatever the age of the list, unless a newer one has
// released it from hold.
func (r *Root) Revocation(c *Chain, at time.Time) []Revocation {
	chain := c.chains[0]
	var out []Revocation
	for i, cert := range chain[:len(chain)-1] {
		found := Revocation{Subject: cert.Subject.String(), Serial: cert.SerialNumber.Text(16)}
		found.judge(cert, r.crlsBy(chain[i+1]), at)
		out = append(out, found)
	}
	return out
}

// crlsBy returns the CRLs that an authority signed.
func (r *Root) crlsBy(issuer *x509.Certificate) []*crl {
	var out []*crl
	for _, l := range r.crls {
		if l.by(issuer) {
			out = append(out, l)
		}
	}
	return out
}

// onHold is CRLReason certificateHold, the one that can be taken back.
const onHold = 6

// judge sets what an issuer's CRLs say of its certificate.
func (r *Revocation) judge(cert *x509.Certificate, crls []*crl, at time.Time) {
	var newest *crl
	for _, l := range crls {
		if newest == nil || l.list.ThisUpdate.After(newest.list.ThisUpdate) {
			newest = l
		}
	}
	r.Listed = newest != nil
	for _, l := range crls {
		e, listed := l.entries[string(cert.SerialNumber.Bytes())]
		if listed && (l == newest || e.ReasonCode != onHold) && (r.At.IsZero() || e.RevocationTime.Before(r.At)) {
			r.State, r.At = Revoked, e.RevocationTime.UTC()
		}
	}
	if r.State == Revoked {
		return
	}
	r.State = Good
	if err := newest.silence(cert, at); err != nil {
		r.State, r.Why = Unknown, err.Error()
	}
}

// silence returns nil if the certificate would be in the CRL, were it revoked.
func (l *crl) silence(cert *x509.Certificate, at time.Time) error {
	switch {
	case l == nil:
		return errors.New("there is no CRL by its issuer")
	case at.Before(l.list.ThisUpdate):
		return fmt.Errorf("its issuer's CRL is from %s, which is later", l.list.ThisUpdate.UTC().Format(time.RFC3339))
	case l.list.NextUpdate.IsZero() || at.After(l.list.NextUpdate):
		return fmt.Errorf("its issuer's CRL expired at %s", l.list.NextUpdate.UTC().Format(time.RFC3339))
	case cert.NotAfter.Before(l.list.ThisUpdate) && !l.keepsSince(cert.NotAfter):
		return errors.New("it had expired before its issuer's CRL was made, which need not list it any more")
	}
	return nil
}

// keepsSince reports whether the CRL lists certificates that expired at some time
// (X.509, section 9.5.2.8, expiredCertsOnCRL).
func (l *crl) keepsSince(t time.Time) bool {
	for _, e := range l.list.Extensions {
		var since time.Time
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 60}) {
			continue
		}
		if rest, err := asn1.UnmarshalWithParams(e.Value, &since, "generalized"); err == nil && len(rest) == 0 {
			return !t.Before(since)
		}
	}
	return false
}
