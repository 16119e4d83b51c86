package statement

import (
	"bytes"
	"crypto"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
)

// Revocation says that a key is bad from an instant on. Times are to the second.
type Revocation struct {
	Public    crypto.PublicKey
	RevokedAt time.Time
	// Reason is one of predicate.RevocationReasons.
	Reason   string
	IssuedAt time.Time
}

type revocationJSON struct {
	KeyID     string    `json:"keyid"`
	PublicKey string    `json:"publicKey"`
	RevokedAt time.Time `json:"revokedAt"`
	Reason    string    `json:"reason"`
	IssuedAt  time.Time `json:"issuedAt"`
}

// Marshal returns the statement, canonical and with a line ending. RevokedAt is
// rounded down: a key is bad a fraction of a second too early rather than too
// late.
func (r *Revocation) Marshal() ([]byte, error) {
	k, err := newKeyJSON(r.Public)
	if err != nil {
		return nil, err
	}
	p := revocationJSON{k.KeyID, k.PublicKey, seconds(r.RevokedAt), r.Reason, seconds(r.IssuedAt)}
	m, err := newMessage(predicate.TypeKeyRevocation, p, r.Public)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// ParseRevocation reads a revocation. That it is one says nothing about whether
// it is true.
func ParseRevocation(b []byte) (*Revocation, error) {
	var p revocationJSON
	m := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(b))
	subjects, err := read(m, predicate.TypeKeyRevocation, &p)
	if err != nil {
		return nil, err
	}
	k := keyJSON{KeyID: p.KeyID, PublicKey: p.PublicKey}
	pub, err := k.public()
	if err != nil {
		return nil, err
	}
	if err := about(subjects, pub); err != nil {
		return nil, err
	}
	if p.RevokedAt.After(p.IssuedAt) {
		return nil, fault.New(fault.StatementInvalid, "the revocation begins after it was issued")
	}
	return &Revocation{pub, p.RevokedAt, p.Reason, p.IssuedAt}, nil
}
