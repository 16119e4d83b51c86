package endtoend

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stretchr/testify/require"
)

// stride is the distance of the bytes that are changed here. The packages that
// read envelopes and bundles try every byte and every length.
const stride = 64

// TestFlippedBytes changes evidence in one byte. None of it verifies but what
// means the same: a change in the hint, which nothing rests on.
func TestFlippedBytes(t *testing.T) {
	w := ready(t)
	w.ok("sign", "blob", "sbom.cdx.json", "--key", "p256.key", "-o", "blob.sigstore.json")
	for _, file := range []string{"sbom.sigstore.json", "sbom.dsse.json", "blob.sigstore.json"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			w := in(t, w)
			content := w.read(file)
			for i := 0; i < len(content); i += stride {
				for _, flip := range []byte{0x01, 0x80} {
					changed := bytes.Clone(content)
					changed[i] ^= flip
					w.rejects(fmt.Sprintf("byte %d of %s ^ %#x", i, file, flip), file, content, changed, i)
				}
			}
			for size := 1; size < len(content)-1; size += stride {
				w.rejects(fmt.Sprintf("%d bytes of %s", size, file), file, content, content[:size], -1)
			}
		})
	}
}

// rejects verifies changed, which differs from content at offset at, -1 for
// everywhere.
func (w *world) rejects(what, file string, content, changed []byte, at int) {
	w.t.Helper()
	w.write("changed-"+file, changed)
	o := w.run(stella("verify", "changed-"+file, "--key", "p256.key.pub", "--subject", "sbom.cdx.json"))
	noTrace(w.t, o)
	if o.status == 0 && at >= 0 && insideHint(content, at) {
		return
	}
	assert.Contains(w.t, []int{2, 3, 4}, o.status, "%s: %s", what, o)
}

// insideHint reports whether offset at is in the value of the key's hint.
func insideHint(content []byte, at int) bool {
	for _, member := range []string{`"hint":"`, `"keyid":"`} {
		if begin := bytes.Index(content, []byte(member)); begin >= 0 {
			begin += len(member)
			if end := begin + bytes.IndexByte(content[begin:], '"'); begin <= at && at < end {
				return true
			}
		}
	}
	return false
}

// TestInsideHint guards the one excuse of TestFlippedBytes.
func TestInsideHint(t *testing.T) {
	content := []byte(`{"hint":"abc","x":1}`)
	require.True(t, insideHint(content, 9))
	require.True(t, insideHint(content, 11))
	require.False(t, insideHint(content, 8))
	require.False(t, insideHint(content, 12))
	require.False(t, insideHint([]byte(`{}`), 0))
}
