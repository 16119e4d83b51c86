package material

import (
	"bytes"
	"crypto/x509"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// Root is what may vouch for a signature. It does not change and may be used
// from several goroutines. The zero value, and nil, trust nobody.
type Root struct {
	cas       []*ca
	tsas      []*tsa
	logs      map[string][]*log // by log id; of one key, each with its window
	ctLogs    map[string][]*log
	witnesses []*witness
	between   []*x509.Certificate // intermediates of private CAs
	crls      []*crl
}

// The kinds of Authority.
const (
	KindCA        = "fulcio" // of a Sigstore trusted root
	KindPrivateCA = "ca"
	KindTSA       = "tsa"
	KindLog       = "log"
	KindCTLog     = "ctlog"
	KindWitness   = "witness"
)

// Authority is one authority of a Root, for people.
type Authority struct {
	Kind string
	// Name is its URI, or the subject of its root certificate.
	Name string
	// ID is in lower-case hex: the log id, the SHA-256 of the root certificate, or
	// the key hash of a witness.
	ID string
	// From and Until bound when it vouches, both included; zero for an open end.
	From, Until time.Time
}

// Join returns a Root that trusts whom any of the given trusts. Two keys for one
// log are fault.TrustMalformed.
func Join(roots ...*Root) (*Root, error) {
	out := &Root{logs: map[string][]*log{}, ctLogs: map[string][]*log{}}
	for _, r := range roots {
		if r == nil {
			continue
		}
		out.cas = append(out.cas, r.cas...)
		out.tsas = append(out.tsas, r.tsas...)
		out.witnesses = append(out.witnesses, r.witnesses...)
		out.between = append(out.between, r.between...)
		out.crls = append(out.crls, r.crls...)
		for _, l := range flat(r.logs) {
			if err := addLog(out.logs, l); err != nil {
				return nil, err
			}
		}
		for _, l := range flat(r.ctLogs) {
			if err := addLog(out.ctLogs, l); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// addLog adds a log under its id. The same key may stand there several times,
// each time with a window of its own.
func addLog(logs map[string][]*log, l *log) error {
	for _, other := range logs[l.id] {
		if !bytes.Equal(other.spki, l.spki) {
			return fault.New(fault.TrustMalformed, "two different keys under one log id %x: of %q and of %q", l.id, other.name, l.name).
				WithHint("find out which of the two is the log's own, and trust that one only")
		}
	}
	logs[l.id] = append(logs[l.id], l)
	return nil
}

// Empty reports whether the Root trusts nobody.
func (r *Root) Empty() bool { return len(r.Authorities()) == 0 }

// Authorities lists whom the Root trusts, by kind and then in the order given.
func (r *Root) Authorities() []Authority {
	if r == nil {
		return nil
	}
	var out []Authority
	for _, c := range r.cas {
		out = append(out, c.authority())
	}
	for _, l := range flat(r.logs) {
		out = append(out, l.authority(KindLog))
	}
	for _, l := range flat(r.ctLogs) {
		out = append(out, l.authority(KindCTLog))
	}
	for _, t := range r.tsas {
		out = append(out, t.authority())
	}
	for _, w := range r.witnesses {
		out = append(out, w.authority())
	}
	return out
}
