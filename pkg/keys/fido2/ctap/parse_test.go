package ctap

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// attested is authenticator data as at enrolment.
func attested(t testing.TB, flags byte, credential []byte, key, extensions any) []byte {
	t.Helper()
	hash := sha256.Sum256([]byte("rp"))
	b := binary.BigEndian.AppendUint32(append(hash[:], flags), 1)
	if key != nil {
		b = append(b, make([]byte, 16)...)
		b = binary.BigEndian.AppendUint16(b, uint16(len(credential)))
		b = append(b, credential...)
		body, err := encode(key)
		require.NoError(t, err)
		b = append(b, body...)
	}
	if extensions != nil {
		body, err := encode(extensions)
		require.NoError(t, err)
		b = append(b, body...)
	}
	return b
}

func okp() coseKey {
	pub := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	return coseKey{Kind: coseOKP, Algorithm: EdDSA, Curve: coseEd25519, X: pub}
}

func TestParseAuthData(t *testing.T) {
	good := attested(t, 0xc1, []byte("id"), okp(), map[string]any{"hmac-secret": true})
	d, err := parseAuthData(good)
	require.NoError(t, err)
	assert.Equal(t, []byte("id"), d.Credential)
	assert.NotNil(t, d.Public)
	assert.Equal(t, true, d.extensions.HMACSecret)
	for i := range good {
		_, err := parseAuthData(good[:i])
		assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%d bytes", i)
	}
	short := okp()
	short.X = short.X[:31]
	point := coseKey{Kind: coseEC2, Algorithm: ES256, Curve: coseP256, X: make([]byte, 32), Y: make([]byte, 32)}
	other := okp()
	other.Algorithm = -257
	for name, b := range map[string][]byte{
		"bytes after the end":     append(bytes.Clone(good), 0),
		"no credential id":        attested(t, 0x41, nil, okp(), nil),
		"a long credential id":    attested(t, 0x41, make([]byte, 1024), okp(), nil),
		"a short key":             attested(t, 0x41, []byte("id"), short, nil),
		"a point off the curve":   attested(t, 0x41, []byte("id"), point, nil),
		"another algorithm":       attested(t, 0x41, []byte("id"), other, nil),
		"extensions not flagged":  attested(t, 0x41, []byte("id"), okp(), map[string]any{}),
		"extensions not there":    attested(t, 0xc1, []byte("id"), okp(), nil),
		"a key that is no map":    attested(t, 0x41, []byte("id"), []int{}, nil),
		"extensions of no map":    attested(t, 0x81, nil, nil, []int{}),
		"credProtect is a string": attested(t, 0x81, nil, nil, map[string]any{"credProtect": "x"}),
	} {
		_, err := parseAuthData(b)
		assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), name)
	}
}

// TestDecodeIsStrict: well-formed CBOR that CTAP2 does not allow is refused,
// although a decoder could make sense of it.
func TestDecodeIsStrict(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		good bool
	}{
		"canonical":           {"\xa2\x03\x05\x04\xf5", true},
		"keys out of order":   {"\xa2\x04\xf5\x03\x05", false},
		"a key twice":         {"\xa2\x03\x05\x03\x05", false},
		"a long number":       {"\xa2\x03\x18\x05\x04\xf5", false},
		"a long length":       {"\xb8\x02\x03\x05\x04\xf5", false},
		"an indefinite map":   {"\xbf\x03\x05\xff", false},
		"something after it":  {"\xa2\x03\x05\x04\xf5\x00", false},
		"a member not known":  {"\xa3\x03\x05\x04\xf5\x05\x60", true},
		"a tag":               {"\xc0\xa2\x03\x05\x04\xf5", false},
		"another type inside": {"\xa1\x03\x60", false},
		"invalid UTF-8":       {"\xa2\x03\x05\x05\x61\xff", false},
	} {
		var a pinAnswer
		err := decode([]byte(row.text), &a)
		assert.Equal(t, row.good, err == nil, "%s: %v", name, err)
	}
}

func FuzzParseAuthData(f *testing.F) {
	f.Add(attested(f, 0xc1, []byte("id"), okp(), map[string]any{"hmac-secret": true}))
	f.Add(attested(f, 0x81, nil, nil, map[string]any{"hmac-secret": []byte("secret")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseAuthData(b)
		if err != nil {
			require.Equal(t, fault.DeviceFailed, fault.ReasonOf(err))
			return
		}
		require.Equal(t, b, d.Raw)
		require.Equal(t, d.Public == nil, len(d.Credential) == 0)
	})
}

// FuzzDecode: what is taken is canonical: it encodes to the same bytes.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0xa1, 0x01, 0x81, 0x63, 'a', 'b', 'c'})
	f.Fuzz(func(t *testing.T, b []byte) {
		var a infoAnswer
		if err := decode(b, &a); err != nil {
			require.Equal(t, fault.DeviceFailed, fault.ReasonOf(err))
			return
		}
		var whole any
		require.NoError(t, decode(b, &whole))
		again, err := encode(whole)
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}
