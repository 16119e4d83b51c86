package keys

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
)

// pbes2Spec is an encrypted key of which each part can be chosen.
type pbes2Spec struct {
	scheme, kdf, prf, cipher string
	ints                     []int64 // after the salt
	salt, iv, text           int     // sizes
	trailing                 bool
}

func plausible() pbes2Spec {
	return pbes2Spec{
		scheme: oidPBES2, kdf: oidPBKDF2, prf: oidHMACSHA256, cipher: oidAES256CBC,
		ints: []int64{2048}, salt: 16, iv: 16, text: 64,
	}
}

func (s pbes2Spec) build(t testing.TB) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(info *cryptobyte.Builder) {
		addAlgorithm(info, s.scheme, func(params *cryptobyte.Builder) {
			params.AddASN1(cbasn1.SEQUENCE, func(params *cryptobyte.Builder) {
				addAlgorithm(params, s.kdf, s.addKDF)
				addAlgorithm(params, s.cipher, func(b *cryptobyte.Builder) { b.AddASN1OctetString(make([]byte, s.iv)) })
			})
		})
		info.AddASN1OctetString(make([]byte, s.text))
		if s.trailing {
			info.AddASN1NULL()
		}
	})
	der, err := b.Bytes()
	require.NoError(t, err)
	return der
}

func (s pbes2Spec) addKDF(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1OctetString(make([]byte, s.salt))
		for _, n := range s.ints {
			b.AddASN1Int64(n)
		}
		if s.prf != "" {
			addAlgorithm(b, s.prf, func(b *cryptobyte.Builder) { b.AddASN1NULL() })
		}
	})
}

func TestParsePBES2(t *testing.T) {
	scrypt := func(ints ...int64) func(*pbes2Spec) {
		return func(s *pbes2Spec) { s.kdf, s.prf, s.ints = oidScrypt, "", ints }
	}
	for _, row := range []struct {
		name   string
		change func(*pbes2Spec)
		want   fault.Reason
	}{
		{"PBKDF2", func(*pbes2Spec) {}, ""},
		{"default PRF", func(s *pbes2Spec) { s.prf = "" }, ""},
		{"key length of the cipher", func(s *pbes2Spec) { s.ints = []int64{2048, 32} }, ""},
		{"most iterations", func(s *pbes2Spec) { s.ints = []int64{maxPBKDF2Iterations} }, ""},
		{"scrypt", scrypt(16384, 8, 1), ""},
		{"scrypt with key length", scrypt(16384, 8, 1, 32), ""},
		{"most memory", scrypt(1<<18, 8, 4), ""},
		{"most work", scrypt(1<<13, 8, 128), ""},

		{"another scheme", func(s *pbes2Spec) { s.scheme = "1.2.840.113549.1.5.3" }, fault.KeyUnsupported},
		{"another KDF", func(s *pbes2Spec) { s.kdf = "1.2.3" }, fault.KeyUnsupported},
		{"another PRF", func(s *pbes2Spec) { s.prf = "1.2.3" }, fault.KeyUnsupported},
		{"another cipher", func(s *pbes2Spec) { s.cipher = "1.2.3" }, fault.KeyUnsupported},
		{"too many iterations", func(s *pbes2Spec) { s.ints = []int64{maxPBKDF2Iterations + 1} }, fault.KeyUnsupported},
		{"too much memory", scrypt(1<<19, 8, 1), fault.KeyUnsupported},
		{"too much memory by r", scrypt(2, 1<<30, 1), fault.KeyUnsupported},
		{"too much work", scrypt(1<<18, 8, 5), fault.KeyUnsupported},
		{"product overflows", scrypt(1<<62, 1<<62, 1<<62), fault.KeyUnsupported},

		{"no iterations", func(s *pbes2Spec) { s.ints = nil }, fault.KeyMalformed},
		{"zero iterations", func(s *pbes2Spec) { s.ints = []int64{0} }, fault.KeyMalformed},
		{"negative iterations", func(s *pbes2Spec) { s.ints = []int64{-1} }, fault.KeyMalformed},
		{"key length of another cipher", func(s *pbes2Spec) { s.ints = []int64{2048, 16} }, fault.KeyMalformed},
		{"three integers", func(s *pbes2Spec) { s.ints = []int64{2048, 32, 1} }, fault.KeyMalformed},
		{"long salt", func(s *pbes2Spec) { s.salt = maxSaltSize + 1 }, fault.KeyMalformed},
		{"short vector", func(s *pbes2Spec) { s.iv = 8 }, fault.KeyMalformed},
		{"no text", func(s *pbes2Spec) { s.text = 0 }, fault.KeyMalformed},
		{"half a block", func(s *pbes2Spec) { s.text = 24 }, fault.KeyMalformed},
		{"trailing data", func(s *pbes2Spec) { s.trailing = true }, fault.KeyMalformed},
		{"N is no power of two", scrypt(16383, 8, 1), fault.KeyMalformed},
		{"N is one", scrypt(1, 8, 1), fault.KeyMalformed},
		{"r is zero", scrypt(16384, 0, 1), fault.KeyMalformed},
		{"p is negative", scrypt(16384, 8, -1), fault.KeyMalformed},
		{"p is missing", scrypt(16384, 8), fault.KeyMalformed},
		{"PRF with scrypt", func(s *pbes2Spec) { s.kdf, s.ints = oidScrypt, []int64{16384, 8, 1} }, fault.KeyMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec := plausible()
			row.change(&spec)
			_, err := parsePBES2(spec.build(t))
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
}

// TestPBES2WrongPassphrase tries many, so that for some of them the padding
// looks right and only the key behind it is not.
func TestPBES2WrongPassphrase(t *testing.T) {
	spec := plausible()
	spec.ints = []int64{1}
	der := spec.build(t)
	for i := range 2000 {
		_, err := decryptPKCS8(der, fmt.Append(nil, i))
		require.Equal(t, fault.PassphraseWrong, fault.ReasonOf(err), "%v", err)
	}
}

func FuzzParsePBES2(f *testing.F) {
	cheap := plausible()
	cheap.ints = []int64{1}
	f.Add(cheap.build(f), []byte("p"))
	f.Fuzz(func(t *testing.T, der, passphrase []byte) {
		p, err := parsePBES2(der)
		if err != nil {
			return
		}
		if k, ok := p.kdf.(*pbkdf2Params); !ok || k.iterations > 1000 {
			return // allowed, and too slow for a fuzzer
		}
		_, err = decryptPKCS8(der, passphrase)
		require.Error(t, err, "a fuzzer found a key")
	})
}
