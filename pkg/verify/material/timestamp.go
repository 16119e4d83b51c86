package material

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stellaops/stella/internal/fault"
)

// Timestamp is what became of one RFC 3161 token.
type Timestamp struct {
	// Authority is the TSA's name in the Root; empty if it is not trusted.
	Authority string
	// Operator is who runs the TSA, or its name.
	Operator string
	// Time is the proven time; zero if Err is not nil.
	Time time.Time
	// Err is nil if a trusted TSA stamped the signature at Time. Else it wraps
	// ErrNotTrusted or has reason fault.TimestampInvalid.
	Err error
}

// Timestamps judges the time stamps of a bundle ("timestampVerificationData" as
// it stands, or nil) over the bytes of a signature, one finding for each. None may
// be from after the time of verification. Two by one TSA prove no more than one:
// the second is no error, but has the same Authority.
func (r *Root) Timestamps(data jsontext.Value, signature []byte, at time.Time) []Timestamp {
	if len(data) == 0 {
		return nil
	}
	pb := &bundlepb.TimestampVerificationData{}
	if err := protojson.Unmarshal(data, pb); err != nil {
		return []Timestamp{{Err: fault.Wrap(fault.TimestampInvalid, inWords(err), "the time stamps are malformed")}}
	}
	if len(pb.GetRfc3161Timestamps()) > MaxEntries {
		return []Timestamp{{Err: fault.New(fault.TimestampInvalid, "there are more than %d time stamps", MaxEntries)}}
	}
	var out []Timestamp
	for _, t := range pb.GetRfc3161Timestamps() {
		out = append(out, r.Token(t.GetSignedTimestamp(), signature, at))
	}
	return out
}

// Token judges one RFC 3161 response in DER. The TSA's certificates are judged at
// the token's own time.
func (r *Root) Token(der, signature []byte, at time.Time) Timestamp {
	if r == nil {
		r = &Root{}
	}
	t, err := r.token(der, signature, at)
	switch {
	case errors.Is(err, ErrNotTrusted):
		return Timestamp{Err: err}
	case err != nil:
		t.Time, t.Err = time.Time{}, fault.Wrap(fault.TimestampInvalid, err, "the time stamp is invalid")
	}
	return t
}

func (r *Root) token(der, signature []byte, at time.Time) (Timestamp, error) {
	t, err := parseToken(der)
	if err != nil {
		return Timestamp{}, err
	}
	if err := t.notAfter(at); err != nil {
		return Timestamp{}, err
	}
	refusal := fmt.Errorf("the time stamp of %s is %w", t.stamp.Time.UTC().Format(time.RFC3339), ErrNotTrusted)
	refused := false
	for _, a := range r.tsas {
		found, err := a.verify(t, der, signature)
		if err == nil {
			return found, nil
		}
		if !refused && a.certifies(t) {
			refusal, refused = fmt.Errorf("%q: %w", a.name, err), true
		}
	}
	return Timestamp{}, refusal
}
