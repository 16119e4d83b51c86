package bundle_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/v2"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
)

// certificateOf makes a certificate for a key, in DER.
func certificateOf(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "signer"},
		NotBefore: time.Unix(1_700_000_000, 0), NotAfter: time.Unix(1_900_000_000, 0),
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	require.NoError(t, err)
	return der
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// sample reads what another program wrote.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

// Parts of evidence for the tables of this package.
const (
	media    = `"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"`
	material = `"verificationMaterial":{"publicKey":{"hint":"x"}}`
	envelope = `{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AAAA"}]}`
	sigstore = `{` + media + `,` + material + `,"dsseEnvelope":` + envelope + `}`
	body     = `{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}`
	ecdsaSig = "MAYCAQECAQE=" // the smallest Ecdsa-Sig-Value
)

func rekor(body string) string {
	return `{"SignedEntryTimestamp":"AAAA","Payload":{"body":"` + b64([]byte(body)) + `","integratedTime":1700000000,"logIndex":7,"logID":"c0ffee"}}`
}

func pep740(version, material, envelope string) string {
	return `{"version":` + version + `,"verification_material":` + material + `,"envelope":` + envelope + `}`
}

const (
	pepMaterial = `{"certificate":"AAAA","transparency_entries":[{"logIndex":"1"}]}`
	pepEnvelope = `{"statement":"e30=","signature":"AAAA"}`
)

func TestForms(t *testing.T) {
	attestation := pep740("1", pepMaterial, pepEnvelope)
	tests := []struct {
		name, in string
		shapes   []string
	}{
		{"cosign bundle", `{"base64Signature":"` + ecdsaSig + `"}`, []string{"cosign bundle"}},
		{"cosign bundle, all of it", `{"base64Signature":"` + ecdsaSig + `","cert":"","rekorBundle":` + rekor(body) + `}`, []string{"cosign bundle"}},
		{"cosign bundle around an envelope", `{"rekorBundle":null,"base64Signature":"` + b64([]byte(envelope)) + `"}`, []string{"cosign bundle with an envelope"}},
		{"detached signature", ecdsaSig + "\n", []string{"detached signature"}},
		{"detached signature in lines", ecdsaSig[:5] + "\r\n" + ecdsaSig[5:], []string{"detached signature"}},
		{"detached signature in DER", "\x30\x06\x02\x01\x01\x02\x01\x01", []string{"detached signature"}},
		{"detached signature of Ed25519", b64(make([]byte, 64)), []string{"detached signature"}},
		{"npm", `{"attestations":[{"predicateType":"p","bundle":` + sigstore + `},{"predicateType":"p","bundle":` + sigstore + `}]}`, []string{
			"Sigstore bundle v0.3, in an npm attestation list", "Sigstore bundle v0.3, in an npm attestation list",
		}},
		{"GitHub", `{"attestations":[{"bundle":` + sigstore + `,"repository_id":1,"bundle_url":"","initiator":"user"}]}`, []string{
			"Sigstore bundle v0.3, in a GitHub attestation list",
		}},
		{"GitHub by digest", `{"page_info":{},"attestations_subject_digests":{"sha256:1":[{"bundle":` + sigstore + `}],"sha256:2":null}}`, []string{
			"Sigstore bundle v0.3, in an attestation list",
		}},
		{"RubyGems", `[` + sigstore + `,` + sigstore + `]`, []string{"Sigstore bundle v0.3, in a list", "Sigstore bundle v0.3, in a list"}},
		{"PEP 740", attestation, []string{"PEP 740 attestation"}},
		{"PEP 740 with more", strings.Replace(attestation, "{", `{"more":{},`, 1), []string{"PEP 740 attestation"}},
		{"PEP 740 provenance", `{"version":1,"attestation_bundles":[{"publisher":{"kind":"GitHub"},"attestations":[` + attestation + `]},{"attestations":[` + attestation + `]}]}`, []string{
			"PEP 740 attestation, in a provenance object", "PEP 740 attestation, in a provenance object",
		}},
		{"lines of all", sigstore + "\n" + attestation + "\n" + `{"base64Signature":"` + ecdsaSig + `"}` + "\n[" + sigstore + "]\n", []string{
			"Sigstore bundle v0.3", "PEP 740 attestation", "cosign bundle", "Sigstore bundle v0.3, in a list",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			items, ignored, err := read([]byte(tt.in))
			require.NoError(t, err)
			assert.Empty(t, ignored)
			var got []string
			for _, item := range items {
				got = append(got, item.Shape)
			}
			assert.Equal(t, tt.shapes, got)
		})
	}
}

