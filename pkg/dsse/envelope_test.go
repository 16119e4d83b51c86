package dsse_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mldsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json/v2"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// testKeys has one key of each scheme, by the scheme's name.
func testKeys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	ml, err := mldsa.GenerateKey(mldsa.MLDSA65())
	require.NoError(t, err)
	return map[string]crypto.Signer{"ecdsa-p256": p256, "ecdsa-p384": p384, "rsa-2048": r, "ed25519": ed, "ml-dsa-65": ml}
}

func signerOf(t testing.TB, key crypto.Signer) dsse.Signer {
	t.Helper()
	s, err := dsse.NewSigner(key)
	require.NoError(t, err)
	return s
}

func keyOf(t testing.TB, holder string, key crypto.Signer) dsse.Key {
	t.Helper()
	v, err := dsse.NewVerifier(key.Public())
	require.NoError(t, err)
	return dsse.Key{Holder: holder, Verifier: v}
}

func seal(t testing.TB, payload []byte, keys ...crypto.Signer) []byte {
	t.Helper()
	var signers []dsse.Signer
	for _, k := range keys {
		signers = append(signers, signerOf(t, k))
	}
	var buf bytes.Buffer
	_, err := dsse.Write(context.Background(), &buf, dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(payload)), false, signers...)
	require.NoError(t, err)
	return buf.Bytes()
}

func parse(b []byte) (*dsse.Envelope, error) {
	return dsse.ParseEnvelope(bytes.NewReader(b), int64(len(b)))
}

func payloadOf(t testing.TB, m dsse.Message) []byte {
	t.Helper()
	r := dsse.NewReader(m)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return b
}

func TestSealAndOpen(t *testing.T) {
	payloads := map[string][]byte{
		"empty": {}, "one byte": {'x'}, "two bytes": []byte("xy"), "statement": []byte(`{"_type":"x"}`),
		"larger than memory wants": bytes.Repeat([]byte("0123456789abcde\n"), 200_000),
	}
	for name, key := range testKeys(t) {
		for size, payload := range payloads {
			t.Run(name+"/"+size, func(t *testing.T) {
				e, err := parse(seal(t, payload, key))
				require.NoError(t, err)
				o, err := dsse.Open(e, 1, keyOf(t, "me", key))
				require.NoError(t, err)
				assert.Equal(t, dsse.PayloadTypeInToto, o.Message.PayloadType())
				assert.Equal(t, payload, payloadOf(t, o.Message))
				assert.Equal(t, []dsse.Verified{{Index: 0, Key: 0}}, o.Verified)
			})
		}
	}
}

func TestSigningIsDeterministic(t *testing.T) {
	for name, key := range testKeys(t) {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, seal(t, []byte("same"), key), seal(t, []byte("same"), key))
		})
	}
}

// The vector of DSSE protocol.md, "Test Vectors". Its signature is r‖s, so only
// the encoding is compared here.
func TestPAE(t *testing.T) {
	got := dsse.PAE("http://example.com/HelloWorld", []byte("hello world"))
	assert.Equal(t, "DSSEv1 29 http://example.com/HelloWorld 11 hello world", string(got))
}

func TestThresholdCountsHolders(t *testing.T) {
	keys := testKeys(t)
	a, b, c := keys["ecdsa-p256"], keys["ed25519"], keys["ml-dsa-65"]
	tests := []struct {
		name      string
		signers   []crypto.Signer
		trusted   []dsse.Key
		threshold int
		want      fault.Reason // "" for success
	}{
		{"two holders", []crypto.Signer{a, b}, []dsse.Key{keyOf(t, "ann", a), keyOf(t, "bob", b)}, 2, ""},
		{"two keys of one holder", []crypto.Signer{a, b}, []dsse.Key{keyOf(t, "ann", a), keyOf(t, "ann", b)}, 2, fault.SignatureThreshold},
		{"one key twice", []crypto.Signer{a, a}, []dsse.Key{keyOf(t, "ann", a), keyOf(t, "bob", b)}, 2, fault.SignatureThreshold},
		{"one untrusted beside one trusted", []crypto.Signer{c, a}, []dsse.Key{keyOf(t, "ann", a)}, 1, ""},
		{"untrusted only", []crypto.Signer{c}, []dsse.Key{keyOf(t, "ann", a), keyOf(t, "bob", b)}, 1, fault.SignatureUntrusted},
		{"no trust", []crypto.Signer{a}, nil, 1, fault.TrustRequired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := parse(seal(t, []byte("{}"), tt.signers...))
			require.NoError(t, err)
			_, err = dsse.Open(e, tt.threshold, tt.trusted...)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Equal(t, tt.want, fault.ReasonOf(err), err)
		})
	}
}

