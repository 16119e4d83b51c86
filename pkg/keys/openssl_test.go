package keys_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

const secret = "correct horse battery staple"

// give is a source that has one passphrase, and counts nothing.
func give(p string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(p), nil }
}

// never is a source that must not be asked.
func never(t *testing.T) func() ([]byte, error) {
	return func() ([]byte, error) {
		assert.Fail(t, "asked for the passphrase of a key without one")
		return nil, fault.New(fault.PassphraseRequired, "never")
	}
}

func readFile(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	require.NoError(t, err)
	return b
}

// publicDER is the SubjectPublicKeyInfo of a key.
func publicDER(t testing.TB, pub crypto.PublicKey) []byte {
	t.Helper()
	der, err := dsse.MarshalPKIX(pub)
	require.NoError(t, err)
	return der
}

// genpkey are openssl's arguments for each algorithm that OpenSSL 3.0 has.
func genpkey() map[keys.Algorithm][]string {
	return map[keys.Algorithm][]string{
		keys.ECDSAP256: {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
		keys.ECDSAP384: {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"},
		keys.Ed25519:   {"-algorithm", "ED25519"},
		keys.RSA3072:   {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"},
		keys.RSA4096:   {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"},
		keys.SM2:       {"-algorithm", "SM2"},
		"rsa-2048":     {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
	}
}

func openssl(t testing.TB, dir string, args ...string) []byte {
	t.Helper()
	return testkit.Tool(t, dir, "openssl", args...)
}

func TestParsePrivateOfOpenSSL(t *testing.T) {
	dir := t.TempDir()
	for a, args := range genpkey() {
		t.Run(string(a), func(t *testing.T) {
			name := string(a)
			openssl(t, dir, append([]string{"genpkey", "-out", name}, args...)...)
			want := openssl(t, dir, "pkey", "-in", name, "-pubout", "-outform", "DER")
			key, format, err := keys.ParsePrivate(readFile(t, dir, name), never(t))
			require.NoError(t, err)
			assert.Equal(t, keys.FormatPKCS8, format)
			assert.Equal(t, want, publicDER(t, key.Public()))
			got, err := keys.AlgorithmOf(key.Public())
			require.NoError(t, err)
			assert.Equal(t, a, got)
			if a == keys.Ed25519 || a == keys.SM2 {
				return // has no traditional format
			}
			openssl(t, dir, "pkey", "-in", name, "-traditional", "-out", name+".trad")
			key, format, err = keys.ParsePrivate(readFile(t, dir, name+".trad"), never(t))
			require.NoError(t, err)
			assert.Contains(t, []keys.Format{keys.FormatSEC1, keys.FormatPKCS1}, format)
			assert.Equal(t, want, publicDER(t, key.Public()))
		})
	}
}

// TestParsePrivateEncryptedByOpenSSL goes through all that PBES2 can be.
func TestParsePrivateEncryptedByOpenSSL(t *testing.T) {
	dir := t.TempDir()
	openssl(t, dir, append([]string{"genpkey", "-out", "plain"}, genpkey()[keys.ECDSAP256]...)...)
	want := openssl(t, dir, "pkey", "-in", "plain", "-pubout", "-outform", "DER")
	var rows [][]string
	for _, c := range []string{"aes-128-cbc", "aes-192-cbc", "aes-256-cbc"} {
		rows = append(rows, []string{"-v2", c, "-scrypt"})
		for _, prf := range []string{"hmacWithSHA1", "hmacWithSHA256", "hmacWithSHA384", "hmacWithSHA512"} {
			rows = append(rows, []string{"-v2", c, "-v2prf", prf})
		}
	}
	rows = append(rows,
		[]string{"-v2", "aes-256-cbc", "-iter", "600000"},
		[]string{"-scrypt", "-scrypt_N", "2", "-scrypt_r", "1", "-scrypt_p", "16"})
	for _, args := range rows {
		t.Run(joined(args), func(t *testing.T) {
			openssl(t, dir, append([]string{"pkcs8", "-topk8", "-in", "plain", "-out", "enc", "-passout", "pass:" + secret}, args...)...)
			b := readFile(t, dir, "enc")
			key, format, err := keys.ParsePrivate(b, give(secret))
			require.NoError(t, err)
			assert.Equal(t, keys.FormatPKCS8Encrypted, format)
			assert.Equal(t, want, publicDER(t, key.Public()))
			_, _, err = keys.ParsePrivate(b, give(secret+"x"))
			assert.Equal(t, fault.PassphraseWrong, fault.ReasonOf(err), "%v", err)
		})
	}
}

func joined(args []string) string {
	s := ""
	for _, a := range args {
		s += a + " "
	}
	return s
}

func TestParsePrivateUnsupportedByOpenSSL(t *testing.T) {
	dir := t.TempDir()
	pass := "pass:" + secret
	openssl(t, dir, append([]string{"genpkey", "-out", "plain"}, genpkey()[keys.ECDSAP256]...)...)
	for _, row := range []struct {
		name  string
		args  []string
		says  string
		hints string
	}{
		{
			"legacy PEM encryption", []string{"ec", "-aes256", "-in", "plain", "-passout", pass},
			"legacy PEM encryption", "openssl pkcs8 -topk8",
		},
		{"triple DES", []string{"pkcs8", "-topk8", "-v2", "des3", "-in", "plain", "-passout", pass}, "1.2.840.113549.3.7", "openssl pkcs8 -topk8"},
		{"PBES1", []string{"pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-in", "plain", "-passout", pass}, "1.2.840.113549.1.12.1.3", "openssl pkcs8 -topk8"},
		{"HMAC-SHA-224", []string{"pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA224", "-in", "plain", "-passout", pass}, "1.2.840.113549.2.8", "openssl pkcs8 -topk8"},
		{"P-521", []string{"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"}, "P-521", "ecdsa-p256"},
		{"secp256k1", []string{"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"}, "secp256k1", "ecdsa-p256"},
		{"Ed448", []string{"genpkey", "-algorithm", "ED448"}, "Ed448", "ed25519"},
		{"X25519", []string{"genpkey", "-algorithm", "X25519"}, "X25519", "ed25519"},
		{"RSA-PSS", []string{"genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"}, "RSA-PSS", "rsa-3072"},
		{"RSA 1024", []string{"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"}, "1024 bits", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			out := openssl(t, dir, row.args...)
			_, _, err := keys.ParsePrivate(out, give(secret))
			assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, row.says)
			assert.Contains(t, fault.HintOf(err), row.hints)
		})
	}
	for curve, want := range map[string]struct {
		block  string
		format keys.Format
	}{
		"prime256v1": {"EC PARAMETERS", keys.FormatSEC1},
		"SM2":        {"SM2 PARAMETERS", keys.FormatPKCS8},
	} {
		t.Run("curve parameters before the key: "+curve, func(t *testing.T) {
			out := openssl(t, dir, "ecparam", "-name", curve, "-genkey")
			require.Contains(t, string(out), want.block)
			_, format, err := keys.ParsePrivate(out, never(t))
			require.NoError(t, err)
			assert.Equal(t, want.format, format)
		})
	}
}

// TestMarshalPrivateForOpenSSL has openssl read what we write, and give back
// the same public key.
func TestMarshalPrivateForOpenSSL(t *testing.T) {
	dir := t.TempDir()
	for a := range genpkey() {
		if a == "rsa-2048" {
			continue // is not generated
		}
		t.Run(string(a), func(t *testing.T) {
			key, err := keys.Generate(a)
			require.NoError(t, err)
			public, err := keys.MarshalPublic(key.Public())
			require.NoError(t, err)
			write(t, dir, "k.pub", string(public), 0o644)
			assert.Equal(t, string(public), string(openssl(t, dir, "pkey", "-pubin", "-in", "k.pub", "-pubout")))
			for format, passphrase := range map[keys.Format]string{keys.FormatPKCS8: "", keys.FormatPKCS8Encrypted: secret} {
				private, err := keys.MarshalPrivate(key, format, []byte(passphrase))
				require.NoError(t, err)
				write(t, dir, "k", string(private), 0o600)
				got := openssl(t, dir, "pkey", "-in", "k", "-passin", "pass:"+passphrase, "-pubout")
				assert.Equal(t, string(public), string(got), format)
			}
		})
	}
}

// digestFlags are openssl's words for the digest of each scheme; none for
// Ed25519, which signs the message.
func digestFlags(a keys.Algorithm) []string {
	switch a {
	case keys.Ed25519:
		return nil
	case keys.ECDSAP384:
		return []string{"-sha384"}
	case keys.SM2:
		return []string{"-sm3", "-sigopt", "distid:1234567812345678"}
	}
	return []string{"-sha256"}
}

// TestSignaturesWithOpenSSL signs here and verifies with openssl over the PAE,
// and the other way round.
func TestSignaturesWithOpenSSL(t *testing.T) {
	dir := t.TempDir()
	payload := []byte(`{"_type":"https://in-toto.io/Statement/v1"}`)
	write(t, dir, "pae", string(dsse.PAE(dsse.PayloadTypeInToto, payload)), 0o600)
	m := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(payload))
	for a := range genpkey() {
		if a == "rsa-2048" {
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			key, err := keys.Generate(a)
			require.NoError(t, err)
			private, err := keys.MarshalPrivate(key, keys.FormatPKCS8, nil)
			require.NoError(t, err)
			public, err := keys.MarshalPublic(key.Public())
			require.NoError(t, err)
			write(t, dir, "k", string(private), 0o600)
			write(t, dir, "k.pub", string(public), 0o644)
			signer, err := dsse.NewSigner(key)
			require.NoError(t, err)
			sig, err := signer.Sign(t.Context(), m)
			require.NoError(t, err)
			write(t, dir, "ours", string(sig.Sig), 0o600)
			if digest := digestFlags(a); digest == nil {
				openssl(t, dir, "pkeyutl", "-verify", "-pubin", "-inkey", "k.pub", "-rawin", "-in", "pae", "-sigfile", "ours")
				openssl(t, dir, "pkeyutl", "-sign", "-inkey", "k", "-rawin", "-in", "pae", "-out", "theirs")
			} else {
				openssl(t, dir, slices.Concat([]string{"dgst"}, digest, []string{"-verify", "k.pub", "-signature", "ours", "pae"})...)
				openssl(t, dir, slices.Concat([]string{"dgst"}, digest, []string{"-sign", "k", "-out", "theirs", "pae"})...)
			}
			verifier, err := dsse.NewVerifier(key.Public())
			require.NoError(t, err)
			theirs := dsse.Signature{Sig: readFile(t, dir, "theirs")}
			require.NoError(t, verifier.Verify(m, theirs))
			theirs.Sig[len(theirs.Sig)-1] ^= 1
			assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(verifier.Verify(m, theirs)))
		})
	}
}

