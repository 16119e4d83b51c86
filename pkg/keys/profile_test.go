package keys_test

import (
	"crypto"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// rsaPublic is a public key of a size, which nobody has the private half of.
func rsaPublic(bits, exponent int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: exponent}
}

func TestProfile(t *testing.T) {
	public := map[keys.Algorithm]crypto.PublicKey{
		"rsa-2048": rsaPublic(2048, 65537), "rsa-2049": rsaPublic(2049, 65537), "rsa-3072": rsaPublic(3072, 65537),
		"rsa-4096": rsaPublic(4096, 65537), "rsa-3072 e=3": rsaPublic(3072, 3),
	}
	for _, a := range []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, keys.MLDSA65, keys.SM2} {
		key, err := keys.Generate(a)
		require.NoError(t, err)
		public[a] = key.Public()
	}
	gost, err := keys.ParsePublic([]byte(gostPEM))
	require.NoError(t, err)
	public[keys.GOST256] = gost[0].Key
	every := []keys.Algorithm{
		keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, keys.MLDSA65, keys.SM2, keys.GOST256,
		"rsa-2048", "rsa-2049", "rsa-3072", "rsa-4096", "rsa-3072 e=3",
	}
	for _, row := range []struct {
		profile                keys.Profile
		generate, sign, verify []keys.Algorithm
	}{
		{"", keys.Algorithms(), every, every},
		{keys.ProfileDefault, keys.Algorithms(), every, every},
		{
			keys.ProfileFIPS,
			[]keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, keys.RSA3072, keys.RSA4096},
			[]keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, "rsa-3072", "rsa-4096"},
			[]keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, "rsa-2048", "rsa-3072", "rsa-4096"},
		},
		{keys.ProfileSM, []keys.Algorithm{keys.SM2}, []keys.Algorithm{keys.SM2}, []keys.Algorithm{keys.SM2}},
		{keys.ProfilePQ, []keys.Algorithm{keys.MLDSA65}, []keys.Algorithm{keys.MLDSA65}, []keys.Algorithm{keys.MLDSA65}},
		{keys.ProfileGOST, nil, []keys.Algorithm{keys.GOST256}, []keys.Algorithm{keys.GOST256}},
		{"nonsense", nil, nil, nil},
	} {
		t.Run(string(row.profile), func(t *testing.T) {
			var generate, sign, verify []keys.Algorithm
			for _, a := range keys.Algorithms() {
				err := row.profile.Generate(a)
				if err == nil {
					generate = append(generate, a)
					continue
				}
				assert.Equal(t, fault.ProfileForbidden, fault.ReasonOf(err))
			}
			for _, a := range every {
				err := row.profile.Sign(public[a])
				if err == nil {
					sign = append(sign, a)
				} else {
					assert.Equal(t, fault.ProfileForbidden, fault.ReasonOf(err))
				}
				err = row.profile.Verify([]keys.TrustedKey{{Name: "k", Public: public[a]}})[0]
				if err == nil {
					verify = append(verify, a)
				} else {
					assert.Equal(t, fault.KeyForbidden, fault.ReasonOf(err))
				}
			}
			assert.Equal(t, row.generate, generate)
			assert.Equal(t, row.sign, sign)
			assert.Equal(t, row.verify, verify)
		})
	}
	err = keys.ProfileFIPS.Sign(public["rsa-3072 e=3"])
	assert.ErrorContains(t, err, "rsa-3072 with exponent 3")
	assert.Contains(t, fault.HintOf(err), "ecdsa-p256, ecdsa-p384, ed25519, rsa of 3072 bits or more")
}

// TestProfileHybrid: the post-quantum profile takes a classical key only where
// it counts together with a post-quantum one.
func TestProfileHybrid(t *testing.T) {
	public := func(a keys.Algorithm) crypto.PublicKey {
		key, err := keys.Generate(a)
		require.NoError(t, err)
		return key.Public()
	}
	p256, ed, mldsa := public(keys.ECDSAP256), public(keys.Ed25519), public(keys.MLDSA65)
	require.NoError(t, keys.ProfilePQ.Sign(p256, mldsa))
	require.NoError(t, keys.ProfilePQ.Sign(mldsa, p256))
	require.Error(t, keys.ProfilePQ.Sign(p256, ed))
	require.Error(t, keys.ProfileFIPS.Sign(p256, mldsa))

	half := func(holder, hybrid string, pub crypto.PublicKey) keys.TrustedKey {
		return keys.TrustedKey{Name: "k", Holder: holder, Hybrid: hybrid, Public: pub}
	}
	for _, row := range []struct {
		name    string
		profile keys.Profile
		trusted []keys.TrustedKey
		allowed []bool
	}{
		{"hybrid", keys.ProfilePQ, []keys.TrustedKey{half("h", "x", p256), half("h", "x", mldsa)}, []bool{true, true}},
		{"two keys of one holder", keys.ProfilePQ, []keys.TrustedKey{half("h", "", p256), half("h", "", mldsa)}, []bool{false, true}},
		{"hybrids of two holders", keys.ProfilePQ, []keys.TrustedKey{half("h", "x", p256), half("i", "x", mldsa)}, []bool{false, true}},
		{"two hybrids", keys.ProfilePQ, []keys.TrustedKey{half("h", "x", p256), half("h", "y", mldsa)}, []bool{false, true}},
		{"hybrid of classical keys", keys.ProfilePQ, []keys.TrustedKey{half("h", "x", p256), half("h", "x", ed)}, []bool{false, false}},
		{"hybrid elsewhere", keys.ProfileFIPS, []keys.TrustedKey{half("h", "x", p256), half("h", "x", mldsa)}, []bool{true, false}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for i, err := range row.profile.Verify(row.trusted) {
				assert.Equal(t, row.allowed[i], err == nil, "key %d: %v", i, err)
			}
		})
	}
}

// TestProfilesOnlyNarrow: what another profile allows, the default allows too.
func TestProfilesOnlyNarrow(t *testing.T) {
	list := keys.Profiles()
	assert.Equal(t, keys.ProfileDefault, list[0])
	for _, p := range list {
		assert.True(t, p.Within(keys.ProfileDefault), p)
		assert.True(t, p.Within(p), p)
		assert.Equal(t, p == keys.ProfileFIPS, p.Within(keys.ProfileFIPS), p)
	}
}
