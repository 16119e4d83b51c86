//go:build !pkcs11 || !cgo || windows

package pkcs11_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
)

func TestAbsent(t *testing.T) {
	drivers, err := keys.NewDrivers(pkcs11.New(pkcs11.Config{}))
	require.NoError(t, err)
	assert.Empty(t, drivers.Schemes())
	for _, s := range []string{"pkcs11:token=T;object=K", "pkcs11:", "pkcs11:nonsense"} {
		ref, err := keys.ParseRef(s)
		require.NoError(t, err)
		_, err = drivers.Open(t.Context(), ref)
		assert.Equal(t, fault.KeyScheme, fault.ReasonOf(err), s)
		assert.Contains(t, fault.HintOf(err), "make build-hardware")
		assert.Contains(t, fault.HintOf(err), "stella-hardware")
		_, err = pkcs11.New(pkcs11.Config{}).Open(t.Context(), ref)
		assert.Equal(t, fault.KeyScheme, fault.ReasonOf(err), s)
	}
}
