package bundle_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
)

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func write(t testing.TB, key crypto.Signer, payload string) []byte {
	t.Helper()
	signer, err := dsse.NewSigner(key)
	require.NoError(t, err)
	var buf bytes.Buffer
	_, err = bundle.Write(context.Background(), &buf, dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(payload)), signer)
	require.NoError(t, err)
	return buf.Bytes()
}

func writeBlob(t testing.TB, key crypto.Signer, artifact string) []byte {
	t.Helper()
	signer, err := dsse.NewSigner(key)
	require.NoError(t, err)
	var buf bytes.Buffer
	require.NoError(t, bundle.WriteBlob(context.Background(), &buf, dsse.Bytes(artifact), signer))
	return buf.Bytes()
}

func read(b []byte) ([]bundle.Item, []bundle.Ignored, error) {
	return bundle.Read(input.FromBytes("evidence", b))
}

func TestWriteAndRead(t *testing.T) {
	key := newKey(t)
	items, ignored, err := read(write(t, key, `{"a":1}`))
	require.NoError(t, err)
	assert.Empty(t, ignored)
	require.Len(t, items, 1)
	item := items[0]
	assert.Equal(t, "v0.3", item.Version)
	assert.Equal(t, "Sigstore bundle v0.3", item.Shape)
	assert.Empty(t, item.Envelope.Signatures()[0].KeyID, "cosign refuses a key id in a bundle")
	sum, err := dsse.Fingerprint(key.Public())
	require.NoError(t, err)
	assert.Equal(t, base64.StdEncoding.EncodeToString(sum[:]), item.Material.KeyHint)
}

func TestWriteAndReadBlob(t *testing.T) {
	items, _, err := read(writeBlob(t, newKey(t), "artifact"))
	require.NoError(t, err)
	require.Len(t, items, 1)
	sum := sha256.Sum256([]byte("artifact"))
	assert.Equal(t, sum[:], items[0].Blob.Digest)
	assert.Equal(t, "SHA2_256", items[0].Blob.Algorithm)
}

