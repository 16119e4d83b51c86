package keys_test

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// marshal writes a new key in a format.
func marshal(t testing.TB, a keys.Algorithm, f keys.Format) (crypto.Signer, []byte) {
	t.Helper()
	key, err := keys.Generate(a)
	require.NoError(t, err)
	passphrase := ""
	if f.Encrypted() {
		passphrase = secret
	}
	b, err := keys.MarshalPrivate(key, f, []byte(passphrase))
	require.NoError(t, err)
	return key, b
}

func TestMarshalPrivateRoundTrip(t *testing.T) {
	for _, a := range keys.Algorithms() {
		for _, f := range []keys.Format{keys.FormatPKCS8, keys.FormatPKCS8Encrypted, keys.FormatCosign} {
			if f.Encrypted() && a != keys.ECDSAP256 && (a != keys.Ed25519 || f != keys.FormatCosign) {
				continue // each opening costs a key derivation, and what is inside is the same PKCS #8
			}
			t.Run(fmt.Sprint(a, " ", f), func(t *testing.T) {
				key, b := marshal(t, a, f)
				asked := 0
				got, format, err := keys.ParsePrivate(b, func() ([]byte, error) {
					asked++
					return []byte(secret), nil
				})
				require.NoError(t, err)
				assert.Equal(t, f, format)
				assert.Equal(t, publicDER(t, key.Public()), publicDER(t, got.Public()))
				if !f.Encrypted() {
					assert.Zero(t, asked)
					return
				}
				assert.Equal(t, 1, asked)
				_, _, err = keys.ParsePrivate(b, give("wrong"))
				assert.Equal(t, fault.PassphraseWrong, fault.ReasonOf(err))
				declined := errors.New("declined")
				_, _, err = keys.ParsePrivate(b, func() ([]byte, error) { return nil, declined })
				assert.ErrorIs(t, err, declined)
			})
		}
	}
}

func TestMarshalPrivateRefuses(t *testing.T) {
	p256, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	mldsa, err := keys.Generate(keys.MLDSA65)
	require.NoError(t, err)
	sm2, err := keys.Generate(keys.SM2)
	require.NoError(t, err)
	for _, row := range []struct {
		name       string
		key        crypto.Signer
		format     keys.Format
		passphrase string
		want       fault.Reason
	}{
		{"encrypted without a passphrase", p256, keys.FormatPKCS8Encrypted, "", fault.PassphraseRequired},
		{"cosign without a passphrase", p256, keys.FormatCosign, "", fault.PassphraseRequired},
		{"plain with a passphrase", p256, keys.FormatPKCS8, secret, fault.UsageInvalid},
		{"format that is only read", p256, keys.FormatSEC1, "", fault.UsageInvalid},
		{"no format", p256, "", "", fault.UsageInvalid},
		{"ML-DSA for cosign", mldsa, keys.FormatCosign, secret, fault.KeyUnsupported},
		{"SM2 for cosign", sm2, keys.FormatCosign, secret, fault.KeyUnsupported},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := keys.MarshalPrivate(row.key, row.format, []byte(row.passphrase))
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
}

func pemText(blockType string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}))
}

