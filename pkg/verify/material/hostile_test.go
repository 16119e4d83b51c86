package material_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/digitorus/pkcs7"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify/material"
)

// withBody puts another body into a log entry as it stands in a bundle.
func withBody(t testing.TB, entry jsontext.Value, kind, version string, body []byte) jsontext.Value {
	t.Helper()
	var members map[string]any
	require.NoError(t, json.Unmarshal(entry, &members))
	members["canonicalizedBody"] = base64.StdEncoding.EncodeToString(body)
	members["kindVersion"] = map[string]string{"kind": kind, "version": version}
	out, err := json.Marshal(members, json.Deterministic(true))
	require.NoError(t, err)
	return out
}

// TestHostileBodies shows bodies whose holes the library would fall into.
func TestHostileBodies(t *testing.T) {
	w := world.New("bodies")
	e := w.Evidence(world.Options{})
	item, signed := read(t, e)
	root, err := trust(e)
	require.NoError(t, err)
	huge := base64.StdEncoding.EncodeToString(hugeKey(t))
	const hash = `{"algorithm":"sha256","value":"00"}`
	tests := map[string]struct{ kind, version, spec, want string }{
		"no spec":             {"dsse", "0.0.1", `null`, "lacks"},
		"spec is a list":      {"dsse", "0.0.1", `[]`, "lacks"},
		"no signatures":       {"dsse", "0.0.1", `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[]}`, "lacks"},
		"null signature":      {"dsse", "0.0.1", `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[null]}`, "lacks"},
		"two signatures":      {"dsse", "0.0.1", `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[{"signature":"AA==","verifier":"AA=="},{}]}`, "lacks"},
		"no payload hash":     {"dsse", "0.0.1", `{"envelopeHash":` + hash + `,"signatures":[{"signature":"AA==","verifier":"AA=="}]}`, "lacks"},
		"a proposal":          {"dsse", "0.0.1", `{"proposedContent":{"envelope":"{}","verifiers":[]}}`, "lacks"},
		"empty texts":         {"dsse", "0.0.1", `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[{"signature":"","verifier":""}]}`, "lacks"},
		"key is not base64":   {"dsse", "0.0.1", `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[{"signature":"AA==","verifier":"*"}]}`, "base64"},
		"key is not PEM":      {"dsse", "0.0.1", `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[{"signature":"AA==","verifier":"AA=="}]}`, "PEM"},
		"huge key":            {"dsse", "0.0.1", `{"envelopeHash":` + hash + `,"payloadHash":` + hash + `,"signatures":[{"signature":"AA==","verifier":"` + huge + `"}]}`, "8192 bits"},
		"no data":             {"hashedrekord", "0.0.1", `{"signature":{"content":"AA==","publicKey":{"content":"AA=="}}}`, "lacks"},
		"no hash value":       {"hashedrekord", "0.0.1", `{"data":{"hash":{"algorithm":"sha256"}},"signature":{"content":"AA==","publicKey":{"content":"AA=="}}}`, "lacks"},
		"no public key":       {"hashedrekord", "0.0.1", `{"data":{"hash":` + hash + `},"signature":{"content":"AA=="}}`, "its key"},
		"huge hashedrekord":   {"hashedrekord", "0.0.1", `{"data":{"hash":` + hash + `},"signature":{"content":"AA==","publicKey":{"content":"` + huge + `"}}}`, "8192 bits"},
		"no envelope":         {"intoto", "0.0.2", `{"content":{"payloadHash":` + hash + `}}`, "lacks"},
		"no intoto signature": {"intoto", "0.0.2", `{"content":{"payloadHash":` + hash + `,"envelope":{"payloadType":"a","signatures":[]}}}`, "lacks"},
		"no intoto hash":      {"intoto", "0.0.2", `{"content":{"envelope":{"payloadType":"a","signatures":[{"sig":"AA==","publicKey":"AA=="}]}}}`, "lacks"},
		"no v2 signature":     {"hashedrekord", "0.0.2", `{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"AA=="}}}`, "lacks"},
		"no v2 data":          {"hashedrekord", "0.0.2", `{"hashedRekordV002":{"signature":{"content":"AA==","verifier":{"keyDetails":"PKIX_RSA_PSS_2048_SHA256"}}}}`, "lacks"},
		"a type of its time":  {"rekord", "0.0.1", `{}`, "not supported"},
		"duplicate member":    {"dsse", "0.0.1", `{"signatures":[],"signatures":[]}`, "duplicate"},
		"too large":           {"dsse", "0.0.1", `"` + strings.Repeat("a", 256<<10) + `"`, "bytes"},
		"too deep":            {"dsse", "0.0.1", strings.Repeat("[", 20000), "depth"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			body := `{"apiVersion":"` + tt.version + `","kind":"` + tt.kind + `","spec":` + tt.spec + `}`
			entry := withBody(t, item.Material.LogEntries[0], tt.kind, tt.version, []byte(body))
			found := root.LogEntries([]jsontext.Value{entry}, signed, item.Version, e.At)
			require.Len(t, found, 1)
			require.Equal(t, fault.LogInvalid, fault.ReasonOf(found[0].Err))
			assert.Contains(t, found[0].Err.Error(), tt.want)
		})
	}
}

