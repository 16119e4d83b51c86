// Package statement writes and judges what is said about keys: that one follows
// another, and that one is revoked. Both are in-toto statements, version 1, whose
// subjects are keys; docs/formats/key-statements.md has every member.
//
// A rotation is worth what [VerifyRotation] finds. A revocation is not judged
// here at all: it is for those who publish trust, who have their own way to know
// that it is true.
package statement

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"encoding/pem"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
)

// maxSize bounds a statement about keys, in bytes: two keys of the largest kind
// and 256 roles stay below it.
const maxSize = 128 << 10

// newMessage returns the statement with a predicate about keys.
func newMessage(predicateType string, p any, about ...crypto.PublicKey) (dsse.Message, error) {
	var subjects []intoto.Subject
	for _, pub := range about {
		s, err := subject(pub)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, s)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, invalid(err, "failed to write the statement")
	}
	if err := predicate.Check(predicateType, bytes.NewReader(text)); err != nil {
		return nil, err
	}
	doc, err := canonical.Parse(text, canonical.Options{})
	if err != nil {
		return nil, invalid(err, "failed to write the statement")
	}
	return intoto.NewMessage(predicateType, subjects, doc)
}

// subject is how a statement names a key.
func subject(pub crypto.PublicKey) (intoto.Subject, error) {
	sum, err := dsse.Fingerprint(pub)
	if err != nil {
		return intoto.Subject{}, fault.Wrap(fault.KeyUnsupported, err, "")
	}
	digest := hex.EncodeToString(sum[:])
	return intoto.Subject{Name: "sha256:" + digest, Digest: map[string]string{"sha256": digest}}, nil
}

// read reads the predicate of a statement of a type into p, and the subjects.
func read(m dsse.Message, predicateType string, p any) ([]intoto.Subject, error) {
	if m.PayloadType() != dsse.PayloadTypeInToto {
		return nil, fault.New(fault.StatementInvalid, "the payload is not an in-toto statement")
	}
	if m.Size() > maxSize {
		return nil, fault.New(fault.InputTooLarge, "the statement is larger than the limit of %d bytes for one about keys", maxSize)
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, err
	}
	s, err := intoto.ParseStatement(bytes.NewReader(b.Bytes()))
	switch {
	case err != nil:
		return nil, err
	case s.Type != intoto.StatementV1 || len(s.Extra) > 0 || s.NoPredicate:
		return nil, fault.New(fault.StatementInvalid, "the statement is not one of version 1 with its four members")
	case s.PredicateType != predicateType:
		return nil, fault.New(fault.PredicateType, "the statement is not a %s", predicateType)
	}
	if err := predicate.CheckStatement(predicateType, bytes.NewReader(b.Bytes())); err != nil {
		return nil, err
	}
	var whole struct {
		Predicate jsontext.Value `json:"predicate"`
	}
	if err := json.Unmarshal(b.Bytes(), &whole); err != nil {
		return nil, invalid(err, "malformed statement")
	}
	if err := json.Unmarshal(whole.Predicate, p); err != nil {
		return nil, invalid(err, "malformed statement")
	}
	return s.Subjects, nil
}

func invalid(err error, what string) error {
	return fault.Wrap(fault.StatementInvalid, err, "%s", what)
}

// about holds the subjects of a statement to the keys that it is about.
func about(subjects []intoto.Subject, pubs ...crypto.PublicKey) error {
	wrong := fault.New(fault.StatementInvalid, "the subjects of the statement are not the keys that it is about")
	if len(subjects) != len(pubs) {
		return wrong
	}
	for i, pub := range pubs {
		want, err := subject(pub)
		if err != nil {
			return err
		}
		if got := subjects[i].Digest; len(got) != 1 || got["sha256"] != want.Digest["sha256"] {
			return wrong
		}
	}
	return nil
}

// keyJSON is a key in a predicate.
type keyJSON struct {
	KeyID     string      `json:"keyid"`
	PublicKey string      `json:"publicKey"`
	Scheme    keys.Scheme `json:"scheme,omitempty"`
	FIDO2     *fido2JSON  `json:"fido2,omitempty"`
	NotBefore *time.Time  `json:"notBefore,omitempty"`
}

type fido2JSON struct {
	RPID  string   `json:"rpId"`
	Flags []string `json:"flags"`
}

func newKeyJSON(pub crypto.PublicKey) (keyJSON, error) {
	text, err := keys.MarshalPublic(pub)
	if err != nil {
		return keyJSON{}, err
	}
	id, err := dsse.KeyID(pub)
	return keyJSON{KeyID: id, PublicKey: string(text)}, err
}

// public parses the key and holds the key id to it.
func (k *keyJSON) public() (crypto.PublicKey, error) {
	block, rest := pem.Decode([]byte(k.PublicKey))
	if block == nil || len(rest) > 0 || string(pem.EncodeToMemory(block)) != k.PublicKey {
		return nil, fault.New(fault.StatementInvalid, "the statement holds a public key that is not one PEM block")
	}
	parsed, err := keys.ParsePublic([]byte(k.PublicKey))
	if err != nil {
		return nil, err
	}
	id, err := dsse.KeyID(parsed[0].Key)
	if err != nil {
		return nil, fault.Wrap(fault.KeyUnsupported, err, "")
	}
	if id != k.KeyID {
		return nil, fault.New(fault.StatementInvalid, "the statement's keyid %s is not that of its key, %s", k.KeyID, id)
	}
	return parsed[0].Key, nil
}

// seconds is the precision of times in statements about keys.
func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