func TestKeyIDSelectsNothing(t *testing.T) {
	key := testKeys(t)["ecdsa-p256"]
	for _, id := range []string{"", "liar", "sha256:" + strings.Repeat("0", 64)} {
		env := envelopeMap(t, seal(t, []byte("{}"), key))
		env["signatures"].([]any)[0].(map[string]any)["keyid"] = id
		b, err := json.Marshal(env)
		require.NoError(t, err)
		e, err := parse(b)
		require.NoError(t, err)
		_, err = dsse.Open(e, 1, keyOf(t, "me", key))
		assert.NoError(t, err, "keyid %q", id)
	}
}

func envelopeMap(t testing.TB, b []byte) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(b, &m))
	return m
}

func TestParseEnvelope(t *testing.T) {
	sig := `"signatures":[{"sig":"AAAA"}]`
	tests := []struct{ name, in, want string }{
		{"unknown members are ignored", `{"payload":"e30=","payloadType":"t","x":{"payload":1},` + sig + `}`, ""},
		{"null key id", `{"payload":"e30=","payloadType":"t","signatures":[{"keyid":null,"sig":"AAAA"}]}`, ""},
		{"URL-safe payload", `{"payload":"-_-_","payloadType":"t",` + sig + `}`, ""},
		{"no signatures", `{"payload":"e30=","payloadType":"t","signatures":[]}`, ""},
		{"escaped slash in payload", `{"payload":"\/\/\/\/","payloadType":"t",` + sig + `}`, ""},
		{"empty", ``, "ends early"},
		{"truncated", `{"payload":"e30=`, "ends early"},
		{"array", `[]`, "is an array, not an object"},
		{"duplicate member", `{"payload":"e30=","payload":"e30=","payloadType":"t",` + sig + `}`, "duplicate member at /payload"},
		{"escaped duplicate", `{"payload":"e30=","p\u0061yload":"e30=","payloadType":"t",` + sig + `}`, "duplicate member"},
		{"case-folded member", `{"payload":"e30=","payloadtype":"t",` + sig + `}`, `"payloadtype" must be spelled "payloadType"`},
		{"case-folded in signature", `{"payload":"e30=","payloadType":"t","signatures":[{"Sig":"AAAA"}]}`, `must be spelled "sig"`},
		{"no payload", `{"payloadType":"t",` + sig + `}`, `"payload" is missing`},
		{"no type", `{"payload":"e30=",` + sig + `}`, `"payloadType" is missing`},
		{"empty type", `{"payload":"e30=","payloadType":"",` + sig + `}`, "payloadType is empty"},
		{"signatures missing", `{"payload":"e30=","payloadType":"t"}`, `"signatures" is missing`},
		{"sig missing", `{"payload":"e30=","payloadType":"t","signatures":[{}]}`, `"sig" is missing`},
		{"payload of another kind", `{"payload":1,"payloadType":"t",` + sig + `}`, "is a number, not a string"},
		{"unpadded payload", `{"payload":"e30","payloadType":"t",` + sig + `}`, "base64"},
		{"line break in payload", `{"payload":"e3\n0=","payloadType":"t",` + sig + `}`, "base64"},
		{"trailing bits", `{"payload":"e31=","payloadType":"t",` + sig + `}`, "base64"},
		{"mixed alphabets", `{"payload":"+_+_","payloadType":"t",` + sig + `}`, "base64"},
		{"trailing data", `{"payload":"e30=","payloadType":"t",` + sig + `} x`, "invalid character"},
		{"second document", `{"payload":"e30=","payloadType":"t",` + sig + `}{}`, "unexpected content"},
		{"long type", `{"payload":"e30=","payloadType":"` + strings.Repeat("t", 2000) + `",` + sig + `}`, "longer than 1024 bytes"},
		{"too many signatures", `{"payload":"e30=","payloadType":"t","signatures":[` + strings.Repeat(`{"sig":"AAAA"},`, 65) + `{"sig":"AAAA"}]}`, "more than 64 elements"},
		{"huge unknown member", `{"x":"` + strings.Repeat("x", 2<<20) + `","payload":"e30=","payloadType":"t",` + sig + `}`, "longer than its place allows"},
		{"deep nesting", `{"x":` + strings.Repeat("[", 20_000), "exceeded max depth"},
		{"invalid UTF-8", "{\"payload\":\"e30=\",\"payloadType\":\"\xff\"," + sig + `}`, "invalid UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse([]byte(tt.in))
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.Equal(t, fault.EnvelopeMalformed, fault.ReasonOf(err))
		})
	}
}

