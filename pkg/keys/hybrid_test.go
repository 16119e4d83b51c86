package keys_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// TestHybridOverFiles has the keys of one holder come from several files: a
// second file adds to what a hybrid demands, and cannot set a key free.
func TestHybridOverFiles(t *testing.T) {
	dir := t.TempDir()
	p256, mldsa, ed := publicPEM(t, keys.ECDSAP256), publicPEM(t, keys.MLDSA65), publicPEM(t, keys.Ed25519)
	hybrid := write(t, dir, "hybrid.json", document(entry(p256, "ecdsa-p256", `"name":"a","holder":"h","hybrid":"x"`),
		entry(mldsa, "ml-dsa-65", `"name":"b","holder":"h","hybrid":"x"`)), 0o644)
	alone := write(t, dir, "alone.json", document(entry(p256, "ecdsa-p256", `"name":"a","holder":"h"`)), 0o644)
	beside := write(t, dir, "beside.json", document(entry(ed, "ed25519", `"name":"c","holder":"h"`)), 0o644)
	bare := write(t, dir, "bare.pub", p256, 0o644)

	trust, err := keys.LoadTrust(hybrid, bare)
	require.NoError(t, err)
	require.Len(t, trust.Keys(), 2)
	assert.Equal(t, "x", trust.Keys()[0].Hybrid, "a bare key beside it does not count alone")
	for _, more := range []string{alone, beside} {
		_, err = keys.LoadTrust(hybrid, more)
		assert.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
	}
}

func TestTrustHybrid(t *testing.T) {
	dir := t.TempDir()
	one := write(t, dir, "one.pub", publicPEM(t, keys.ECDSAP256), 0o644)
	two := write(t, dir, "two.pub", publicPEM(t, keys.MLDSA65), 0o644)
	described := write(t, dir, "keys.json", document(entry(publicPEM(t, keys.Ed25519), "ed25519", `"name":"c"`)), 0o644)

	trust, err := keys.LoadTrust(one, two)
	require.NoError(t, err)
	together, err := trust.Hybrid()
	require.NoError(t, err)
	list := together.Keys()
	require.Len(t, list, 2)
	assert.Equal(t, list[0].Holder, list[1].Holder)
	assert.NotEmpty(t, list[0].Hybrid)
	assert.Equal(t, list[0].Hybrid, list[1].Hybrid)
	assert.Empty(t, trust.Keys()[0].Hybrid, "the trust itself stays as it is")

	for name, paths := range map[string][]string{"one key": {one}, "an entry of keys.json": {one, two, described}} {
		t.Run(name, func(t *testing.T) {
			trust, err := keys.LoadTrust(paths...)
			require.NoError(t, err)
			_, err = trust.Hybrid()
			assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
		})
	}
}