func TestRead(t *testing.T) {
	envelope := `{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AAAA"}]}`
	material := `"verificationMaterial":{"publicKey":{"hint":"x"}}`
	media := `"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"`
	blob := `"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":"AAAA"}`
	tests := []struct {
		name, in string
		want     fault.Reason // "" for success
		says     string       // part of the error, or the first item's shape
	}{
		{"envelope", envelope, "", "DSSE envelope"},
		{"bundle", `{` + media + `,` + material + `,"dsseEnvelope":` + envelope + `}`, "", "Sigstore bundle v0.3"},
		{"members in any order", `{"dsseEnvelope":` + envelope + `,` + material + `,` + media + `}`, "", "Sigstore bundle v0.3"},
		{"v0.1", `{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1",` + material + `,` + blob + `}`, "", "Sigstore bundle v0.1"},
		{"v0.2", `{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.2",` + material + `,` + blob + `}`, "", "Sigstore bundle v0.2"},
		{"indented", "{\n  " + media + ",\n  " + material + ",\n  " + blob + "\n}\n", "", "Sigstore bundle v0.3"},
		{"json lines", envelope + "\n\n" + envelope + "\n", "", "DSSE envelope"},
		{"json lines with others", `{"x":1}` + "\n" + envelope + "\r\n", "", "DSSE envelope"},
		{"empty", "", fault.InputEmpty, "is empty"},
		{"white space", " \n", fault.NotEvidence, "not an envelope"},
		{"not evidence", `{"bomFormat":"CycloneDX"}`, fault.NotEvidence, "not an envelope or bundle"},
		{"TUF metadata", `{"signatures":[{"keyid":"a","sig":"AAAA"}],"signed":{"_type":"root"}}`, fault.NotEvidence, "not an envelope or bundle"},
		{"in-toto layout", `{"signed":{"_type":"layout"},"signatures":[]}`, fault.NotEvidence, "not an envelope or bundle"},
		{"image manifest", `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}`, fault.NotEvidence, "not an envelope or bundle"},
		{"image manifest in canonical order", `{"layers":[],"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}`, fault.NotEvidence, "not an envelope or bundle"},
		{"signed image manifest", `{"schemaVersion":1,"fsLayers":[],"signatures":[{"protected":"x"}]}`, fault.NotEvidence, "not an envelope or bundle"},
		{"media type alone", `{"mediaType":"application/vnd.oci.image.manifest.v1+json"}`, fault.BundleVersion, "unknown bundle version"},
		{"bundle with another's member", `{"schemaVersion":2,` + media + `,` + material + `,` + blob + `}`, fault.BundleMalformed, `unknown member "schemaVersion"`},
		{"media type first", `{` + media + `,"payload":"e30=","payloadType":"t","signatures":[{"sig":"AAAA"}]}`, fault.BundleMalformed, `unknown member "payload"`},
		{"envelope with another's members", `{"schemaVersion":2,"signatures":[{"sig":"AAAA"}],"payload":"e30=","payloadType":"t"}`, "", "DSSE envelope"},
		{"signatures alone", `{"signatures":[{"sig":"AAAA"}],"sign":{}}`, fault.EnvelopeMalformed, `"payload" is missing`},
		{"signatures first", `{"signatures":[{"sig":"AAAA"}],"signed":{},"payload":"e30=","payloadType":"t"}`, "", "DSSE envelope"},
		{"signatures that break off", `{"signatures":[{"sig":"AA`, fault.EnvelopeMalformed, "ends early"},
		{"array", `[]`, fault.NotEvidence, "not an envelope or bundle"},
		{"gzip", "\x1f\x8b\x08", fault.InputEncoding, "gzip"},
		{"byte order mark", "\xef\xbb\xbf" + envelope, fault.InputEncoding, "byte order mark"},
		{"UTF-16", "{\x00\"\x00", fault.InputEncoding, "UTF-16"},
		{"unknown version", `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.4+json",` + material + `,` + blob + `}`, fault.BundleVersion, "v0.4"},
		{"no media type", `{` + material + `,` + blob + `}`, fault.BundleMalformed, `"mediaType" is missing`},
		{"no material", `{` + media + `,` + blob + `}`, fault.BundleMalformed, `"verificationMaterial" is missing`},
		{"no content", `{` + media + `,` + material + `}`, fault.BundleMalformed, "exactly one of"},
		{"two contents", `{` + media + `,` + material + `,` + blob + `,"dsseEnvelope":` + envelope + `}`, fault.BundleMalformed, "exactly one of"},
		{"two materials", `{` + media + `,"verificationMaterial":{"publicKey":{},"certificate":{"rawBytes":"AAAA"}},` + blob + `}`, fault.BundleMalformed, "exactly one of"},
		{"empty chain", `{` + media + `,"verificationMaterial":{"x509CertificateChain":{"certificates":[]}},` + blob + `}`, fault.BundleMalformed, "chain is empty"},
		{"unknown member", `{` + media + `,` + material + `,` + blob + `,"x":1}`, fault.BundleMalformed, `unknown member "x"`},
		{"no signature in blob", `{` + media + `,` + material + `,"messageSignature":{"signature":""}}`, fault.SignatureMissing, "no signature"},
		{"no signature in envelope", `{` + media + `,` + material + `,"dsseEnvelope":{"payload":"e30=","payloadType":"t","signatures":[]}}`, fault.SignatureMissing, "no signature"},
		{"two signatures", `{` + media + `,` + material + `,"dsseEnvelope":{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AAAA"},{"sig":"AAAA"}]}}`, fault.BundleSignatures, "exactly one"},
		{"line break in base64", `{` + media + `,` + material + `,"messageSignature":{"signature":"AA\nAA"}}`, fault.BundleMalformed, "line break"},
		{"both alphabets", `{` + media + `,` + material + `,"messageSignature":{"signature":"+_+_"}}`, fault.BundleMalformed, "base64"},
		{"truncated envelope", envelope[:40], fault.EnvelopeMalformed, "ends early"},
		{"truncated bundle", `{` + media + `,"verif`, fault.BundleMalformed, "ends early"},
		{"broken line", envelope + "\n" + envelope[:30] + "\n", fault.EnvelopeMalformed, "line 2"},
		{"brackets", strings.Repeat("[", 100_000), fault.NotEvidence, "not an envelope or bundle"},
		{"deep", `{"payload":"e30=","x":` + strings.Repeat("[", 100_000), fault.EnvelopeMalformed, "max depth"},
		{"content behind", envelope + " x", fault.InputMalformed, "other content behind"},
		{"NaN", `{"payload":NaN}`, fault.EnvelopeMalformed, "invalid character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			items, _, err := read([]byte(tt.in))
			if tt.want == "" {
				require.NoError(t, err)
				assert.Equal(t, tt.says, items[len(items)-1].Shape)
				return
			}
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, tt.want, fault.ReasonOf(err), err)
			if tt.want == fault.BundleMalformed {
				assert.Contains(t, fault.HintOf(err), "from who made it")
			}
		})
	}
}

