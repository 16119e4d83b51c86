package endtoend

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

func removeAll(path string) error { return os.RemoveAll(path) }

// envelope is DSSE as other programs read it.
type envelope struct {
	Payload     string           `json:"payload"`
	PayloadType string           `json:"payloadType"`
	Signatures  []jsontext.Value `json:"signatures"`
}

// envelopeOf reads the envelope in a file, bare or in a bundle.
func (w *world) envelopeOf(name string) envelope {
	w.t.Helper()
	var file struct {
		envelope `json:",inline"`
		Bundle   *envelope `json:"dsseEnvelope"`
	}
	require.NoError(w.t, json.Unmarshal(w.read(name), &file))
	if file.Bundle != nil {
		return *file.Bundle
	}
	return file.envelope
}

// payload is the payload of the envelope in a file.
func (w *world) payload(name string) []byte {
	w.t.Helper()
	payload, err := base64.StdEncoding.DecodeString(w.envelopeOf(name).Payload)
	require.NoError(w.t, err)
	return payload
}

// forge signs any payload with the world's P-256 key: what a trusted but
// hostile or broken signer could write.
func (w *world) forge(name, payloadType string, payload []byte) {
	w.t.Helper()
	key, _, err := keys.ParsePrivate(w.read("p256.key"), nil)
	require.NoError(w.t, err)
	signer, err := dsse.NewSigner(key)
	require.NoError(w.t, err)
	var b bytes.Buffer
	_, err = dsse.Write(context.Background(), &b, dsse.NewMessage(payloadType, dsse.Bytes(payload)), false, signer)
	require.NoError(w.t, err)
	w.write(name, b.Bytes())
}

// certificate makes a self-signed certificate for one of the world's keys and
// writes it as PEM.
func (w *world) certificate(name, key string, subject pkix.Name) (der []byte) {
	w.t.Helper()
	private, _, err := keys.ParsePrivate(w.read(key), nil)
	require.NoError(w.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: subject,
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err = x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(w.t, err)
	w.write(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return der
}

// bundled writes a bundle around the envelope of another file, with any
// verification material.
func (w *world) bundled(name, from, material string) {
	w.t.Helper()
	e := w.envelopeOf(from)
	var signature struct {
		Sig string `json:"sig"`
	}
	require.NoError(w.t, json.Unmarshal(e.Signatures[0], &signature))
	w.write(name, fmt.Appendf(nil, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":%s,"dsseEnvelope":{"payload":%q,"payloadType":%q,"signatures":[{"sig":%q}]}}`,
		material, e.Payload, e.PayloadType, signature.Sig))
}
