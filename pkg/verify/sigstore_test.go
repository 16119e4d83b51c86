package verify_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"crypto"

	ours "github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// sigstoreAccepts asks sigstore-go, with a trusted root that holds one key and
// no log, as a second opinion.
func sigstoreAccepts(t *testing.T, raw []byte, pub crypto.PublicKey, artifact []byte) error {
	t.Helper()
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(raw); err != nil {
		return err
	}
	material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		v, err := signature.LoadVerifier(pub, crypto.SHA256)
		return root.NewExpiringKey(v, time.Time{}, time.Time{}), err
	})
	v, err := sigstoreverify.NewVerifier(material, sigstoreverify.WithNoObserverTimestamps())
	require.NoError(t, err)
	sum := sha256.Sum256(artifact)
	_, err = v.Verify(b, sigstoreverify.NewPolicy(sigstoreverify.WithArtifactDigest("sha256", sum[:]), sigstoreverify.WithKey()))
	return err
}

func oursAccepts(raw []byte, tr *keys.Trust, artifact []byte) error {
	e := &verify.Evidence{}
	if err := e.Read("bundle", bytes.NewReader(raw), int64(len(raw))); err != nil {
		return err
	}
	_, err := verify.Verify(context.Background(), e, &verify.Policy{
		Trust: tr, Threshold: 1, At: now(), Subjects: []verify.Artifact{{Name: "app", Content: dsse.Bytes(artifact)}},
	})
	return err
}

// What we write, sigstore-go accepts, and a flip that it refuses we refuse too.
func TestSigstoreGoAgrees(t *testing.T) {
	for _, algorithm := range []keys.Algorithm{keys.ECDSAP256, keys.RSA3072, keys.Ed25519} {
		t.Run(string(algorithm), func(t *testing.T) {
			k := newKey(t, "ann", algorithm)
			var att bytes.Buffer
			_, err := ours.Write(context.Background(), &att, statement(t, appSubject()), k.signer(t))
			require.NoError(t, err)
			require.NoError(t, sigstoreAccepts(t, att.Bytes(), k.private.Public(), []byte("app")))
			require.NoError(t, oursAccepts(att.Bytes(), trust(t, k), []byte("app")))
			require.Error(t, sigstoreAccepts(t, att.Bytes(), k.private.Public(), []byte("other")))

			refused := 0
			for i := range att.Len() {
				b := bytes.Clone(att.Bytes())
				b[i] ^= 1
				if sigstoreAccepts(t, b, k.private.Public(), []byte("app")) != nil {
					refused++
					assert.Error(t, oursAccepts(b, trust(t, k), []byte("app")), "byte %d (%q)", i, att.Bytes()[i])
				}
			}
			assert.Greater(t, refused, att.Len()/2)
		})
	}
}