// A payload that stays in the file is judged when it is decoded, by the same
// rules as one in memory.
func TestLongPayloads(t *testing.T) {
	key := testKeys(t)["ecdsa-p256"]
	payload := make([]byte, 3<<20+1)
	for i := range payload {
		payload[i] = byte(i * 7)
	}
	sealed := string(seal(t, payload, key))
	encoded := base64.StdEncoding.EncodeToString(payload)
	url := base64.URLEncoding.EncodeToString(payload)
	tests := []struct {
		name, payload, want string
	}{
		{"as written", encoded, ""},
		{"URL-safe", url, ""},
		{"escaped slashes", strings.ReplaceAll(encoded, "/", `\/`), ""},
		{"escaped plus", strings.ReplaceAll(encoded, "+", `\u002b`), ""},
		{"mixed alphabets", encoded[:len(encoded)/2] + url[len(encoded)/2:], "mixed"},
		{"line breaks", encoded[:100] + `\n` + encoded[100:], "not base64"},
		{"raw control character", encoded[:100] + "\n\n\n\n" + encoded[100:], "not base64"},
		{"padding inside", encoded[:100] + "AAA=" + encoded[100:], "not base64"},
		{"odd length", encoded[1:], "multiple of four"},
		{"trailing bits", encoded[:len(encoded)-2] + "F=", "trailing bits"},
		{"escape outside of ASCII", encoded[:100] + `\u00e9` + encoded[100:], "outside of ASCII"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := parse([]byte(strings.Replace(sealed, encoded, tt.payload, 1)))
			if err == nil {
				var o *dsse.Opened
				if o, err = dsse.Open(e, 1, keyOf(t, "me", key)); err == nil {
					assert.Equal(t, payload, payloadOf(t, o.Message))
				}
			}
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.Equal(t, fault.EnvelopeMalformed, fault.ReasonOf(err))
		})
	}
}

// swapped is a file whose content changes after some bytes were read from it.
type swapped struct {
	before, after *bytes.Reader
	left          int64
}

func (s *swapped) ReadAt(p []byte, off int64) (int, error) {
	s.left -= int64(len(p))
	if s.left < 0 {
		return s.after.ReadAt(p, off)
	}
	return s.before.ReadAt(p, off)
}