// What looks like evidence and is not right is refused with one clear error.
func TestHostileForms(t *testing.T) {
	tests := []struct {
		name, in string
		want     fault.Reason
		says     string
	}{
		{"cosign: no signature", `{"base64Signature":""}`, fault.SignatureMissing, "no signature"},
		{"cosign: signature missing", `{"rekorBundle":` + rekor(body) + `}`, fault.SignatureMissing, "no signature"},
		{"cosign: neither signature nor envelope", `{"base64Signature":"e30="}`, fault.EnvelopeMalformed, "neither a signature nor an envelope"},
		{"cosign: duplicate", `{"base64Signature":"` + ecdsaSig + `","base64Signature":"` + ecdsaSig + `"}`, fault.BundleMalformed, "duplicate"},
		{"cosign: another case", `{"base64Signature":"` + ecdsaSig + `","Cert":""}`, fault.BundleMalformed, `unknown member "Cert"`},
		{"cosign: not base64", `{"base64Signature":"*"}`, fault.BundleMalformed, "base64"},
		{"cosign: not a certificate", `{"base64Signature":"` + ecdsaSig + `","cert":"AAAA"}`, fault.BundleMalformed, "not a certificate"},
		{"cosign: private key as certificate", `{"base64Signature":"` + ecdsaSig + `","cert":"` + b64([]byte(pemOf("PRIVATE KEY", []byte{1}))) + `"}`, fault.BundleMalformed, "PRIVATE KEY"},
		{"cosign: text before the certificate", `{"base64Signature":"` + ecdsaSig + `","cert":"` + b64([]byte("x\n"+pemOf("CERTIFICATE", []byte{1}))) + `"}`, fault.BundleMalformed, "not a certificate"},
		{"cosign: no promise", `{"base64Signature":"` + ecdsaSig + `","rekorBundle":` + strings.Replace(rekor(body), "AAAA", "", 1) + `}`, fault.BundleMalformed, "signed entry timestamp"},
		{"cosign: log id", `{"base64Signature":"` + ecdsaSig + `","rekorBundle":` + strings.Replace(rekor(body), "c0ffee", "coffee", 1) + `}`, fault.BundleMalformed, "logID is not hex"},
		{"cosign: negative index", `{"base64Signature":"` + ecdsaSig + `","rekorBundle":` + strings.Replace(rekor(body), ":7", ":-7", 1) + `}`, fault.BundleMalformed, "not positive"},
		{"cosign: half a second", `{"base64Signature":"` + ecdsaSig + `","rekorBundle":` + strings.Replace(rekor(body), "1700000000", "1700000000.5", 1) + `}`, fault.BundleMalformed, "not an integer"},
		{"cosign: huge time", `{"base64Signature":"` + ecdsaSig + `","rekorBundle":` + strings.Replace(rekor(body), "1700000000", strings.Repeat("1", 400), 1) + `}`, fault.BundleMalformed, "longer than"},
		{"cosign: body of no kind", `{"base64Signature":"` + ecdsaSig + `","rekorBundle":` + rekor(`{"apiVersion":"1"}`) + `}`, fault.BundleMalformed, "no kind and version"},
		{"cosign: body twice", `{"base64Signature":"` + ecdsaSig + `","rekorBundle":` + rekor(body+body) + `}`, fault.BundleMalformed, "body"},
		{"cosign: body with two kinds", `{"base64Signature":"` + ecdsaSig + `","rekorBundle":` + rekor(`{"kind":"a","kind":"b","apiVersion":"1"}`) + `}`, fault.BundleMalformed, "duplicate"},

		{"list: empty", `{"attestations":[]}`, fault.SignatureMissing, "no attestation"},
		{"list: not a list", `{"attestations":{}}`, fault.BundleMalformed, "not an array"},
		{"list: no bundle", `{"attestations":[{"predicateType":"p"}]}`, fault.BundleMalformed, `attestation 1: member "bundle" is missing`},
		{"list: bundle elsewhere", `{"attestations":[{"bundle":null,"bundle_url":"https://example.com"}]}`, fault.SignatureMissing, "does not hold it"},
		{"list: broken second", `{"attestations":[{"bundle":` + sigstore + `},{"bundle":{}}]}`, fault.BundleMalformed, "attestation 2: "},
		{"list: two bundles", `{"attestations":[{"bundle":` + sigstore + `,"bundle":` + sigstore + `}]}`, fault.BundleMalformed, "duplicate"},
		{"list: another case", `{"attestations":[{"Bundle":` + sigstore + `}]}`, fault.BundleMalformed, `must be spelled "bundle"`},
		{"list: too many", `{"attestations":[` + strings.Repeat(`{"bundle":`+sigstore+`},`, bundle.MaxAttestations) + `{}]}`, fault.BundleMalformed, "more than 1024"},
		{"list by digest: empty", `{"attestations_subject_digests":{}}`, fault.SignatureMissing, "no attestation"},
		{"list by digest: digest twice", `{"attestations_subject_digests":{"a":null,"a":null}}`, fault.BundleMalformed, "duplicate"},
		{"array: broken second", `[` + sigstore + `,` + envelope + `]`, fault.BundleMalformed, "attestation 2: unknown member"},
		{"array: truncated", `[` + sigstore + `,`, fault.BundleMalformed, "ends early"},

		{"PEP 740: version 2", pep740("2", pepMaterial, pepEnvelope), fault.BundleVersion, "unknown version 2"},
		{"PEP 740: version as text", pep740(`"1"`, pepMaterial, pepEnvelope), fault.BundleMalformed, "not a number"},
		{"PEP 740: no version", strings.Replace(pep740("1", pepMaterial, pepEnvelope), `"version":1,`, "", 1), fault.BundleMalformed, `"version" is missing`},
		{"PEP 740: no envelope", `{"version":1,"verification_material":` + pepMaterial + `}`, fault.BundleMalformed, `"envelope" is missing`},
		{"PEP 740: no statement", pep740("1", pepMaterial, `{"signature":"AAAA"}`), fault.BundleMalformed, "statement is missing"},
		{"PEP 740: no signature", pep740("1", pepMaterial, `{"statement":"e30="}`), fault.SignatureMissing, "no signature"},
		{"PEP 740: no log entry", pep740("1", `{"certificate":"AAAA","transparency_entries":[]}`, pepEnvelope), fault.BundleMalformed, "transparency entries are missing"},
		{"PEP 740: no certificate", pep740("1", `{"transparency_entries":[{}]}`, pepEnvelope), fault.BundleMalformed, "certificate"},
		{"PEP 740: entry of another kind", pep740("1", `{"certificate":"AAAA","transparency_entries":["x"]}`, pepEnvelope), fault.BundleMalformed, "not an object"},
		{"PEP 740: another case", pep740("1", pepMaterial, `{"Statement":"e30=","signature":"AAAA"}`), fault.BundleMalformed, `must be spelled "statement"`},
		{"PEP 740: duplicate", strings.Replace(pep740("1", pepMaterial, pepEnvelope), `"envelope":`, `"envelope":`+pepEnvelope+`,"envelope":`, 1), fault.BundleMalformed, "duplicate"},
		{"provenance: no version", `{"attestation_bundles":[{"attestations":[` + pep740("1", pepMaterial, pepEnvelope) + `]}]}`, fault.BundleMalformed, `"version" is missing`},
		{"provenance: version 2", `{"version":2,"attestation_bundles":[]}`, fault.BundleVersion, "unknown version 2"},
		{"provenance: empty", `{"version":1,"attestation_bundles":[]}`, fault.SignatureMissing, "no attestation"},
		{"provenance: broken", `{"version":1,"attestation_bundles":[{"attestations":[{}]}]}`, fault.BundleMalformed, "attestation 1: "},

		{"v0.1 with a certificate", `{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1","verificationMaterial":{"certificate":{"rawBytes":"AAAA"}},"dsseEnvelope":` + envelope + `}`, fault.BundleVersion, `v0.1, which has no "certificate"`},
		{"v0.2 with a certificate", `{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.2","verificationMaterial":{"certificate":{"rawBytes":"AAAA"}},"dsseEnvelope":` + envelope + `}`, fault.BundleVersion, `v0.2, which has no "certificate"`},

		{"almost a signature", "MAYCAQECAQA=", fault.NotEvidence, "does not begin with"}, // s is zero
		{"a digest", strings.Repeat("ab", 32), fault.NotEvidence, "does not begin with"},
		{"both alphabets", "MAYC_QEC+QE=", fault.NotEvidence, "does not begin with"},
		{"array of something", `[{"x":1}]`, fault.NotEvidence, "not an envelope"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := read([]byte(tt.in))
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, tt.want, fault.ReasonOf(err), err)
		})
	}
}

