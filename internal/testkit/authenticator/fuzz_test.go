package authenticator

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRequest: whatever a client asks, the device answers with a status and, if
// all went well, with canonical CBOR or nothing.
func FuzzRequest(f *testing.F) {
	hash := make([]byte, 32)
	creation, err := encode(map[int]any{
		1: hash, 2: relyingParty{ID: "rp"}, 3: userEntity{ID: []byte("u")}, 4: []parameter{{ES256, publicKeyType}},
		6: map[string]any{"credProtect": 2, "hmac-secret": true}, 7: map[string]bool{"rk": true},
	})
	require.NoError(f, err)
	assertion, err := encode(map[int]any{1: "rp", 2: hash, 4: map[string]any{"hmac-secret": hmacInput{}}})
	require.NoError(f, err)
	f.Add(append([]byte{byte(MakeCredential)}, creation...))
	f.Add(append([]byte{byte(GetAssertion)}, assertion...))
	f.Add([]byte{byte(ClientPIN), 0xa2, 0x01, 0x02, 0x02, 0x02})
	f.Add([]byte{byte(CredentialManagement), 0xa1, 0x01, 0x01})
	f.Add([]byte{byte(GetInfo)})
	f.Add([]byte{byte(Reset)})
	f.Fuzz(func(t *testing.T, request []byte) {
		if len(request) == 0 {
			return // CTAPHID refuses it
		}
		k, err := newToken(defaults())
		require.NoError(t, err)
		require.NoError(t, k.powerUp())
		answer := k.handle(call{ctx: context.Background(), report: func(byte) {}}, request)
		require.NotEmpty(t, answer)
		if len(answer) > 1 {
			require.Equal(t, byte(OK), answer[0])
			var content map[int]any
			require.NoError(t, decode(answer[1:], &content))
		}
	})
}