func TestSwapBetweenPassesIsCaught(t *testing.T) {
	for _, name := range []string{"ecdsa-p256", "ed25519", "ecdsa-p384"} {
		key := testKeys(t)[name]
		honest := bytes.Repeat([]byte("good"), 1<<19)
		evil := bytes.Repeat([]byte("evil"), 1<<19)
		before := seal(t, honest, key)
		after := bytes.Replace(before, []byte(base64.StdEncoding.EncodeToString(honest)), []byte(base64.StdEncoding.EncodeToString(evil)), 1)
		require.Len(t, after, len(before))
		caught, read := 0, 0
		for left := int64(0); left < int64(len(before))*6; left += int64(len(before)) / 3 {
			src := &swapped{bytes.NewReader(before), bytes.NewReader(after), left}
			e, err := dsse.ParseEnvelope(src, int64(len(before)))
			require.NoError(t, err)
			o, err := dsse.Open(e, 1, keyOf(t, "me", key))
			if err != nil {
				caught++
				continue
			}
			r := dsse.NewReader(o.Message)
			b, err := io.ReadAll(r)
			if err != nil {
				assert.Equal(t, fault.InputChanged, fault.ReasonOf(err))
				caught++
				continue
			}
			read++
			assert.True(t, bytes.Equal(honest, b), "%s: verified payload must be what was signed", name)
		}
		assert.Positive(t, caught, name)
		assert.Positive(t, read, name)
	}
}

// Every byte flipped and every truncation of an envelope: what still verifies
// must say exactly the same.
func TestMutations(t *testing.T) {
	keys := testKeys(t)
	payload := []byte(`{"_type":"https://in-toto.io/Statement/v1"}`)
	for _, name := range []string{"ecdsa-p256", "ed25519"} {
		good := seal(t, payload, keys[name])
		check := func(b []byte, what string) bool {
			e, err := parse(b)
			if err != nil {
				return false
			}
			o, err := dsse.Open(e, 1, keyOf(t, "me", keys[name]))
			if err != nil {
				return false
			}
			assert.Equal(t, payload, payloadOf(t, o.Message), what)
			assert.Equal(t, dsse.PayloadTypeInToto, o.Message.PayloadType(), what)
			return true
		}
		require.True(t, check(good, "unchanged"))
		for i := range good {
			for bit := range 8 {
				b := bytes.Clone(good)
				b[i] ^= 1 << bit
				check(b, fmt.Sprintf("%s: bit %d of byte %d", name, bit, i))
			}
			assert.False(t, check(good[:i], "truncated"), "%s: truncated at %d", name, i)
		}
	}
}

func TestBlobThatLooksLikeAnEnvelopeIsRefused(t *testing.T) {
	for name, key := range testKeys(t) {
		s := signerOf(t, key)
		_, err := s.Sign(context.Background(), dsse.NewBlob(dsse.Bytes("DSSEv1 29 http://example.com/HelloWorld 11 hello world")))
		assert.ErrorContains(t, err, "could pass for one over an envelope", name)
		_, err = s.Sign(context.Background(), dsse.NewBlob(dsse.Concat{dsse.Bytes("SSH"), dsse.Bytes("SIG\x00\x00\x00\x04file")}))
		assert.ErrorContains(t, err, "could pass for one by ssh-keygen", name)
		for _, fine := range []string{"", "DSSEv1", "DSSEv2 ", "SSHSI", "SSHSiG", " SSHSIG"} {
			_, err = s.Sign(context.Background(), dsse.NewBlob(dsse.Bytes(fine)))
			assert.NoError(t, err, "%s: %q", name, fine)
		}
		m, err := dsse.NewSSHSIG([]byte("SSHSIG and so on"))
		require.NoError(t, err)
		sig, err := s.Sign(context.Background(), m)
		require.NoError(t, err, name)
		require.NoError(t, keyOf(t, "me", key).Verifier.Verify(m, sig), name)
		require.Error(t, keyOf(t, "me", key).Verifier.Verify(dsse.NewBlob(dsse.Bytes("SSHSIG and so on")), sig), name)
	}
	_, err := dsse.NewSSHSIG([]byte("DSSEv1 2 {}"))
	require.Error(t, err)
}