// The samples that cosign wrote verify with its key.
func TestCosignSamples(t *testing.T) {
	block, _ := pem.Decode(sample(t, "cosign/cosign.pub"))
	require.NotNil(t, block)
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	verifier, err := dsse.NewVerifier(pub)
	require.NoError(t, err)
	artifact := dsse.NewBlob(dsse.Bytes(sample(t, "cosign/artifact")))

	for _, name := range []string{"blob.sig", "blob.bundle.json"} {
		items, _, err := read(sample(t, "cosign/"+name))
		require.NoError(t, err, name)
		require.Len(t, items, 1)
		assert.NoError(t, verifier.Verify(artifact, dsse.Signature{Sig: items[0].Blob.Signature}), name)
	}
	for _, name := range []string{"attestation.dsse.json", "attestation.bundle.json"} {
		items, _, err := read(sample(t, "cosign/"+name))
		require.NoError(t, err, name)
		require.Len(t, items, 1)
		_, err = dsse.Open(items[0].Envelope, 1, dsse.Key{Holder: "cosign", Verifier: verifier})
		assert.NoError(t, err, name)
	}
}

// What cosign keeps becomes what a bundle has, value for value.
func TestCosignMaterial(t *testing.T) {
	der := certificateOf(t, newKey(t).(*ecdsa.PrivateKey))
	doc := `{"base64Signature":"` + ecdsaSig + `","cert":"` + b64([]byte(pemOf("CERTIFICATE", der))) + `","rekorBundle":` + rekor(body) + `}`
	items, _, err := read([]byte(doc))
	require.NoError(t, err)
	m := items[0].Material
	assert.Equal(t, [][]byte{der}, m.Certificates)
	require.Len(t, m.LogEntries, 1)
	assert.JSONEq(t, `{"logIndex":"7","logId":{"keyId":"`+b64([]byte{0xc0, 0xff, 0xee})+`"},"kindVersion":{"kind":"hashedrekord","version":"0.0.1"},
		"integratedTime":"1700000000","inclusionPromise":{"signedEntryTimestamp":"AAAA"},"canonicalizedBody":"`+b64([]byte(body))+`"}`, string(m.LogEntries[0]))

	text, err := json.Marshal(pemOf("CERTIFICATE", der)) // not in base64, as others write it
	require.NoError(t, err)
	items, _, err = read([]byte(`{"base64Signature":"` + ecdsaSig + `","cert":` + string(text) + `}`))
	require.NoError(t, err)
	assert.Equal(t, [][]byte{der}, items[0].Material.Certificates)
}

