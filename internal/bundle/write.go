package bundle

import (
	"context"
	"crypto"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// Write signs m and writes a bundle v0.3 around its envelope to w. If it
// fails, w holds a part that its caller must discard.
func Write(ctx context.Context, w io.Writer, m dsse.Message, signer dsse.Signer) (dsse.Signature, error) {
	material, err := keyMaterial(signer)
	if err != nil {
		return dsse.Signature{}, err
	}
	if _, err := fmt.Fprintf(w, `{"mediaType":%q,"verificationMaterial":%s,"dsseEnvelope":`, MediaType, material); err != nil {
		return dsse.Signature{}, err
	}
	signatures, err := dsse.Write(ctx, w, m, true, signer)
	if err != nil {
		return dsse.Signature{}, err
	}
	if signatures[0].Extension != nil {
		return dsse.Signature{}, fault.New(fault.BundleSignatures, "a signature of kind %q does not fit into a bundle", signatures[0].Extension.Kind).
			WithHint("write a bare envelope (--envelope dsse)")
	}
	_, err = io.WriteString(w, "}\n")
	return signatures[0], err
}

// WriteBlob signs the bare bytes of an artifact and writes a bundle with a
// messageSignature, as cosign sign-blob does.
func WriteBlob(ctx context.Context, w io.Writer, artifact dsse.Content, signer dsse.Signer) error {
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
	_, err = fmt.Fprintf(w, `{"mediaType":%q,"verificationMaterial":%s,"messageSignature":{"messageDigest":{"algorithm":%q,"digest":%q},"signature":%q}}`+"\n",
		MediaType, material, algorithm, base64.StdEncoding.EncodeToString(digest), base64.StdEncoding.EncodeToString(s.Sig))
	return err
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
