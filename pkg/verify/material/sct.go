package material

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/ctutil"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	"github.com/google/certificate-transparency-go/x509util"

	"github.com/stellaops/stella/internal/fault"
)

// SCT is what became of one signed certificate timestamp (RFC 6962, section 3.2).
type SCT struct {
	// Authority is the log's name in the Root; empty if it is not trusted.
	Authority string
	// Operator is who runs the log, or its name.
	Operator string
	// LogID is the id that the SCT names, in lower-case hex.
	LogID string
	// Time is when the log promised to take the certificate; zero if Err is not nil.
	Time time.Time
	// Err is nil if a trusted log promised it. Else it wraps ErrNotTrusted or has
	// reason fault.SCTInvalid.
	Err error
}

// SCTs judges the SCTs that are embedded in the leaf of a chain, one finding for
// each. A certificate without any has none.
func (r *Root) SCTs(c *Chain) []SCT {
	leaf := c.chains[0][0]
	list, err := x509util.ParseSCTsFromCertificate(leaf.Raw)
	if err == nil && len(list) > MaxEntries {
		err = fmt.Errorf("there are more than %d", MaxEntries)
	}
	var issued [][]*ctx509.Certificate
	if err == nil && len(list) > 0 {
		issued, err = c.forCT()
	}
	if err != nil {
		return []SCT{{Err: fault.Wrap(fault.SCTInvalid, inWords(err), "the certificate's SCTs are malformed")}}
	}
	out := make([]SCT, len(list))
	for i, sct := range list {
		out[i] = r.sct(sct, issued)
	}
	return out
}

// forCT returns leaf and issuer of each chain as the CT library's own type.
func (c *Chain) forCT() ([][]*ctx509.Certificate, error) {
	var out [][]*ctx509.Certificate
	for _, chain := range c.chains {
		if len(chain) < 2 {
			continue
		}
		leaf, err := ctx509.ParseCertificate(chain[0].Raw)
		if err != nil {
			return nil, err
		}
		issuer, err := ctx509.ParseCertificate(chain[1].Raw)
		if err != nil {
			return nil, err
		}
		out = append(out, []*ctx509.Certificate{leaf, issuer})
	}
	return out, nil
}

func (r *Root) sct(sct *ct.SignedCertificateTimestamp, issued [][]*ctx509.Certificate) SCT {
	out := SCT{LogID: hex.EncodeToString(sct.LogID.KeyID[:])}
	logs := r.ctLogs[string(sct.LogID.KeyID[:])]
	if len(logs) == 0 {
		out.Err = fmt.Errorf("the SCT of log %s is %w", out.LogID, ErrNotTrusted)
		return out
	}
	t := ct.TimestampToTime(sct.Timestamp).UTC()
	l, err := first(logs, func(l *log) error { return l.verifySCT(sct, t, issued) })
	if err != nil {
		out.Err = fault.Wrap(fault.SCTInvalid, err, "the SCT of %q is invalid", logs[0].name)
		return out
	}
	out.Authority, out.Operator, out.Time = l.name, l.by(), t
	return out
}

// first returns the first log that check accepts, or why the last did not.
func first(logs []*log, check func(*log) error) (*log, error) {
	var err error
	for _, l := range logs {
		if err = check(l); err == nil {
			return l, nil
		}
	}
	return nil, err
}

func (l *log) verifySCT(sct *ct.SignedCertificateTimestamp, t time.Time, issued [][]*ctx509.Certificate) error {
	if !l.contains(t) {
		return fmt.Errorf("it is from %s, when the log is not trusted", t.Format(time.RFC3339))
	}
	err := errors.New("the certificate has no issuer")
	for _, chain := range issued {
		if err = inWords(ctutil.VerifySCT(l.lib.PublicKey, chain, sct, true)); err == nil {
			return nil
		}
	}
	return err
}