// A public key in the place of a certificate is a hint and nothing else.
func TestCosignPublicKey(t *testing.T) {
	spki, err := x509.MarshalPKIXPublicKey(newKey(t).Public())
	require.NoError(t, err)
	items, _, err := read([]byte(`{"base64Signature":"` + ecdsaSig + `","cert":"` + b64([]byte(pemOf("PUBLIC KEY", spki))) + `"}`))
	require.NoError(t, err)
	sum := sha256.Sum256(spki)
	assert.Equal(t, bundle.Material{KeyHint: b64(sum[:])}, items[0].Material)
}

// A long envelope within base64 is held in memory, up to the limit.
func TestCosignLongEnvelope(t *testing.T) {
	long := func(n int) []byte {
		e := `{"payload":"` + b64(bytes.Repeat([]byte("x"), n)) + `","payloadType":"t","signatures":[{"sig":"AAAA"}]}`
		return []byte(`{"base64Signature":"` + b64([]byte(e)) + `"}`)
	}
	items, _, err := read(long(3 << 20))
	require.NoError(t, err)
	assert.EqualValues(t, 3<<20, items[0].Envelope.UnverifiedMessage().Size())
	_, _, err = read(long(bundle.MaxInner))
	require.ErrorContains(t, err, "over the limit")
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
}

