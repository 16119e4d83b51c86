package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json/jsontext"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// token signs as an authenticator does, with a key in memory and whatever
// authenticator data a test wants. The tests of the driver have a real one.
type token struct {
	key  crypto.Signer
	data []byte
}

func newToken(t testing.TB, a keys.Algorithm, rp string, flags byte) *token {
	t.Helper()
	key, err := keys.Generate(a)
	require.NoError(t, err)
	hash := sha256.Sum256([]byte(rp))
	return &token{key, binary.BigEndian.AppendUint32(append(hash[:], flags), 7)}
}

func (k *token) assert(t testing.TB, s keys.Scheme, m dsse.Message) dsse.Signature {
	t.Helper()
	hash, err := keys.ClientDataHash(s, m)
	require.NoError(t, err)
	signature := k.sign(t, append(append([]byte(nil), k.data...), hash...))
	out, err := keys.NewAssertion(s, k.key.Public(), k.data, signature)
	require.NoError(t, err)
	return out
}

func (k *token) sign(t testing.TB, signed []byte) []byte {
	t.Helper()
	opts := crypto.Hash(0)
	if _, ok := k.key.Public().(*ecdsa.PublicKey); ok {
		sum := sha256.Sum256(signed)
		signed, opts = sum[:], crypto.SHA256
	}
	sig, err := k.key.Sign(rand.Reader, signed, opts)
	require.NoError(t, err)
	return sig
}

const rpID = "ssh:stella" // fits both schemes

func assertionSchemes() []keys.Scheme { return []keys.Scheme{keys.SchemeFIDO2, keys.SchemeSSHSig} }

func TestAssertion(t *testing.T) {
	m := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes("{}"))
	for _, a := range []keys.Algorithm{keys.ECDSAP256, keys.Ed25519} {
		for _, scheme := range assertionSchemes() {
			k := newToken(t, a, rpID, 0x05)
			good := k.assert(t, scheme, m)
			verifier, err := keys.NewAssertionVerifier(scheme, k.key.Public(), keys.FIDO2{RPID: rpID, Flags: []string{"up", "uv"}})
			require.NoError(t, err)
			require.NoError(t, verifier.Verify(m, good))
			assert.Equal(t, k.key.Public(), verifier.Public())

			changed := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes("{ }"))
			assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(verifier.Verify(changed, good)))
			retyped := dsse.NewMessage("text/plain", dsse.Bytes("{}"))
			assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(verifier.Verify(retyped, good)))

			for i := range good.Sig { // every byte counts
				bad := good
				bad.Sig = append([]byte(nil), good.Sig...)
				bad.Sig[i] ^= 1
				assert.Error(t, verifier.Verify(m, bad), "byte %d of the signature", i)
			}
			for i := range k.data {
				data := append([]byte(nil), k.data...)
				data[i] ^= 1
				assert.Error(t, verifier.Verify(m, withData(good, data)), "byte %d of the authenticator data", i)
			}
		}
	}
}

func withData(s dsse.Signature, data []byte) dsse.Signature {
	return withExt(s, `{"authenticatorData":"`+base64.StdEncoding.EncodeToString(data)+`"}`)
}

func withExt(s dsse.Signature, ext string) dsse.Signature {
	s.Extension = &dsse.Extension{Kind: s.Extension.Kind, Ext: jsontext.Value(ext)}
	return s
}

// TestAssertionFlags: what the token said is held against what trust demands.
func TestAssertionFlags(t *testing.T) {
	m := dsse.NewMessage("t", dsse.Bytes("{}"))
	for _, row := range []struct {
		name    string
		flags   byte
		want    []string
		verdict fault.Reason
	}{
		{"touch and PIN, both demanded", 0x05, []string{"up", "uv"}, ""},
		{"touch and PIN, touch demanded", 0x05, []string{"up"}, ""},
		{"PIN alone, PIN demanded", 0x04, []string{"uv"}, ""},
		{"backed up", 0x19, []string{"up"}, ""},
		{"touch alone, PIN demanded", 0x01, []string{"uv"}, fault.SignatureFlags},
		{"touch alone, both demanded", 0x01, []string{"up", "uv"}, fault.SignatureFlags},
		{"PIN alone, touch demanded", 0x04, []string{"up"}, fault.SignatureFlags},
		{"nothing", 0x00, []string{"up"}, fault.SignatureFlags},
		{"enrolment", 0x45, []string{"up"}, fault.SignatureMalformed},
		{"extension", 0x85, []string{"up"}, fault.SignatureMalformed},
		{"reserved bit 1", 0x03, []string{"up"}, fault.SignatureMalformed},
		{"reserved bit 5", 0x21, []string{"up"}, fault.SignatureMalformed},
		{"backed up, not eligible", 0x11, []string{"up"}, fault.SignatureMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := newToken(t, keys.Ed25519, rpID, row.flags)
			hash, err := keys.ClientDataHash(keys.SchemeFIDO2, m)
			require.NoError(t, err)
			sig := dsse.Signature{
				Sig:       k.sign(t, append(append([]byte(nil), k.data...), hash...)),
				Extension: &dsse.Extension{Kind: keys.KindFIDO2},
			}
			verifier, err := keys.NewAssertionVerifier(keys.SchemeFIDO2, k.key.Public(), keys.FIDO2{RPID: rpID, Flags: row.want})
			require.NoError(t, err)
			err = verifier.Verify(m, withData(sig, k.data))
			if row.verdict == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, row.verdict, fault.ReasonOf(err), "%v", err)
		})
	}
}

