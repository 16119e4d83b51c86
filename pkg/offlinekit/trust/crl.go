package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// maxCarried bounds the CRLs that are kept beyond the bundle they came in.
const maxCarried = 128

// carry returns the CRLs of earlier bundles that a new one does not replace: those of
// which it lacks an entry. A certificate that was revoked once stays so, although its
// issuer, or who publishes the trust, lists it no more.
func carry(known, fresh []target) ([]target, error) {
	var replacing []*x509.RevocationList
	for _, der := range crlsIn(fresh) {
		if list, err := x509.ParseRevocationList(der); err == nil {
			replacing = append(replacing, list)
		}
	}
	var out []target
	seen := map[string]bool{}
	for _, der := range crlsIn(known) {
		sum := sha256.Sum256(der)
		name := crlDir + hex.EncodeToString(sum[:])
		list, err := x509.ParseRevocationList(der)
		if err != nil || seen[name] || replaced(list, replacing) {
			continue
		}
		seen[name] = true
		out = append(out, target{name, der})
	}
	if len(out) > maxCarried {
		return nil, fault.New(fault.TrustMalformed, "the trust drops entries of more than %d CRLs that were imported", maxCarried).
			WithHint("ask for CRLs that go on to list what they listed")
	}
	return out, nil
}

// replaced reports whether newer lists of the same issuer hold all that a list says.
func replaced(old *x509.RevocationList, fresh []*x509.RevocationList) bool {
	for _, list := range fresh {
		if !bytes.Equal(list.RawIssuer, old.RawIssuer) || list.ThisUpdate.Before(old.ThisUpdate) {
			continue
		}
		if holds(list, old) {
			return true
		}
	}
	return false
}

func holds(list, old *x509.RevocationList) bool {
	listed := make(map[string]bool, len(list.RevokedCertificateEntries))
	text := func(n *big.Int) string { return n.Text(16) }
	for _, e := range list.RevokedCertificateEntries {
		listed[text(e.SerialNumber)] = true
	}
	for _, e := range old.RevokedCertificateEntries {
		// One that was on hold may be released.
		if e.ReasonCode != onHold && !listed[text(e.SerialNumber)] {
			return false
		}
	}
	return true
}

// onHold is the CRLReason certificateHold (RFC 5280, section 5.3.1).
const onHold = 6

// crlsIn returns the CRLs of targets, in DER.
func crlsIn(targets []target) [][]byte {
	var out [][]byte
	for _, t := range targets {
		if !strings.HasPrefix(t.name, caDir) && !strings.HasPrefix(t.name, crlDir) {
			continue
		}
		if _, err := x509.ParseRevocationList(t.content); err == nil {
			out = append(out, t.content)
			continue
		}
		for block, rest := pem.Decode(t.content); block != nil; block, rest = pem.Decode(rest) {
			if block.Type == "X509 CRL" {
				out = append(out, block.Bytes)
			}
		}
	}
	return out
}