func TestJSONLinesSayWhatTheyIgnored(t *testing.T) {
	envelope := `{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AAAA"}]}`
	items, ignored, err := read([]byte(`{"x":1}` + "\n" + envelope + "\n" + envelope))
	require.NoError(t, err)
	require.Len(t, items, 2)
	assert.Equal(t, []int{2, 3}, []int{items[0].Line, items[1].Line})
	assert.Equal(t, []bundle.Ignored{{Line: 1, Reason: "not an envelope or bundle"}}, ignored)
}

// One damaged byte must not make evidence something that is passed over.
func TestDamagedLineIsNoOtherDocument(t *testing.T) {
	envelope := `{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AAAA"}]}`
	for _, damaged := range []string{"z" + envelope[1:], `{"q":,` + envelope[1:], "text", "7", "\x00"} {
		for _, lines := range []string{envelope + "\n" + damaged + "\n" + envelope, `{"x":1}` + "\n" + damaged + "\n" + envelope, envelope + "\n" + damaged + "\n" + damaged} {
			_, _, err := read([]byte(lines))
			require.ErrorContains(t, err, "line 2")
			assert.False(t, bundle.PassedOver("some", err), "%q: there is evidence in the file", damaged)
		}
		_, _, err := read([]byte(`{"x":1}` + "\n" + damaged + "\n" + `{"x":2}`))
		require.ErrorContains(t, err, "line 2")
		assert.True(t, bundle.PassedOver("app.log", err), "%q: nothing says that it is evidence", damaged)
		assert.False(t, bundle.PassedOver("x.intoto.jsonl", err), "%q: its name says so", damaged)
	}
}

// Every byte flipped and every truncation of a bundle: nothing panics, and what
// still verifies says exactly the same.
func TestMutations(t *testing.T) {
	key := newKey(t)
	verifier, err := dsse.NewVerifier(key.Public())
	require.NoError(t, err)
	payload := `{"_type":"https://in-toto.io/Statement/v1"}`
	good := write(t, key, payload)
	verifies := func(b []byte) bool {
		items, _, err := read(b)
		if err != nil || len(items) != 1 || items[0].Envelope == nil {
			return false
		}
		o, err := dsse.Open(items[0].Envelope, 1, dsse.Key{Holder: "me", Verifier: verifier})
		if err != nil {
			return false
		}
		var out bytes.Buffer
		_, err = o.Message.WriteTo(&out)
		require.NoError(t, err)
		assert.Equal(t, payload, out.String())
		assert.Equal(t, dsse.PayloadTypeInToto, o.Message.PayloadType())
		return true
	}
	require.True(t, verifies(good))
	survivors := 0
	for i := range good {
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			if verifies(b) {
				survivors++
				// Only the hint, which is not signed, and the final line feed
				// may change without a change of meaning.
				hint := bytes.Index(good, []byte(`"hint":"`)) + len(`"hint":"`)
				inHint := i >= hint && i < hint+44
				assert.True(t, inHint || i == len(good)-1, fmt.Sprintf("bit %d of byte %d (%q)", bit, i, good[i]))
			}
		}
		if i < len(good)-1 {
			assert.False(t, verifies(good[:i]), "truncated at %d", i)
		}
	}
	assert.Positive(t, survivors, "flips within the hint must not matter")
}

func FuzzRead(f *testing.F) {
	key := newKey(f)
	f.Add(write(f, key, `{}`))
	f.Add(writeBlob(f, key, `x`))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1","verificationMaterial":{"x509CertificateChain":{"certificates":[{"rawBytes":"AAAA"}]},"tlogEntries":[{}],"timestampVerificationData":{}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":"AAAA"}}`))
	f.Add([]byte("{\"payload\":\"e30=\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AAAA\"}]}\n{}\n"))
	f.Fuzz(checkRead)
}
