//go:build interop

package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/v2"
	"encoding/pem"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A forge makes evidence without stella, by the text of the specifications
// alone: it shows which shapes cosign takes and refuses, those that stella
// never writes included.
type forge struct {
	key    *ecdsa.PrivateKey
	public []byte // SPKI, DER
}

// newForge makes a P-256 key and writes its public half as NAME in dir.
func newForge(t *testing.T, dir, name string) forge {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	write(t, dir, name, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	return forge{key, public}
}

// pae is DSSE's pre-authentication encoding, written here once more so that it
// does not rest on the code under test.
func pae(payloadType, payload string) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

const inToto = "application/vnd.in-toto+json"

// signature is one member of an envelope's signatures; an empty key id is left out.
type signature struct {
	KeyID string `json:"keyid,omitzero"`
	Sig   []byte `json:"sig"`
}

// envelope is a DSSE envelope.
type envelope struct {
	Payload     []byte      `json:"payload"`
	PayloadType string      `json:"payloadType"`
	Signatures  []signature `json:"signatures"`
}

func (f forge) sign(t *testing.T, payloadType, payload, keyID string) signature {
	t.Helper()
	digest := sha256.Sum256(pae(payloadType, payload))
	sig, err := f.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	require.NoError(t, err)
	return signature{keyID, sig}
}

func (f forge) envelope(t *testing.T, payloadType, payload, keyID string) envelope {
	t.Helper()
	return envelope{[]byte(payload), payloadType, []signature{f.sign(t, payloadType, payload, keyID)}}
}

// bundle writes a Sigstore bundle v0.3 of an envelope.
func (f forge) bundle(t *testing.T, dir, name string, e envelope) {
	t.Helper()
	hint := sha256.Sum256(f.public)
	data, err := json.Marshal(map[string]any{
		"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
		"verificationMaterial": map[string]any{
			"publicKey": map[string]string{"hint": base64.StdEncoding.EncodeToString(hint[:])},
		},
		"dsseEnvelope": e,
	})
	require.NoError(t, err)
	write(t, dir, name, data)
}

// statement is an in-toto Statement v1 about content, with a one-member
// predicate and extra members after it.
func statement(content []byte, predicateType string, subjects int, extra string) string {
	digest := sha256.Sum256(content)
	first := fmt.Sprintf(`{"name":"artifact","digest":{"sha256":"%s"}}`, hex.EncodeToString(digest[:]))
	for i := 1; i < subjects; i++ {
		first += fmt.Sprintf(`,{"name":"other-%d","digest":{"sha256":"%064x"}}`, i, i)
	}
	return `{"_type":"https://in-toto.io/Statement/v1","subject":[` + first + `],"predicateType":"` +
		predicateType + `","predicate":{"a":1}` + extra + `}`
}
