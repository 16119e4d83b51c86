package keys_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/pkg/keys"
)

// FuzzParsePrivate: nothing panics, every error has a reason of its own, and
// what parses can be written and parses again to the same key. Encrypted keys
// end at the question for the passphrase, see FuzzParsePBES2.
func FuzzParsePrivate(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	declined := errors.New("declined")
	f.Fuzz(func(t *testing.T, b []byte) {
		key, _, err := keys.ParsePrivate(b, func() ([]byte, error) { return nil, declined })
		if errors.Is(err, declined) {
			return
		}
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.ReasonOf(err))
			return
		}
		out, err := keys.MarshalPrivate(key, keys.FormatPKCS8, nil)
		require.NoError(t, err)
		again, format, err := keys.ParsePrivate(out, nil)
		require.NoError(t, err)
		require.Equal(t, keys.FormatPKCS8, format)
		require.Equal(t, publicDER(t, key.Public()), publicDER(t, again.Public()))
	})
}

// FuzzParsePublic: what parses is a key with a scheme, can be written, and
// parses again to the same key.
func FuzzParsePublic(f *testing.F) {
	f.Add([]byte("ssh-ed25519 AAAA"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := keys.ParsePublic(b)
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.ReasonOf(err))
			return
		}
		require.NotEmpty(t, list)
		for _, k := range list {
			out, err := keys.MarshalPublic(k.Key)
			require.NoError(t, err)
			again, err := keys.ParsePublic(out)
			require.NoError(t, err)
			require.Equal(t, publicDER(t, k.Key), publicDER(t, again[0].Key))
		}
	})
}

// FuzzParseKeysJSON: what the hand-written check accepts, the schema accepts,
// and makes a Trust.
func FuzzParseKeysJSON(f *testing.F) {
	f.Add([]byte(document()))
	schema := compileSchema(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := keys.ParseKeysJSON(b, "keys.json")
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.ReasonOf(err))
			return
		}
		require.True(t, schematest.Accepts(schema, string(b)))
		_, err = keys.NewTrust(list...)
		require.NoError(t, err)
	})
}
