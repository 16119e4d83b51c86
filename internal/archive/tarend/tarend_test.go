package tarend_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive/tarend"
)

// TestCheck holds archives of one member that ends in zeros to their ends, read in several
// ways: all at once, byte by byte, with the end of the file told with the last bytes, and by
// seeking over the member.
func TestCheck(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "a", Size: 2048, Mode: 0o600}))
	_, err := w.Write(make([]byte, 2048))
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	for what, tt := range map[string]struct {
		behind []byte
		want   error
	}{
		"no end":                {nil, tarend.ErrMissing},
		"half of it":            {make([]byte, tarend.Size/2), tarend.ErrMissing},
		"the end":               {make([]byte, tarend.Size), nil},
		"padding":               {make([]byte, 100_000), nil},
		"padding of any length": {make([]byte, tarend.Size+1), nil},
		"something behind it":   {append(make([]byte, 100_000), 1), tarend.ErrBehind},
	} {
		text := append(bytes.Clone(b.Bytes()), tt.behind...)
		for how, r := range map[string]io.Reader{
			"seeking": bytes.NewReader(text), "reading": struct{ io.Reader }{bytes.NewReader(text)},
			"bytes": iotest.OneByteReader(bytes.NewReader(text)), "early": iotest.DataErrReader(bytes.NewReader(text)),
		} {
			end := tarend.NewReader(r)
			members := tar.NewReader(end)
			_, err := members.Next()
			require.NoError(t, err)
			_, err = members.Next()
			require.ErrorIs(t, err, io.EOF)
			assert.ErrorIs(t, end.Check(), tt.want, "%s, %s", what, how)
		}
	}
}

func TestCheckThatFails(t *testing.T) {
	failed := errors.New("failed")
	end := tarend.NewReader(io.MultiReader(bytes.NewReader(make([]byte, 2048)), iotest.ErrReader(failed)))
	_, err := tar.NewReader(end).Next()
	require.ErrorIs(t, err, io.EOF)
	assert.ErrorIs(t, end.Check(), failed)
}
