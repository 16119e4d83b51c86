package forensic

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/pkg/verify"
)

// BenchmarkVerify is over a snapshot in a plain archive of 5,000 files of 64 KiB and
// 500 attestations, a twentieth of the case that the limits name.
func BenchmarkVerify(b *testing.B) {
	d := newDesk(b)
	content := make([]byte, 64<<10)
	for i := range 5000 {
		copy(content, fmt.Sprintf("file %d", i))
		d.write(fmt.Sprintf("evidence/%d/%d", i%100, i), string(content))
	}
	for i := range 500 {
		d.attest(fmt.Sprintf("evidence/att/%d.dsse.json", i), fmt.Sprintf("subject %d", i), fmt.Sprint(i))
	}
	draft, err := NewDraft(b.Context(), []string{d.path("evidence")}, d.options(""))
	require.NoError(b, err)
	defer draft.Close()
	path := d.path("case.tar")
	size := writeArchive(b, draft, d.sign(draft.Message), path)
	b.SetBytes(size)
	for b.Loop() {
		list, in, err := Open(path, nil)
		require.NoError(b, err)
		v, err := Verify(context.Background(), list, VerifyOptions{Name: path, Policy: d.policy}, discard{})
		require.NoError(b, err)
		require.True(b, v.Whole.Verified)
		require.NoError(b, in.Close())
	}
}

// writeArchive writes a draft, and returns the archive's size.
func writeArchive(b *testing.B, draft *Draft, signature []byte, path string) int64 {
	b.Helper()
	f, err := os.Create(path)
	require.NoError(b, err)
	defer f.Close()
	w, err := archive.NewWriter(f, archive.Tar, testTime)
	require.NoError(b, err)
	require.NoError(b, draft.Write(w, signature))
	require.NoError(b, w.Close())
	info, err := f.Stat()
	require.NoError(b, err)
	return info.Size()
}

// discard is a sink.
type discard struct{}

// Result implements verify.Sink.
func (discard) Result(*verify.Result) error { return nil }

// Ignored implements verify.Sink.
func (discard) Ignored(*verify.Ignored) error { return nil }
