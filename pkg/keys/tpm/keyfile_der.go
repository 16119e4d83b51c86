package tpm

import (
	"bytes"
	"encoding/asn1"
	"unicode/utf8"

	"github.com/google/go-tpm/tpm2"
	"golang.org/x/crypto/cryptobyte"
	cryptobyteasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
)

// keyKind is the type of a TPM key file (draft-bottomley-tpm2-keys, section 3.1).
type keyKind int

// The types.
const (
	loadableKey   keyKind = 3 // only the TPM that made it can load it
	importableKey keyKind = 4 // made outside, for one TPM
	sealedKey     keyKind = 5 // data, not a key
)

// oid returns id-tpmkey and the kind: {2 23 133 10 1 kind}.
func (k keyKind) oid() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 23, 133, 10, 1, int(k)} }

// maxPolicyCommands bounds the commands of one policy. Two are usual.
const maxPolicyCommands = 32

// explicit is the tag of an explicitly tagged field.
func explicit(n uint8) cryptobyteasn1.Tag {
	return cryptobyteasn1.Tag(n).ContextSpecific().Constructed()
}

// parseDER parses a TPMKey (draft-bottomley-tpm2-keys, section 3):
//
//	TPMKey ::= SEQUENCE {
//	    type        OBJECT IDENTIFIER,
//	    emptyAuth   [0] EXPLICIT BOOLEAN OPTIONAL,
//	    policy      [1] EXPLICIT SEQUENCE OF TPMPolicy OPTIONAL,
//	    secret      [2] EXPLICIT OCTET STRING OPTIONAL,
//	    authPolicy  [3] EXPLICIT SEQUENCE OF TPMAuthPolicy OPTIONAL,
//	    description [4] EXPLICIT UTF8String OPTIONAL,
//	    rsaParent   [5] EXPLICIT BOOLEAN OPTIONAL,
//	    parent      INTEGER,
//	    pubkey      OCTET STRING,
//	    privkey     OCTET STRING }
//
// It is strict: DER but for the booleans of tpm2-openssl, each structure of the
// TPM as long as it says, and no field that this does not know.
func parseDER(der []byte) (*keyFile, error) {
	outer := cryptobyte.String(der)
	var s cryptobyte.String
	if !outer.ReadASN1(&s, cryptobyteasn1.SEQUENCE) || !outer.Empty() {
		return nil, malformed("it is not one DER sequence")
	}
	k := &keyFile{}
	for _, read := range []func(*cryptobyte.String) error{k.readKind, k.readOptional, k.readParent, k.readPublic, k.readPrivate} {
		if err := read(&s); err != nil {
			return nil, err
		}
	}
	if !s.Empty() {
		return nil, malformed("something follows the private part")
	}
	return k, nil
}

func (k *keyFile) readKind(s *cryptobyte.String) error {
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1ObjectIdentifier(&oid) {
		return malformed("it has no type")
	}
	for _, kind := range []keyKind{loadableKey, importableKey, sealedKey} {
		if oid.Equal(kind.oid()) {
			k.kind = kind
			return nil
		}
	}
	return fault.New(fault.KeyUnsupported, "the TPM key file is of a type that stella does not know (%s)", oid)
}

func (k *keyFile) readOptional(s *cryptobyte.String) error {
	if err := readTagged(s, 0, func(in *cryptobyte.String) bool { return readBoolean(in, &k.emptyAuth) }); err != nil {
		return err
	}
	if err := readTagged(s, 1, k.readPolicy); err != nil {
		return err
	}
	if err := readTagged(s, 2, func(in *cryptobyte.String) bool {
		return in.ReadASN1Bytes(&k.secret, cryptobyteasn1.OCTET_STRING)
	}); err != nil {
		return err
	}
	if err := readTagged(s, 3, func(in *cryptobyte.String) bool {
		k.alternatives = true // which are not used, so not read
		return in.SkipASN1(cryptobyteasn1.SEQUENCE)
	}); err != nil {
		return err
	}
	if err := readTagged(s, 4, k.readDescription); err != nil {
		return err
	}
	return readTagged(s, 5, func(in *cryptobyte.String) bool { return readBoolean(in, &k.rsaParent) })
}

// readTagged reads an optional field, which read must consume whole.
func readTagged(s *cryptobyte.String, tag uint8, read func(*cryptobyte.String) bool) error {
	var field cryptobyte.String
	var there bool
	if !s.ReadOptionalASN1(&field, &there, explicit(tag)) {
		return malformed("field %d is damaged", tag)
	}
	if there && (!read(&field) || !field.Empty()) {
		return malformed("field %d is damaged", tag)
	}
	return nil
}

