package endtoend

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

const (
	// brackets is how many bytes of "[" a hostile document has.
	brackets = 1_000_000_000
	// soon is how long a refusal of such a file may take, and soonPiped that of
	// a pipe, whose bytes all have to be taken first.
	soon, soonPiped = 20 * time.Second, 60 * time.Second
	// maxResident bounds the memory of a refusal, in KiB.
	maxResident = 64 << 10
)

// resident is the largest memory that the last weighed run held, in KiB.
func (w *world) resident() int64 {
	w.t.Helper()
	kib, err := strconv.ParseInt(string(w.read("home/resident")), 10, 64)
	require.NoError(w.t, err)
	return kib
}

// weighed is c run by this test binary in the role of weigh.
func (w *world) weighed(c call) call {
	w.t.Helper()
	self, err := os.Executable()
	require.NoError(w.t, err)
	c.program, c.before = self, []string{program()}
	c.env = append(c.env, weighVariable+"="+w.path("home/resident"))
	return c
}

// repeated is n times one byte.
type repeated byte

func (r repeated) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte{byte(r)}, len(p)))
	return len(p), nil
}

// TestGigabyteOfBrackets is about a document that a recursive or unbounded
// reader dies of: each place that reads a file refuses it at once.
func TestGigabyteOfBrackets(t *testing.T) {
	w := ready(t)
	f, err := os.Create(w.path("big.json"))
	require.NoError(t, err)
	chunk := bytes.Repeat([]byte("["), 1<<20)
	for left := brackets; left > 0; left -= len(chunk) {
		_, err := f.Write(chunk[:min(left, len(chunk))])
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	w.refusesLarge("big.json")
}

// TestGigabyteOfNothing is the same with a sparse file, all NUL.
func TestGigabyteOfNothing(t *testing.T) {
	w := ready(t)
	w.write("big.json", nil)
	require.NoError(t, os.Truncate(w.path("big.json"), brackets))
	w.refusesLarge("big.json")
}

func (w *world) refusesLarge(file string) {
	w.t.Helper()
	for name, args := range readers() {
		switch name {
		case "sign blob", "sign --subject", "verify --subject":
			continue // any bytes can be an artifact
		}
		o := w.run(w.weighed(stella(put(args, file)...)))
		assert.Equal(w.t, 2, o.status, "%s: %s", name, o)
		if name == "verify second" {
			w.checkBeside(failure{2, fault.NotEvidence, []string{file}}, o)
		} else {
			assert.Equal(w.t, 1, strings.Count(o.stderr, "stella: error: "), "%s: %s", name, o)
			assert.Contains(w.t, o.stderr, file, name)
		}
		assert.Less(w.t, o.took, soon, name)
		assert.Less(w.t, w.resident(), int64(maxResident), name)
		noTrace(w.t, o)
	}
	assert.Empty(w.t, w.left())
}

// left lists what is in the folders for output and temporary files.
func (w *world) left() []string {
	w.t.Helper()
	var names []string
	for _, folder := range []string{"out", "tmp"} {
		entries, err := os.ReadDir(w.path(folder))
		require.NoError(w.t, err)
		for _, e := range entries {
			names = append(names, folder+"/"+e.Name())
		}
	}
	return names
}

// TestGigabyteThroughPipe is about the same on standard input.
func TestGigabyteThroughPipe(t *testing.T) {
	w := newWorld(t)
	c := stella("sign", "sbom", "-", "--key", "p256.key", "-o", "out/x")
	c.stdin = func() io.Reader { return io.LimitReader(repeated('['), brackets) }
	o := w.run(w.weighed(c))
	w.checkText(failure{2, fault.InputUnrecognized, []string{"standard input"}}, o)
	assert.Less(t, o.took, soonPiped)
	assert.Less(t, w.resident(), int64(maxResident))
	assert.Empty(t, w.left())
}

// TestEndlessPipe is about an input that never ends: it is refused at the limit
// of inputs.
func TestEndlessPipe(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{
		{"sign", "sbom", "sbom.cdx.json", "--key", "/dev/zero"},
		{"verify", "sbom.cdx.json", "--key", "/dev/zero"},
		{"sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--subjects-from", "/dev/zero"},
	} {
		o := w.run(w.weighed(stella(args...)))
		assert.Equal(t, 2, o.status, "%s", o)
		assert.Less(t, w.resident(), int64(maxResident))
		noTrace(t, o)
	}
}

// TestArtifactLargerThanMemoryWants is about an artifact that no document may
// be as large as: it is only hashed. A key that signs content whole, in memory,
// cannot sign it, and does not stand in the way of one that signs a digest.
func TestArtifactLargerThanMemoryWants(t *testing.T) {
	w := ready(t)
	f, err := os.Create(w.path("image.iso"))
	require.NoError(t, err)
	require.NoError(t, f.Truncate(1<<30+128<<20))
	require.NoError(t, f.Close())
	w.ok("keys", "generate", "--algorithm", "ed25519", "--no-passphrase", "-o", "pure.key")

	w.okay(w.weighed(stella("sign", "blob", "image.iso", "--key", "p256.key", "-o", "image.sigstore.json")))
	assert.Less(t, w.resident(), int64(maxResident))
	w.okay(w.weighed(stella("verify", "image.sigstore.json", "--key", "pure.key.pub", "--key", "p256.key.pub", "--subject", "image.iso")))
	assert.Less(t, w.resident(), int64(maxResident))
	w.fails(failure{2, fault.InputTooLarge, []string{"ECDSA or RSA"}},
		stella("sign", "blob", "image.iso", "--key", "pure.key", "-o", "pure.sigstore.json"))
}