func TestPSSVerifierWithOpenSSL(t *testing.T) {
	dir := t.TempDir()
	payload := []byte("{}")
	write(t, dir, "pae", string(dsse.PAE("t", payload)), 0o600)
	m := dsse.NewMessage("t", dsse.Bytes(payload))
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	require.NoError(t, err)
	private, err := keys.MarshalPrivate(key, keys.FormatPKCS8, nil)
	require.NoError(t, err)
	write(t, dir, "k", string(private), 0o600)
	verifier, err := keys.NewPSSVerifier(&key.PublicKey)
	require.NoError(t, err)
	for _, row := range []struct {
		name string
		opts []string
		want fault.Reason
	}{
		{name: "salt as long as the digest", opts: []string{"-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"}},
		{"longest salt", []string{"-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:max"}, fault.SignatureMismatch},
		{"PKCS #1 v1.5", nil, fault.SignatureMismatch},
	} {
		t.Run(row.name, func(t *testing.T) {
			openssl(t, dir, append(append([]string{"dgst", "-sha256", "-sign", "k", "-out", "sig"}, row.opts...), "pae")...)
			err := verifier.Verify(m, dsse.Signature{Sig: readFile(t, dir, "sig")})
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err))
		})
	}
	err = verifier.Verify(m, dsse.Signature{Extension: &dsse.Extension{Kind: "k"}})
	assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(err))
}