func TestUnknownExtensionIsAnUnknownScheme(t *testing.T) {
	key := testKeys(t)["ecdsa-p256"]
	b := bytes.Replace(seal(t, []byte("{}"), key), []byte(`[{`), []byte(`[{"extension":{"kind":"x","ext":{}},`), 1)
	e, err := parse(b)
	require.NoError(t, err)
	_, err = dsse.Open(e, 1, keyOf(t, "me", key))
	require.Error(t, err)
	assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(err))
}

func TestPrehashedEd25519IsCalledThat(t *testing.T) {
	key := testKeys(t)["ed25519"].(ed25519.PrivateKey)
	payload := []byte(`{}`)
	digest := sha512.Sum512(dsse.PAE(dsse.PayloadTypeInToto, payload))
	sig, err := key.Sign(nil, digest[:], &ed25519.Options{Hash: crypto.SHA512})
	require.NoError(t, err)
	var out bytes.Buffer
	m := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(payload))
	require.NoError(t, dsse.WriteSigned(context.Background(), &out, m, []dsse.Signature{{Sig: sig}}))
	e, err := parse(out.Bytes())
	require.NoError(t, err)
	_, err = dsse.Open(e, 1, keyOf(t, "other", testKeys(t)["ecdsa-p256"]), keyOf(t, "me", key))
	require.Error(t, err)
	assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(err))
}

func TestWriteFailsCleanly(t *testing.T) {
	key := testKeys(t)["ecdsa-p256"]
	m := dsse.NewMessage("t", dsse.Bytes(bytes.Repeat([]byte("x"), 1<<20)))
	_, err := dsse.Write(context.Background(), failingWriter{}, m, false, signerOf(t, key))
	assert.ErrorContains(t, err, "disk full")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = dsse.Write(ctx, io.Discard, m, false, signerOf(t, key))
	assert.ErrorIs(t, err, context.Canceled)
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full") }

func FuzzParseEnvelope(f *testing.F) {
	key := testKeys(f)["ecdsa-p256"]
	f.Add(seal(f, []byte(`{"_type":"x"}`), key))
	f.Add([]byte(`{"payload":"-_-_","payloadType":"t","signatures":[{"sig":"AAAA","keyid":"k","extension":{"kind":"k","ext":{}}}]}`))
	f.Add([]byte(`{"payload":"\/\u002b==","payloadType":"t","signatures":[]}`))
	f.Add([]byte(`{"payload":"","payloadType":"t","signatures":[{"sig":"AAAA","extension":{"kind":"k"}}]}`))
	f.Add([]byte(`{"payload":"","payloadType":"t","signatures":[{"sig":"AAAA","extension":{"kind":"k","ext":[1e999,12345678901234567890]}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parse(b)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := dsse.WriteSigned(context.Background(), &out, e.UnverifiedMessage(), e.Signatures()); err != nil {
			t.Fatalf("parsed but not writable: %v", err)
		}
		again, err := parse(out.Bytes())
		require.NoError(t, err)
		assert.Equal(t, payloadOf(t, e.UnverifiedMessage()), payloadOf(t, again.UnverifiedMessage()))
		assert.Equal(t, len(e.Signatures()), len(again.Signatures()))
	})
}

// hugeContent claims a size that nobody wants in memory, and fails when read.
type hugeContent struct{}

func (hugeContent) Size() int64                      { return dsse.MaxPayloadSize + 1 }
func (hugeContent) WriteTo(io.Writer) (int64, error) { return 0, fmt.Errorf("was read") }

func TestPureSchemesRefuseWhatMemoryCannotHold(t *testing.T) {
	for _, name := range []string{"ed25519", "ml-dsa-65"} {
		key := testKeys(t)[name]
		_, err := signerOf(t, key).Sign(context.Background(), dsse.NewBlob(hugeContent{}))
		assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err), name)
		err = keyOf(t, "me", key).Verifier.Verify(dsse.NewBlob(hugeContent{}), dsse.Signature{Sig: []byte("x")})
		assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err), name)
	}
}
