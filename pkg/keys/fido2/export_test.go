package fido2

import (
	"encoding/json/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// MarshalForTest writes a key file without a look at what is in it.
func MarshalForTest(t testing.TB, f *KeyFile) []byte {
	t.Helper()
	b, err := json.Marshal(f)
	require.NoError(t, err)
	return b
}
