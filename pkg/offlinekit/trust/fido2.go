package trust

import (
	"crypto"
	"crypto/x509"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// What a key on a FIDO2 token has that TUF does not know: a scheme, the members of
// its value that say what a token must have stated, and the member of a signature
// that holds the token's statement. Clients that do not know them do not count the
// key, and follow a role as long as other keys meet its threshold.
const (
	schemeFIDO2    = "x-stella-fido2-assertion"
	rpIDField      = "x-stella-rp-id"
	flagsField     = "x-stella-flags"
	extensionField = "x-stella-extension"
)

// payloadType names metadata where a token signs it: a token signs nothing that does
// not say what it is.
const payloadType = "application/vnd.stellaops.tuf+json"

// message is what the signatures of metadata cover: the canonical form of what is
// signed, as TUF has it, or an envelope of that for a token.
func (d *document) message(token bool) dsse.Message {
	if token {
		return dsse.NewMessage(payloadType, dsse.Bytes(d.payload))
	}
	return dsse.NewBlob(dsse.Bytes(d.payload))
}

// markFIDO2 says of a key on a token what the token must state.
func markFIDO2(out *metadata.Key, k *keys.TrustedKey) error {
	switch {
	case k.Scheme == keys.SchemeSSHSig:
		return unsupported(fmt.Errorf("key %q signs as OpenSSH does", k.Name))
	case k.Scheme != keys.SchemeFIDO2:
		return nil
	case k.FIDO2 == nil:
		return unsupported(fmt.Errorf("key %q is on a FIDO2 token and says no relying party id", k.Name))
	}
	out.Scheme = schemeFIDO2
	flags := make([]any, len(k.FIDO2.Flags))
	for i, f := range k.FIDO2.Flags {
		flags[i] = f
	}
	out.Value.UnrecognizedFields = map[string]any{rpIDField: k.FIDO2.RPID, flagsField: flags}
	return nil
}

// fido2Verifier returns the verifier of a key on a token.
func fido2Verifier(key *metadata.Key, pub crypto.PublicKey, unfit error) (dsse.Verifier, error) {
	if key.Scheme != schemeFIDO2 || unfit != nil {
		return nil, fmt.Errorf("scheme %.40q does not fit the key", key.Scheme)
	}
	want := keys.FIDO2{}
	want.RPID, _ = key.Value.UnrecognizedFields[rpIDField].(string)
	flags, _ := key.Value.UnrecognizedFields[flagsField].([]any)
	for _, f := range flags {
		flag, _ := f.(string)
		want.Flags = append(want.Flags, flag)
	}
	return keys.NewAssertionVerifier(keys.SchemeFIDO2, pub, want)
}

// signatureOf is a signature of metadata as verifiers know it.
func signatureOf(s *metadata.Signature) dsse.Signature {
	out := dsse.Signature{Sig: s.Signature}
	member, ok := s.UnrecognizedFields[extensionField].(map[string]any)
	if !ok {
		return out
	}
	kind, _ := member["kind"].(string)
	ext, err := json.Marshal(member["ext"], json.Deterministic(true))
	if err == nil {
		out.Extension = &dsse.Extension{Kind: kind, Ext: jsontext.Value(ext)}
	}
	return out
}

// newSignature is what a signer made, as metadata holds it.
func newSignature(keyID string, s dsse.Signature) (metadata.Signature, error) {
	out := metadata.Signature{KeyID: keyID, Signature: s.Sig}
	if s.Extension == nil {
		return out, nil
	}
	var ext any
	if err := json.Unmarshal(s.Extension.Ext, &ext); err != nil {
		return out, err
	}
	out.UnrecognizedFields = map[string]any{extensionField: map[string]any{"kind": s.Extension.Kind, "ext": ext}}
	return out, nil
}

func parsePKIX(der []byte) (crypto.PublicKey, error) { return x509.ParsePKIXPublicKey(der) }
