package timestamp

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// Response is what a granted response says. Nobody has verified it.
type Response struct {
	Hash   crypto.Hash
	Digest []byte
	Nonce  *big.Int // nil for none
	Time   time.Time
	Serial *big.Int
	Policy string // OID
	DER    []byte
}

// response is a TimeStampResp (RFC 3161, section 2.4.2).
type response struct {
	Status status
	Token  asn1.RawValue `asn1:"optional"`
}

type status struct {
	Code    int
	Text    []string       `asn1:"optional,utf8"`
	Failure asn1.BitString `asn1:"optional"`
}

// contentInfo and signedData are the token around what is said (RFC 5652,
// sections 3 and 5.1). The signature is not read here.
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version      int
	Digests      asn1.RawValue
	Content      contentInfo
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      asn1.RawValue
}

// info is a TSTInfo.
type info struct {
	Version    int
	Policy     asn1.ObjectIdentifier
	Imprint    messageImprint
	Serial     *big.Int
	Time       time.Time     `asn1:"generalized"`
	Accuracy   accuracy      `asn1:"optional"`
	Ordering   bool          `asn1:"optional"`
	Nonce      *big.Int      `asn1:"optional"`
	TSA        asn1.RawValue `asn1:"optional,tag:0"`
	Extensions asn1.RawValue `asn1:"optional,tag:1"`
}

type accuracy struct {
	Seconds      int `asn1:"optional"`
	Milliseconds int `asn1:"optional,tag:0"`
	Microseconds int `asn1:"optional,tag:1"`
}

// The types of a token and of what it holds.
const (
	oidSignedData = "1.2.840.113549.1.7.2"
	oidInfo       = "1.2.840.113549.1.9.16.1.4"
)

// ParseResponse reads a response, or a bare token, which it wraps. One that does
// not grant a time stamp is fault.TimestampRefused or, if asking again may help,
// fault.ServiceUnavailable; anything else that is wrong, fault.TimestampMalformed.
func ParseResponse(der []byte) (*Response, error) {
	if len(der) > MaxResponse {
		return nil, malformed("response", fmt.Errorf("it has more than %d bytes", MaxResponse))
	}
	if wrapped, ok := wrap(der); ok {
		der = wrapped
	}
	var raw response
	if err := unmarshal(der, &raw); err != nil {
		return nil, malformed("response", err)
	}
	if raw.Status.Code != statusGranted {
		return nil, raw.Status.refusal()
	}
	t, err := parseToken(raw.Token.FullBytes)
	if err != nil {
		return nil, malformed("response", err)
	}
	h, err := t.Imprint.hash()
	if err != nil {
		return nil, malformed("response", err)
	}
	return &Response{
		Hash: h, Digest: t.Imprint.Digest, Nonce: t.Nonce, Time: t.Time.UTC(),
		Serial: t.Serial, Policy: t.Policy.String(), DER: bytes.Clone(der),
	}, nil
}

// wrap returns the response that grants a bare token, as "openssl ts -token_out"
// writes one.
func wrap(token []byte) ([]byte, bool) {
	var c contentInfo
	if unmarshal(token, &c) != nil {
		return nil, false
	}
	der, err := asn1.Marshal(struct {
		Status struct{ Code int }
		Token  asn1.RawValue
	}{Token: asn1.RawValue{FullBytes: token}})
	return der, err == nil
}

// parseToken reads what a token says.
func parseToken(der []byte) (*info, error) {
	if len(der) == 0 {
		return nil, errors.New("it grants a time stamp and holds none")
	}
	var outer contentInfo
	var signed signedData
	var octets []byte
	t := &info{}
	err := unmarshal(der, &outer)
	if err == nil && outer.Type.String() != oidSignedData {
		err = errors.New("it holds no signed data")
	}
	for _, step := range []func() error{
		func() error { return unmarshal(outer.Content.Bytes, &signed) },
		func() error { return unmarshal(signed.Content.Content.Bytes, &octets) },
		func() error { return unmarshal(octets, t) },
	} {
		if err == nil {
			err = step()
		}
	}
	switch {
	case err != nil:
		return nil, err
	case signed.Content.Type.String() != oidInfo:
		return nil, errors.New("what is signed is not a time stamp")
	case t.Version != 1:
		return nil, errors.New("its version is not 1")
	}
	return t, nil
}

// Covers fails unless the response is over message: fault.TimestampInvalid.
func (r *Response) Covers(message []byte) error {
	if bytes.Equal(r.Digest, digest(r.Hash, message)) {
		return nil
	}
	return fault.New(fault.TimestampInvalid, "the time stamp is over something else than this signature")
}

// Answers fails unless the response is the one to a request: fault.TimestampInvalid.
func (r *Response) Answers(q *Request) error {
	switch {
	case r.Hash != q.Hash || !bytes.Equal(r.Digest, q.Digest):
		return fault.New(fault.TimestampInvalid, "the time stamp is over something else than was asked for")
	case q.Nonce != nil && (r.Nonce == nil || q.Nonce.Cmp(r.Nonce) != 0):
		return fault.New(fault.TimestampInvalid, "the time stamp answers another request: its nonce is not the request's")
	}
	return nil
}

// The status codes and failures that are told apart (RFC 3161, section 2.4.2).
const (
	statusGranted         = 0
	statusGrantedWithMods = 1
	statusWaiting         = 3

	failureTimeNotAvailable = 14
	failureSystem           = 25
)

// refusal is the fault of a status that is not "granted".
func (s *status) refusal() error {
	text := strings.Join(s.Text, " ")
	if text != "" {
		text = fmt.Sprintf(": %.200q", text)
	}
	switch {
	case s.Code == statusGrantedWithMods:
		return fault.New(fault.TimestampRefused, "the authority granted something else than was asked for%s", text).
			WithHint("ask an authority that grants requests as they are; verifiers refuse others")
	case s.Code == statusWaiting, s.Failure.At(failureTimeNotAvailable) == 1, s.Failure.At(failureSystem) == 1:
		return fault.New(fault.ServiceUnavailable, "the authority cannot stamp now%s", text).WithHint("ask again later")
	}
	return fault.New(fault.TimestampRefused, "the authority refused the request%s%s", s.failures(), text)
}

// failures names the reasons that a refusal gives.
func (s *status) failures() string {
	names := map[int]string{
		0: "it does not know the algorithm", 2: "the request is not allowed", 5: "the request is malformed",
		15: "it does not have the policy", 16: "it does not have the extension", 17: "information is not available",
	}
	for i := range s.Failure.BitLength {
		if name, ok := names[i]; ok && s.Failure.At(i) == 1 {
			return ": " + name
		}
	}
	return ""
}