// A payload over 1 MiB in a list stays in its file.
func TestLongPayloadInList(t *testing.T) {
	payload := bytes.Repeat([]byte("x"), 3<<20)
	e := `{"payload":"` + b64(payload) + `","payloadType":"t","signatures":[{"sig":"AAAA"}]}`
	one := `{` + media + `,` + material + `,"dsseEnvelope":` + e + `}`
	for name, doc := range map[string]string{
		"list":  `{"attestations":[{"bundle":` + one + `},{"bundle":` + one + `}]}`,
		"array": `[` + one + `,` + one + `]`,
	} {
		items, _, err := read([]byte(doc))
		require.NoError(t, err, name)
		require.Len(t, items, 2)
		for _, item := range items {
			var out bytes.Buffer
			_, err := item.Envelope.UnverifiedMessage().WriteTo(&out)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(payload, out.Bytes()), name)
		}
		assert.Equal(t, "attestation 2", items[1].Part)
	}
}

// PEP 740 maps to an in-toto envelope over exactly the statement's bytes.
func TestPEP740(t *testing.T) {
	items, _, err := read([]byte(pep740("1", pepMaterial, `{"statement":"`+b64([]byte(" {} "))+`","signature":"AQID"}`)))
	require.NoError(t, err)
	var out bytes.Buffer
	m := items[0].Envelope.UnverifiedMessage()
	_, err = m.WriteTo(&out)
	require.NoError(t, err)
	assert.Equal(t, " {} ", out.String())
	assert.Equal(t, dsse.PayloadTypeInToto, m.PayloadType())
	assert.Equal(t, []dsse.Signature{{Sig: []byte{1, 2, 3}}}, items[0].Envelope.Signatures())
	assert.JSONEq(t, `{"logIndex":"1"}`, string(items[0].Material.LogEntries[0]))
}

func TestBeside(t *testing.T) {
	der := certificateOf(t, newKey(t).(*ecdsa.PrivateKey))
	certificate := func(text string) *input.File { return input.FromBytes("cert.pem", []byte(text)) }
	signature := func() []bundle.Item {
		items, _, err := read([]byte(ecdsaSig))
		require.NoError(t, err)
		return items
	}
	for name, text := range map[string]string{
		"PEM": pemOf("CERTIFICATE", der), "base64 of PEM": b64([]byte(pemOf("CERTIFICATE", der))), "DER": string(der),
	} {
		items := signature()
		require.NoError(t, bundle.Beside{Certificate: certificate(text)}.Complete(input.FromBytes("evidence", nil), items), name)
		assert.Equal(t, [][]byte{der}, items[0].Material.Certificates, name)
	}
	stamp := []byte{0x30, 0x03, 0x02, 0x01, 0x00}
	for name, text := range map[string]string{
		"DER": string(stamp), "base64": b64(stamp) + "\n", "cosign's": `{"SignedRFC3161Timestamp":"` + b64(stamp) + `"}`,
	} {
		items := signature()
		require.NoError(t, bundle.Beside{Timestamp: input.FromBytes("ts", []byte(text))}.Complete(input.FromBytes("evidence", nil), items), name)
		got, err := items[0].Material.TimestampResponses()
		require.NoError(t, err)
		assert.Equal(t, [][]byte{stamp}, got, name)
	}

	refusals := []struct {
		name, in    string
		certificate string
		says        string
	}{
		{"a bundle", sigstore, pemOf("CERTIFICATE", der), "goes with one signature"},
		{"two envelopes", envelope + "\n" + envelope, pemOf("CERTIFICATE", der), "goes with one signature"},
		{"two signatures", strings.Replace(envelope, `{"sig":"AAAA"}`, `{"sig":"AAAA"},{"sig":"AAAA"}`, 1), pemOf("CERTIFICATE", der), "goes with one signature"},
		{"a key", ecdsaSig, pemOf("PUBLIC KEY", der), `"cert.pem"`},
		{"nothing", ecdsaSig, "", "not a certificate"},
		{"too long", ecdsaSig, strings.Repeat("x", 1<<20), "more than"},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			items, _, err := read([]byte(tt.in))
			require.NoError(t, err)
			err = bundle.Beside{Certificate: certificate(tt.certificate)}.Complete(input.FromBytes("evidence", nil), items)
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, fault.ExitUsage, fault.ReasonOf(err).Exit())
		})
	}
}