func TestParsePrivateRefuses(t *testing.T) {
	key, plain := marshal(t, keys.ECDSAP256, keys.FormatPKCS8)
	public, err := keys.MarshalPublic(key.Public())
	require.NoError(t, err)
	text := string(plain)
	body := strings.Split(text, "\n")[1]
	for _, row := range []struct {
		name, in string
		want     fault.Reason
	}{
		{"empty", "", fault.InputEmpty},
		{"blank", " \n\t\n", fault.InputEmpty},
		{"too large", text + strings.Repeat("\n", keys.MaxPrivateKeySize), fault.InputTooLarge},
		{"byte order mark", "\ufeff" + text, fault.InputEncoding},
		{"UTF-16", "\xff\xfe-\x00-\x00", fault.InputEncoding},
		{"gzip", "\x1f\x8b\x08", fault.InputEncoding},
		{"not UTF-8", "\x80" + text, fault.InputEncoding},
		{"public key", string(public), fault.KeyPublic},
		{"certificate", pemText("CERTIFICATE", []byte{0x30, 0}), fault.KeyPublic},
		{"OpenSSH public key", "ssh-ed25519 AAAA", fault.KeyPublic},
		{"text", "this is no key", fault.KeyMalformed},
		{"another PEM block", pemText("MESSAGE", []byte("x")), fault.KeyMalformed},
		{"truncated", text[:len(text)/2], fault.KeyMalformed},
		{"two keys", text + text, fault.KeyMalformed},
		{"key and certificate", text + pemText("CERTIFICATE", []byte{0x30, 0}), fault.KeyMalformed},
		{"kind that is not known", pemText("DSA PRIVATE KEY", []byte{0x30, 0}), fault.KeyUnsupported},
		{"garbage in PKCS #8", pemText("PRIVATE KEY", []byte("garbage")), fault.KeyMalformed},
		{"garbage in SEC 1", pemText("EC PRIVATE KEY", []byte("garbage")), fault.KeyMalformed},
		{"garbage in PKCS #1", pemText("RSA PRIVATE KEY", []byte("garbage")), fault.KeyMalformed},
		{"garbage in OpenSSH", pemText("OPENSSH PRIVATE KEY", []byte("garbage")), fault.KeyMalformed},
		{"garbage in encrypted PKCS #8", pemText("ENCRYPTED PRIVATE KEY", []byte("garbage")), fault.KeyMalformed},
		{"garbage in cosign", pemText("ENCRYPTED COSIGN PRIVATE KEY", []byte("garbage")), fault.KeyMalformed},
		{"cosign with costly scrypt", pemText("ENCRYPTED SIGSTORE PRIVATE KEY", []byte(cosignJSON(1<<30))), fault.KeyUnsupported},
		{"huge RSA in PKCS #1", pemText("RSA PRIVATE KEY", hugeRSA(t)), fault.KeyUnsupported},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := keys.ParsePrivate([]byte(row.in), give(secret))
			require.Error(t, err)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.NotContains(t, err.Error()+fault.HintOf(err), body[20:40])
			assert.NotContains(t, err.Error(), "garbage")
		})
	}
}

func cosignJSON(n int) string {
	zero := base64.StdEncoding.EncodeToString(make([]byte, 24))
	return fmt.Sprintf(`{"kdf":{"name":"scrypt","params":{"N":%d,"r":8,"p":1},"salt":"%s"},"cipher":{"name":"nacl/secretbox","nonce":"%s"},"ciphertext":"%s"}`, n, zero, zero, zero)
}

// hugeRSA is the beginning of an RSA private key of 160,000 bits, whose checks
// would take minutes.
func hugeRSA(t *testing.T) []byte {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), 160_000)
	n.Add(n, big.NewInt(1))
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1BigInt(n)
		b.AddASN1Int64(65537)
	})
	der, err := b.Bytes()
	require.NoError(t, err)
	return der
}

// TestParsePrivateDamaged flips every byte and truncates at every length of
// keys in formats that are cheap to open: nothing panics, and what still parses
// is a key.
func TestParsePrivateDamaged(t *testing.T) {
	for _, a := range []keys.Algorithm{keys.ECDSAP256, keys.Ed25519, keys.MLDSA65} {
		t.Run(string(a), func(t *testing.T) {
			_, b := marshal(t, a, keys.FormatPKCS8)
			block, _ := pem.Decode(b)
			for i := range block.Bytes {
				changed := bytes.Clone(block.Bytes)
				changed[i] ^= 0x41
				damaged(t, []byte(pemText("PRIVATE KEY", changed)))
				damaged(t, []byte(pemText("PRIVATE KEY", block.Bytes[:i])))
			}
			for i := range b[:len(b)-1] { // the last is a line ending
				_, _, err := keys.ParsePrivate(b[:i], never(t))
				require.Error(t, err, "truncated at %d", i)
			}
		})
	}
}

func damaged(t *testing.T, b []byte) {
	t.Helper()
	key, _, err := keys.ParsePrivate(b, never(t))
	if err == nil {
		_, err = keys.AlgorithmOf(key.Public())
		require.NoError(t, err)
		return
	}
	assert.Contains(t, []fault.Reason{fault.KeyMalformed, fault.KeyUnsupported}, fault.ReasonOf(err), "%v", err)
}
