package dsse

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDeterministicECDSA signs the messages of RFC 6979, appendices A.2.5 and
// A.2.6, with the primitive behind keySigner.
func TestDeterministicECDSA(t *testing.T) {
	const (
		key256 = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
		key384 = "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5"
	)
	for _, row := range []struct {
		name, key, message, r, s string
		curve                    elliptic.Curve
	}{
		{
			"P-256 sample", key256, "sample",
			"EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
			"F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8", elliptic.P256(),
		},
		{
			"P-256 test", key256, "test",
			"F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
			"019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083", elliptic.P256(),
		},
		{
			"P-384 sample", key384, "sample",
			"94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
			"99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8", elliptic.P384(),
		},
		{
			"P-384 test", key384, "test",
			"8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DB",
			"DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5", elliptic.P384(),
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			key, err := ecdsa.ParseRawPrivateKey(row.curve, unhex(t, row.key))
			require.NoError(t, err)
			signer, err := NewSigner(key)
			require.NoError(t, err)
			ks, ok := signer.(*keySigner)
			require.True(t, ok)
			sig, err := ks.sign(t.Context(), rawInput([]byte(row.message), ks.scheme))
			require.NoError(t, err)
			want, err := asn1.Marshal(struct{ R, S *big.Int }{
				new(big.Int).SetBytes(unhex(t, row.r)), new(big.Int).SetBytes(unhex(t, row.s)),
			})
			require.NoError(t, err)
			assert.Equal(t, want, sig)
		})
	}
}