func FuzzForms(f *testing.F) {
	for _, name := range []string{"blob.sig", "blob.bundle.json", "attestation.bundle.json", "attestation.dsse.json"} {
		f.Add(sample(f, "cosign/"+name))
	}
	f.Add([]byte(`{"base64Signature":"` + ecdsaSig + `","cert":"","rekorBundle":` + rekor(body) + `}`))
	f.Add([]byte(`{"attestations":[{"predicateType":"p","bundle":` + sigstore + `}]}`))
	f.Add([]byte(`{"attestations_subject_digests":{"sha256:1":[{"bundle":` + sigstore + `}],"sha256:2":null}}`))
	f.Add([]byte(`[` + sigstore + `]`))
	f.Add([]byte(pep740("1", pepMaterial, pepEnvelope)))
	f.Add([]byte(`{"version":1,"attestation_bundles":[{"publisher":{},"attestations":[` + pep740("1", pepMaterial, pepEnvelope) + `]}]}`))
	f.Fuzz(checkRead)
}

// checkRead holds whatever is read to what every reader may rely on.
func checkRead(t *testing.T, b []byte) {
	items, _, err := read(b)
	if err != nil {
		assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), err)
		return
	}
	require.NotEmpty(t, items)
	for _, item := range items {
		assert.True(t, (item.Envelope == nil) != (item.Blob == nil))
		assert.NotEmpty(t, item.Shape)
		if item.Blob != nil {
			assert.NotEmpty(t, item.Blob.Signature)
		}
		for _, entry := range item.Material.LogEntries {
			assert.True(t, entry.IsValid())
		}
	}
}

func TestSimpleSigning(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	good := `{"critical":{"identity":{"docker-reference":"example.com/app"},"image":{"docker-manifest-digest":"sha256:` + digest +
		`"},"type":"cosign container image signature"},"optional":{"creator":"x"}}`
	s, err := bundle.ParseSimpleSigning([]byte(good))
	require.NoError(t, err)
	assert.Equal(t, &bundle.SimpleSigning{Reference: "example.com/app", SHA256: digest}, s)

	for name, edit := range map[string][2]string{
		"another type":       {"cosign container", "atomic container"},
		"no digest":          {`"docker-manifest-digest":"sha256:` + digest + `"`, ""},
		"another algorithm":  {"sha256:", "sha512:"},
		"upper case":         {digest, strings.ToUpper(digest)},
		"short":              {digest, digest[2:]},
		"unknown critical":   {`"type":`, `"new":1,"type":`},
		"unknown member":     {`"optional":`, `"more":1,"optional":`},
		"two digests":        {`"image":{`, `"image":{"docker-manifest-digest":"sha256:` + hex.EncodeToString(make([]byte, 32)) + `",`},
		"another case":       {`"image"`, `"Image"`},
		"content behind":     {`"x"}}`, `"x"}} x`},
		"optional, not JSON": {`{"creator":"x"}`, `{`},
	} {
		_, err := bundle.ParseSimpleSigning([]byte(strings.Replace(good, edit[0], edit[1], 1)))
		if assert.Error(t, err, name) {
			assert.Equal(t, fault.StatementInvalid, fault.ReasonOf(err), name)
		}
	}
}

// FuzzLogEntries: nothing panics, and what is taken is JSON.
func FuzzLogEntries(f *testing.F) {
	f.Add([]byte(`{"body":"e30=","integratedTime":1,"logID":"00","logIndex":2,"verification":{"signedEntryTimestamp":"AA==","inclusionProof":{"checkpoint":"x","hashes":["00"],"logIndex":1,"rootHash":"00","treeSize":2}}}`))
	f.Add([]byte(`{"canonicalizedBody":"e30=","logIndex":"1"}`))
	f.Add([]byte(`{"SignedEntryTimestamp":"AA==","Payload":{"body":"eyJraW5kIjoiayIsImFwaVZlcnNpb24iOiIxIn0=","integratedTime":1,"logIndex":2,"logID":"00"}}`))
	f.Add([]byte(`{"` + strings.Repeat("0", 64) + `":{"body":"eyJraW5kIjoiayIsImFwaVZlcnNpb24iOiIxIn0="}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := bundle.ReadLogEntries(text)
		if err != nil {
			require.Contains(t, []fault.Reason{fault.NotEvidence, fault.LogInvalid, fault.InputTooLarge}, fault.ReasonOf(err), "%v", err)
			return
		}
		require.NotEmpty(t, entries)
		for _, e := range entries {
			require.True(t, e.IsValid())
		}
	})
}