// hugeKey is an RSA key of 40,000 bits, in PEM: verifying by such would take long.
func hugeKey(t testing.TB) []byte {
	t.Helper()
	n := new(big.Int).SetBit(big.NewInt(1), 40000, 1)
	der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n, E: 65537})
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// TestHostileEntries shows entries that are not even entries, and too many.
func TestHostileEntries(t *testing.T) {
	w := world.New("entries")
	e := w.Evidence(world.Options{})
	item, signed := read(t, e)
	root, err := trust(e)
	require.NoError(t, err)
	for _, raw := range []string{
		``, `null`, `{}`, `[]`, `1`, `"a"`, `{"logIndex":"-1"}`, `{"logIndex":1}`, `{"world":1}`, `{"logIndex":"x"}`, `{"canonicalizedBody":"e30="}`,
		`{"logIndex":"1","logId":{"keyId":"AA=="},"kindVersion":{},"canonicalizedBody":"e30=","inclusionProof":{}}`,
	} {
		found := root.LogEntries([]jsontext.Value{jsontext.Value(raw)}, signed, item.Version, e.At)
		require.Len(t, found, 1)
		assert.Equal(t, fault.LogInvalid, fault.ReasonOf(found[0].Err), "%s: %v", raw, found[0].Err)
	}
	many := make([]jsontext.Value, material.MaxEntries+1)
	found := root.LogEntries(many, signed, item.Version, e.At)
	require.Len(t, found, 1)
	assert.Equal(t, fault.LogInvalid, fault.ReasonOf(found[0].Err))
	for name, s := range map[string]material.Signed{"nothing": {}, "no key": {Signature: signed.Signature, Digest: signed.Digest}, "no digest": {Signature: signed.Signature, Leaf: signed.Leaf}} {
		found := root.LogEntries(item.Material.LogEntries, s, item.Version, e.At)
		assert.Equal(t, fault.LogInvalid, fault.ReasonOf(found[0].Err), name)
	}
}

// TestHostileTokens shows tokens over which the library would lose itself.
func TestHostileTokens(t *testing.T) {
	w := world.New("tokens")
	e := w.Evidence(world.Options{})
	root, err := trust(e)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		der  []byte
		want string
	}{
		"deep":             {nested(100, 0x30), "40 levels"},
		"deep, indefinite": {bytes.Repeat([]byte{0x30, 0x80}, 50000), "40 levels"},
		"too large":        {append([]byte{0x04, 0x83, 0x02, 0x00, 0x00}, make([]byte, 128<<10)...), "bytes"},
		"length too long":  {[]byte{0x30, 0x84, 0, 0, 0, 0}, "BER"},
		"length over":      {[]byte{0x30, 0x05, 0}, "BER"},
		"endless":          {[]byte{0x30, 0x80, 0x04, 0x00}, "BER"},
		"primitive":        {[]byte{0x04, 0x80, 0, 0}, "BER"},
		"long tag":         {[]byte{0x3f, 0x81, 0x01, 0x00}, "BER"},
		"granted nothing":  {[]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00}, "without a time stamp"},
		"a huge key":       {hugeToken(t), "8192 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			found := root.Token(tt.der, []byte("signature"), e.At)
			require.Equal(t, fault.TimestampInvalid, fault.ReasonOf(found.Err), "%v", found.Err)
			assert.Contains(t, found.Err.Error(), tt.want)
		})
	}
	data := jsontext.Value(`{"rfc3161Timestamps":[{}` + strings.Repeat(`,{}`, material.MaxEntries) + `]}`)
	assert.Len(t, root.Timestamps(data, nil, e.At), 1)
	assert.Equal(t, fault.TimestampInvalid, fault.ReasonOf(root.Timestamps(jsontext.Value(`{"a":1}`), nil, e.At)[0].Err))
	assert.Empty(t, root.Timestamps(nil, nil, e.At))
	assert.Empty(t, root.Timestamps(jsontext.Value(`{}`), nil, e.At))
}

// nested is DER that holds itself so many times.
func nested(depth int, tag byte) []byte {
	b := []byte{0x05, 0x00}
	for range depth {
		b, _ = asn1.Marshal(asn1.RawValue{FullBytes: append(append([]byte{tag}, lengthOf(len(b))...), b...)})
	}
	return b
}

func lengthOf(n int) []byte {
	if n < 128 {
		return []byte{byte(n)}
	}
	return []byte{0x82, byte(n >> 8), byte(n)}
}

// hugeToken is a token that holds a certificate with a huge key.
func hugeToken(t testing.TB) []byte {
	t.Helper()
	block, _ := pem.Decode(hugeKey(t))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	root := newRoot(t, "Root")
	template := leafTemplate()
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(rand.Reader, template, root.cert, key, root.key)
	require.NoError(t, err)
	huge, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	cms, err := pkcs7.NewSignedData([]byte("time"))
	require.NoError(t, err)
	require.NoError(t, cms.AddSigner(root.cert, root.key, pkcs7.SignerInfoConfig{}))
	cms.AddCertificate(huge)
	token, err := cms.Finish()
	require.NoError(t, err)
	response, err := asn1.Marshal(struct {
		Status struct{ Status int }
		Token  asn1.RawValue
	}{Token: asn1.RawValue{FullBytes: token}})
	require.NoError(t, err)
	return response
}

// TestSharedRoot judges with one Root and one Leaf in several goroutines: the race
// detector would see a part that is written to.
func TestSharedRoot(t *testing.T) {
	w := world.New("shared")
	for _, o := range []world.Options{{}, {Log: world.LogV2, Cosignatures: 2}, {Signer: world.PrivateCA}} {
		e := w.Evidence(o)
		root, err := trust(e)
		require.NoError(t, err)
		item, signed := read(t, e)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for _, found := range root.LogEntries(item.Material.LogEntries, signed, item.Version, e.At) {
					assert.NoError(t, found.Err)
				}
				assert.NoError(t, root.Timestamps(item.Material.Timestamps, signed.Signature, e.At)[0].Err)
				chain, err := root.Chain(signed.Leaf, e.At)
				if assert.NoError(t, err) {
					root.SCTs(chain)
					root.Revocation(chain, e.At)
				}
				_, _ = material.Join(root, root)
			})
		}
		group.Wait()
	}
}