// readBoolean reads a BOOLEAN in DER, or with the 1 for true that tpm2-openssl
// writes.
func readBoolean(in *cryptobyte.String, to *bool) bool {
	var content cryptobyte.String
	if !in.ReadASN1(&content, cryptobyteasn1.BOOLEAN) || len(content) != 1 {
		return false
	}
	switch content[0] {
	case 0x00:
		*to = false
	case 0x01, 0xff:
		*to = true
	default:
		return false
	}
	return true
}

// readPolicy reads a sequence of
//
//	TPMPolicy ::= SEQUENCE {
//	    commandCode   [0] EXPLICIT INTEGER,
//	    commandPolicy [1] EXPLICIT OCTET STRING }
func (k *keyFile) readPolicy(in *cryptobyte.String) bool {
	var list cryptobyte.String
	if !in.ReadASN1(&list, cryptobyteasn1.SEQUENCE) {
		return false
	}
	for !list.Empty() {
		var item, code, parameters cryptobyte.String
		var c policyCommand
		if !list.ReadASN1(&item, cryptobyteasn1.SEQUENCE) ||
			!item.ReadASN1(&code, explicit(0)) || !code.ReadASN1Integer((*uint32)(&c.code)) || !code.Empty() ||
			!item.ReadASN1(&parameters, explicit(1)) ||
			!parameters.ReadASN1Bytes(&c.parameters, cryptobyteasn1.OCTET_STRING) || !parameters.Empty() || !item.Empty() {
			return false
		}
		k.policy = append(k.policy, c)
	}
	return len(k.policy) > 0 && len(k.policy) <= maxPolicyCommands
}

func (k *keyFile) readDescription(in *cryptobyte.String) bool {
	var text []byte
	if !in.ReadASN1Bytes(&text, cryptobyteasn1.UTF8String) {
		return false
	}
	k.description = string(text)
	return utf8.Valid(text)
}

func (k *keyFile) readParent(s *cryptobyte.String) error {
	var handle uint32
	if !s.ReadASN1Integer(&handle) {
		return malformed("it has no parent")
	}
	k.parent = tpm2.TPMHandle(handle)
	return nil
}

func (k *keyFile) readPublic(s *cryptobyte.String) error {
	var field []byte
	if !s.ReadASN1Bytes(&field, cryptobyteasn1.OCTET_STRING) {
		return malformed("it has no public part")
	}
	public, ok := parsePublic(field)
	if !ok {
		return malformed("its public part is damaged")
	}
	k.public = *public
	return nil
}

func (k *keyFile) readPrivate(s *cryptobyte.String) error {
	var field []byte
	if !s.ReadASN1Bytes(&field, cryptobyteasn1.OCTET_STRING) {
		return malformed("it has no private part")
	}
	private, err := tpm2.Unmarshal[tpm2.TPM2BPrivate](field)
	if err != nil || len(private.Buffer) == 0 || !bytes.Equal(tpm2.Marshal(private), field) {
		return malformed("its private part is damaged")
	}
	k.private = *private
	return nil
}

// parsePublic parses a TPM2B_PUBLIC that fills b.
func parsePublic(b []byte) (*tpm2.TPMTPublic, bool) {
	sized, err := tpm2.Unmarshal[tpm2.TPM2BPublic](b)
	if err != nil || len(b) != 2+len(sized.Bytes()) {
		return nil, false
	}
	inner := sized.Bytes()
	public, err := sized.Contents()
	return public, err == nil && bytes.Equal(tpm2.Marshal(public), inner)
}

// marshalDER encodes what stella writes: a loadable key.
func (k *keyFile) marshalDER() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cryptobyteasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(k.kind.oid())
		// Said in any case: tpm2-openssl takes its absence for true.
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Boolean(k.emptyAuth) })
		if len(k.policy) > 0 {
			b.AddASN1(explicit(1), k.addPolicy)
		}
		b.AddASN1Uint64(uint64(k.parent))
		b.AddASN1OctetString(tpm2.Marshal(tpm2.New2B(k.public)))
		b.AddASN1OctetString(tpm2.Marshal(k.private))
	})
	return b.Bytes()
}

func (k *keyFile) addPolicy(b *cryptobyte.Builder) {
	b.AddASN1(cryptobyteasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, c := range k.policy {
			b.AddASN1(cryptobyteasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Uint64(uint64(c.code)) })
				b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { b.AddASN1OctetString(c.parameters) })
			})
		}
	})
}