// TestAssertionOfAnotherRP: a good signature of the same key under another relying
// party id, which a web page might get, is none.
func TestAssertionOfAnotherRP(t *testing.T) {
	m := dsse.NewMessage("t", dsse.Bytes("{}"))
	for _, scheme := range assertionSchemes() {
		k := newToken(t, keys.ECDSAP256, "ssh:other", 0x05)
		verifier, err := keys.NewAssertionVerifier(scheme, k.key.Public(), keys.FIDO2{RPID: rpID, Flags: []string{"up"}})
		require.NoError(t, err)
		err = verifier.Verify(m, k.assert(t, scheme, m))
		assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(err), "%v", err)
		assert.Contains(t, err.Error(), "relying party")
	}
}

// TestAssertionIsAScheme: a FIDO2 key verifies assertions of its own scheme and
// nothing else, and no ordinary key verifies one.
func TestAssertionIsAScheme(t *testing.T) {
	m := dsse.NewMessage("t", dsse.Bytes("{}"))
	k := newToken(t, keys.ECDSAP256, rpID, 0x05)
	ordinary, err := dsse.NewSigner(k.key)
	require.NoError(t, err)
	plain, err := ordinary.Sign(t.Context(), m)
	require.NoError(t, err)
	want := keys.FIDO2{RPID: rpID, Flags: []string{"up"}}
	for _, scheme := range assertionSchemes() {
		verifier, err := keys.NewAssertionVerifier(scheme, k.key.Public(), want)
		require.NoError(t, err)
		assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(verifier.Verify(m, plain)), "an ordinary signature")
		plainWithData := withData(dsse.Signature{Sig: plain.Sig, Extension: &dsse.Extension{Kind: keys.AssertionKind(scheme)}}, k.data)
		assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(verifier.Verify(m, plainWithData)), "an ordinary signature, dressed up")
		for _, other := range assertionSchemes() {
			sig := k.assert(t, other, m)
			if other == scheme {
				require.NoError(t, verifier.Verify(m, sig))
				continue
			}
			assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(verifier.Verify(m, sig)))
			sig.Extension.Kind = keys.AssertionKind(scheme)
			assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(verifier.Verify(m, sig)), "another scheme under this one's name")
		}
		unknown := k.assert(t, scheme, m)
		unknown.Extension.Kind += "2"
		assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(verifier.Verify(m, unknown)))
		ordinaryVerifier, err := dsse.NewVerifier(k.key.Public())
		require.NoError(t, err)
		assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(ordinaryVerifier.Verify(m, k.assert(t, scheme, m))))

		blob := dsse.NewBlob(dsse.Bytes(`{"type":"webauthn.get"}`))
		_, err = keys.ClientDataHash(scheme, blob)
		assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(err), "bare bytes are not signed")
		assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(verifier.Verify(blob, k.assert(t, scheme, m))))
	}
	for name, make := range map[string]func() (dsse.Verifier, error){
		"no rp id": func() (dsse.Verifier, error) {
			return keys.NewAssertionVerifier(keys.SchemeFIDO2, k.key.Public(), keys.FIDO2{Flags: []string{"up"}})
		},
		"no flags": func() (dsse.Verifier, error) {
			return keys.NewAssertionVerifier(keys.SchemeFIDO2, k.key.Public(), keys.FIDO2{RPID: rpID})
		},
		"another scheme": func() (dsse.Verifier, error) {
			return keys.NewAssertionVerifier(keys.SchemeECDSASHA256, k.key.Public(), want)
		},
		"another algorithm": func() (dsse.Verifier, error) {
			return keys.NewAssertionVerifier(keys.SchemeFIDO2, newToken(t, keys.ECDSAP384, rpID, 1).key.Public(), want)
		},
		"no key": func() (dsse.Verifier, error) { return keys.NewAssertionVerifier(keys.SchemeFIDO2, nil, want) },
	} {
		_, err := make()
		assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), name)
	}
}

