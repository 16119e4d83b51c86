package bundle

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// Sealed says what was written.
type Sealed struct {
	// SHA256 identifies the envelope: it is over the RFC 8785 form of
	// {payload, payloadType, signatures[{keyid?, sig, extension?}]} with standard
	// base64, in lower-case hex. It is an identifier, not a security binding.
	SHA256     string
	Signatures []dsse.Signature
}

// Write signs m and writes a bundle v0.3 around its envelope to w. If it
// fails, w holds a part that its caller must discard.
func Write(ctx context.Context, w io.Writer, m dsse.Message, signer dsse.Signer) (*Sealed, error) {
	if dsse.ExtensionKind(signer) != "" {
		return nil, RefuseExtension()
	}
	opening, err := opening(signer)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, opening); err != nil {
		return nil, err
	}
	sealed, err := writeEnvelope(ctx, w, m, true, signer)
	if err != nil {
		return nil, err
	}
	if err := fits(sealed.Signatures[0]); err != nil { // of a signer that did not say so before
		return nil, err
	}
	_, err = io.WriteString(w, "}\n")
	return sealed, err
}

// opening is all of a bundle that comes before the envelope.
func opening(signer dsse.Signer) (string, error) {
	material, err := keyMaterial(signer)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`{"mediaType":%q,"verificationMaterial":%s,"dsseEnvelope":`, MediaType, material), nil
}

// fits refuses a signature that a bundle has no place for.
func fits(s dsse.Signature) error {
	if s.Extension == nil {
		return nil
	}
	return RefuseExtension()
}

// RefuseExtension returns the error about a key whose signatures carry an
// extension, as those of FIDO2 tokens do. A bundle has no place for one:
// sigstore's readers refuse it, and without it the signature is nothing.
func RefuseExtension() error {
	return fault.New(fault.BundleSignatures, "the key's signatures are a FIDO2 token's own, which do not fit into a bundle").
		WithHint("write a bare envelope: --envelope dsse")
}

// WriteEnvelope signs m with every signer and writes a bare DSSE envelope.
func WriteEnvelope(ctx context.Context, w io.Writer, m dsse.Message, signers ...dsse.Signer) (*Sealed, error) {
	sealed, err := writeEnvelope(ctx, w, m, false, signers...)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(w, "\n")
	return sealed, err
}

// writeEnvelope relies on dsse.Write for the form that Sealed.SHA256 is over.
func writeEnvelope(ctx context.Context, w io.Writer, m dsse.Message, omitKeyID bool, signers ...dsse.Signer) (*Sealed, error) {
	h := sha256.New()
	signatures, err := dsse.Write(ctx, io.MultiWriter(w, h), m, omitKeyID, signers...)
	if err != nil {
		return nil, err
	}
	return &Sealed{SHA256: hex.EncodeToString(h.Sum(nil)), Signatures: signatures}, nil
}

// Add signs the message of an envelope once more and writes a bare envelope
// with the old signatures and the new ones.
func Add(ctx context.Context, w io.Writer, m dsse.Message, old []dsse.Signature, signers ...dsse.Signer) (*Sealed, error) {
	signatures := slices.Clone(old)
	for _, signer := range signers {
		s, err := signer.Sign(ctx, m)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, s)
	}
	if len(signatures) > dsse.MaxSignatures {
		return nil, fault.New(fault.BundleSignatures, "an envelope holds at most %d signatures", dsse.MaxSignatures)
	}
	h := sha256.New()
	if err := dsse.WriteSigned(ctx, io.MultiWriter(w, h), m, signatures); err != nil {
		return nil, err
	}
	_, err := io.WriteString(w, "\n")
	return &Sealed{SHA256: hex.EncodeToString(h.Sum(nil)), Signatures: signatures}, err
}

// WriteBlob signs the bare bytes of an artifact and writes a bundle with a
// messageSignature, as cosign sign-blob does.
func WriteBlob(ctx context.Context, w io.Writer, artifact dsse.Content, signer dsse.Signer) error {
	if dsse.ExtensionKind(signer) != "" {
		return refuseBlobExtension()
	}
	material, err := keyMaterial(signer)
	if err != nil {
		return err
	}
	m := dsse.NewBlob(artifact)
	algorithm, h := blobDigest(signer.Public())
	digest, err := m.Digest(h)
	if err != nil {
		return err
	}
	s, err := signer.Sign(ctx, m)
	if err != nil {
		return err
	}
	if s.Extension != nil {
		return refuseBlobExtension()
	}
	_, err = fmt.Fprintf(w, `{"mediaType":%q,"verificationMaterial":%s,"messageSignature":{"messageDigest":{"algorithm":%q,"digest":%q},"signature":%q}}`+"\n",
		MediaType, material, algorithm, base64.StdEncoding.EncodeToString(digest), base64.StdEncoding.EncodeToString(s.Sig))
	return err
}

// refuseBlobExtension is RefuseExtension where a bare envelope is no way out.
func refuseBlobExtension() error {
	return fault.Wrap(fault.BundleSignatures, RefuseExtension(), "").
		WithHint("sign a statement about the file: stella sign statement --subject FILE")
}

// blobDigest returns the digest that a messageSignature names: the one that the
// scheme signs, and SHA-256 for schemes that sign the bytes themselves.
func blobDigest(pub crypto.PublicKey) (name string, h crypto.Hash) {
	if scheme, err := dsse.SchemeOf(pub); err == nil && scheme.Hash == crypto.SHA384 {
		return "SHA2_384", crypto.SHA384
	}
	return "SHA2_256", crypto.SHA256
}

// keyMaterial returns the verification material of a bare key: a hint, which
// is base64 of the SHA-256 of its SubjectPublicKeyInfo, as cosign writes it.
func keyMaterial(signer dsse.Signer) (string, error) {
	sum, err := dsse.Fingerprint(signer.Public())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`{"publicKey":{"hint":%q}}`, base64.StdEncoding.EncodeToString(sum[:])), nil
}
