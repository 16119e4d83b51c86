package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/report/axis"
	"github.com/stellaops/stella/pkg/verify"
)

const (
	// maxShownSignatures is how many signatures a case file lists.
	maxShownSignatures = 2000
	// maxShownKeys is how many keys and certificates it draws.
	maxShownKeys = 60
)

// signerList is every signature of a case, and the keys that made them.
type signerList struct {
	count   int
	rows    []signatureView
	keys    []*keyView
	byID    map[string]*keyView
	left    map[string]bool // keys that are not drawn; bounded as the signatures are
	proven  axis.Range      // times of signing
	noProof bool            // some signature has none
}

// signatureView is one signature.
type signatureView struct {
	Place     string
	Index     int
	Details   int
	Signer    verify.Signer // what is shown of it
	Name      string
	Status    verify.Status
	Algorithm string
}

// keyView is a key or certificate that made signatures, and when it was good.
type keyView struct {
	ID             string
	Name           string
	Certificate    bool
	From, Until    time.Time // zero for no bound
	Revoked        time.Time
	Proven, Judged axis.Density // times of signing; of judging, without a proof
}

func newSignerList() *signerList {
	return &signerList{byID: make(map[string]*keyView), left: make(map[string]bool)}
}

// add takes in the signatures of a result, which is shown in full under a number.
func (l *signerList) add(r *verify.Result, number int) {
	for i := range r.Signers {
		s := &r.Signers[i]
		l.count++
		if s.Verified {
			l.used(s)
		}
		if len(l.rows) == maxShownSignatures {
			continue
		}
		v := signatureView{Place: casePlace(r), Index: s.Index + 1, Details: number, Signer: brief(s), Name: SignerName(s), Status: newSignerView(s).Status}
		if s.Evidence < len(r.Evidence) {
			v.Place = cmp.Or(r.Evidence[s.Evidence].Member, v.Place)
		}
		l.rows = append(l.rows, v)
	}
}

// brief is a copy of what the list shows of a signer: the result is not kept.
func brief(s *verify.Signer) verify.Signer {
	out := verify.Signer{Verified: s.Verified, KeyID: s.KeyID, Reason: s.Reason, Message: s.Message}
	if s.Certificate != nil {
		c := *s.Certificate
		c.Extensions = nil
		out.Certificate = &c
	}
	if s.Time != nil {
		at := *s.Time
		out.Time = &at
	}
	return out
}

// used takes in that a key signed something.
func (l *signerList) used(s *verify.Signer) {
	k := l.key(s)
	switch {
	case s.Time == nil:
		return
	case s.Time.Proven:
		l.proven.Take(s.Time.At)
	default:
		l.noProof = true
	}
	switch {
	case k == nil:
	case s.Time.Proven:
		k.Proven.Add(s.Time.At, false)
	default:
		k.Judged.Add(s.Time.At, false)
	}
}

// key returns the key of a signature, if it is to be drawn.
func (l *signerList) key(s *verify.Signer) *keyView {
	id := s.KeyID
	if s.Certificate != nil {
		id = s.Certificate.SHA256
	}
	if k := l.byID[id]; k != nil {
		return k
	}
	if len(l.keys) == maxShownKeys {
		if len(l.left) < maxShownSignatures {
			l.left[id] = true
		}
		return nil
	}
	k := &keyView{ID: id, Name: SignerName(s)}
	if c := s.Certificate; c != nil {
		k.Certificate, k.From, k.Until = true, c.NotBefore, c.NotAfter
	}
	l.byID[id] = k
	l.keys = append(l.keys, k)
	return k
}

// trusted fills in what the trust says of keys.
func (l *signerList) trusted(t *verify.TrustUsed) {
	byID := make(map[string]*verify.TrustedKey, len(t.Keys))
	for i := range t.Keys {
		byID[t.Keys[i].KeyID] = &t.Keys[i]
	}
	for _, k := range l.keys {
		if by := byID[k.ID]; by != nil && !k.Certificate {
			k.From, k.Until, k.Revoked = by.NotBefore, by.NotAfter, by.RevokedAt
		}
	}
	for i := range l.rows {
		r := &l.rows[i]
		switch by := byID[r.Signer.KeyID]; {
		case r.Signer.Certificate != nil:
			r.Algorithm = r.Signer.Certificate.Algorithm
		case by != nil:
			r.Algorithm = by.Algorithm
		}
	}
	slices.SortStableFunc(l.keys, func(a, b *keyView) int { return strings.Compare(a.Name, b.Name) })
}

// Window says in words when the key of a signature was good.
func (v *keyView) Window() string {
	return cmp.Or(windowWords(v.From, v.Until, v.Revoked), "without bounds")
}

// Signed says in words when the key signed.
func (v *keyView) Signed() string {
	var parts []string
	if n := v.Proven.Count; n > 0 {
		parts = append(parts, countWords(n, "signature")+" at a proven time, "+spanWords(v.Proven.Cells()))
	}
	if n := v.Judged.Count; n > 0 {
		parts = append(parts, countWords(n, "signature")+" without proof of the time, judged at "+spanWords(v.Judged.Cells()))
	}
	return strings.Join(parts, "; ")
}

// spanWords say from when to when.
func spanWords(cells []axis.Cell) string {
	first, last := cells[0].First, cells[len(cells)-1].Last
	if first.Equal(last) {
		return instant(first)
	}
	return instant(first) + " to " + instant(last)
}