func TestAssertionExtension(t *testing.T) {
	m := dsse.NewMessage("t", dsse.Bytes("{}"))
	k := newToken(t, keys.Ed25519, rpID, 0x05)
	good := k.assert(t, keys.SchemeFIDO2, m)
	verifier, err := keys.NewAssertionVerifier(keys.SchemeFIDO2, k.key.Public(), keys.FIDO2{RPID: rpID, Flags: []string{"up"}})
	require.NoError(t, err)
	data := base64.StdEncoding.EncodeToString(k.data)
	require.NoError(t, verifier.Verify(m, withExt(good, ` { "authenticatorData" : "`+data+`" } `)))
	for name, ext := range map[string]string{
		"empty":           ``,
		"not an object":   `"` + data + `"`,
		"no member":       `{}`,
		"null":            `{"authenticatorData":null}`,
		"number":          `{"authenticatorData":1}`,
		"unknown member":  `{"authenticatorData":"` + data + `","rpId":"x"}`,
		"another case":    `{"AuthenticatorData":"` + data + `"}`,
		"duplicate":       `{"authenticatorData":"` + data + `","authenticatorData":"` + data + `"}`,
		"url alphabet":    `{"authenticatorData":"` + base64.URLEncoding.EncodeToString(append(k.data[:36:36], 0xff, 0xfe)) + `"}`,
		"line break":      `{"authenticatorData":"` + data[:8] + `\n` + data[8:] + `"}`,
		"without padding": `{"authenticatorData":"` + base64.RawStdEncoding.EncodeToString(k.data) + `"}`,
		"one byte short":  `{"authenticatorData":"` + base64.StdEncoding.EncodeToString(k.data[:36]) + `"}`,
		"one byte more":   `{"authenticatorData":"` + base64.StdEncoding.EncodeToString(append(k.data[:37:37], 0)) + `"}`,
	} {
		assert.Equal(t, fault.SignatureMalformed, fault.ReasonOf(verifier.Verify(m, withExt(good, ext))), name)
	}
	_, err = keys.NewAssertion(keys.SchemeFIDO2, k.key.Public(), k.data[:36], good.Sig)
	assert.Equal(t, fault.SignatureMalformed, fault.ReasonOf(err))
}

// TestAssertionInEnvelope: the error says what is known best, and the verdict
// does not depend on what other keys are trusted.
func TestAssertionInEnvelope(t *testing.T) {
	m := dsse.NewMessage("t", dsse.Bytes("{}"))
	touched := newToken(t, keys.ECDSAP256, rpID, 0x01)
	stranger := newToken(t, keys.Ed25519, rpID, 0x05)
	plain := newToken(t, keys.ECDSAP256, "", 0)
	entry := func(k *token, s keys.Scheme, flags ...string) keys.TrustedKey {
		e := keys.TrustedKey{Name: "k", Public: k.key.Public(), Scheme: s, AnyPredicateType: true}
		if len(flags) > 0 {
			e.FIDO2 = &keys.FIDO2{RPID: rpID, Flags: flags}
		}
		return e
	}
	for _, row := range []struct {
		name  string
		by    *token
		trust []keys.TrustedKey
		want  fault.Reason
	}{
		{"good", touched, []keys.TrustedKey{entry(plain, ""), entry(touched, keys.SchemeFIDO2, "up")}, ""},
		{"no PIN", touched, []keys.TrustedKey{entry(touched, keys.SchemeFIDO2, "uv"), entry(plain, "")}, fault.SignatureFlags},
		{"a stranger", stranger, []keys.TrustedKey{entry(touched, keys.SchemeFIDO2, "up"), entry(plain, "")}, fault.SignatureUntrusted},
		{"ordinary keys only", stranger, []keys.TrustedKey{entry(plain, "")}, fault.SignatureScheme},
		{"the same key, trusted as an ordinary one", touched, []keys.TrustedKey{entry(touched, "")}, fault.SignatureScheme},
	} {
		t.Run(row.name, func(t *testing.T) {
			trust, err := keys.NewTrust(row.trust...)
			require.NoError(t, err)
			err = openWith(t, m, row.by.assert(t, keys.SchemeFIDO2, m), trust)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
}

func FuzzAssertion(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	hash := sha256.Sum256([]byte(rpID))
	data := append(hash[:], 5, 0, 0, 0, 1)
	f.Add([]byte(`{"authenticatorData":"`+base64.StdEncoding.EncodeToString(data)+`"}`), make([]byte, 64))
	f.Add([]byte(`{}`), []byte{})
	verifier, err := keys.NewAssertionVerifier(keys.SchemeFIDO2, key.Public(), keys.FIDO2{RPID: rpID, Flags: []string{"up"}})
	require.NoError(f, err)
	m := dsse.NewMessage("t", dsse.Bytes("{}"))
	f.Fuzz(func(t *testing.T, ext, sig []byte) {
		err := verifier.Verify(m, dsse.Signature{Sig: sig, Extension: &dsse.Extension{Kind: keys.KindFIDO2, Ext: ext}})
		require.Error(t, err, "nobody signed this")
		require.Contains(t, []fault.Reason{fault.SignatureMalformed, fault.SignatureMismatch}, fault.ReasonOf(err))
	})
}
