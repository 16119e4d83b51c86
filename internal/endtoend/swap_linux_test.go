package endtoend

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// swapSize is large enough for the second reading to begin long after the
// first, in bytes.
const swapSize = 32 << 20

// TestChangeWhileReading rewrites a document in place while it is signed. The
// document stays well-formed, only its letters change, so nothing but the
// comparison of the passes can notice. What comes out is a failure that leaves
// nothing, or a statement whose predicate has the digest that it claims.
func TestChangeWhileReading(t *testing.T) {
	document := largeSBOM(swapSize)
	letter := int64(bytes.Index(document, []byte("aaaa")))
	last := int64(bytes.LastIndex(document, []byte("aaaa")))
	w := newWorld(t)
	w.write("sbom.cdx.json", document)
	file, err := os.OpenFile(w.path("sbom.cdx.json"), os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()

	for _, form := range [][]string{{"--preserve"}, {"--preserve", "--envelope", "dsse", "--key", "p256.key"}, {}} {
		name := "canonical"
		if len(form) > 0 {
			name = strings.Join(form, " ")
		}
		t.Run(name, func(t *testing.T) {
			w := in(t, w)
			sign := stella("sign", "sbom", "sbom.cdx.json", "--key", "ed25519.key", "--force", "-o", "out/x").with(form...)
			changed := 0
			stop := rewriting(t, file, letter, last, 0)
			for range 2 {
				changed += count(w.signsWhatItSays(sign, len(form) > 0) == fault.InputChanged)
			}
			stop()
			if len(form) > 0 {
				assert.NotZero(t, changed, "a file that changes all the time was never noticed")
			}
			// One change, at any moment of the run.
			for _, delay := range []time.Duration{20, 100} {
				stop := rewriting(t, file, letter, last, delay*time.Millisecond)
				w.signsWhatItSays(sign, len(form) > 0)
				stop()
			}
		})
	}
}

// rewriting changes the file's first and last letter for ever, or once after a
// delay. The function that it returns ends that.
func rewriting(t *testing.T, file *os.File, first, last int64, delay time.Duration) (stop func()) {
	t.Helper()
	var ended atomic.Bool
	done := make(chan error, 1)
	go func() {
		time.Sleep(delay)
		for i := byte(0); ; i++ {
			for _, at := range []int64{first, last} {
				if _, err := file.WriteAt([]byte{'a' + i%26}, at); err != nil {
					done <- err
					return
				}
			}
			if delay > 0 || ended.Load() {
				done <- nil
				return
			}
		}
	}()
	return func() {
		ended.Store(true)
		require.NoError(t, <-done)
	}
}

// signsWhatItSays runs a signing command and returns the reason of its failure,
// "" for success. After a success the signature must be good and, for a
// preserved predicate, the subject's digest that of the predicate.
func (w *world) signsWhatItSays(sign call, preserved bool) fault.Reason {
	w.t.Helper()
	require.NoError(w.t, os.RemoveAll(w.path("out/x")))
	o := w.run(sign.with("--format", "json"))
	if o.status != 0 {
		w.checkJSON(failure{1, fault.InputChanged, nil}, o)
		assert.Empty(w.t, w.left())
		return fault.InputChanged
	}
	w.okay(stella("verify", "out/x", "--key", "ed25519.key.pub"))
	var s struct {
		Predicate jsontext.Value `json:"predicate"`
		Subject   []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	require.NoError(w.t, json.Unmarshal(w.payload("out/x"), &s))
	if preserved {
		sum := sha256.Sum256(s.Predicate)
		assert.Equal(w.t, hex.EncodeToString(sum[:]), s.Subject[0].Digest["sha256"], "the subject is not the predicate")
	}
	return ""
}

// TestReplaceWhileReading puts another file in place of the document: what was
// opened first is what is signed, whole.
func TestReplaceWhileReading(t *testing.T) {
	w := newWorld(t)
	document := largeSBOM(8 << 20)
	sum := sha256.Sum256(document)
	for range 3 {
		w.write("sbom.cdx.json", document)
		w.write("other.cdx.json", []byte(smallSBOM))
		r := w.start(stella("sign", "sbom", "sbom.cdx.json", "--preserve", "--key", "p256.key", "--force", "-o", "out/x"), nil)
		time.Sleep(15 * time.Millisecond)
		require.NoError(t, os.Rename(w.path("other.cdx.json"), w.path("sbom.cdx.json")))
		require.NoError(t, r.cmd.Wait(), "%s", &r.stderr)
		digests := string(w.payload("out/x"))
		small := sha256.Sum256([]byte(smallSBOM))
		assert.True(t, strings.Contains(digests, hex.EncodeToString(sum[:])) || strings.Contains(digests, hex.EncodeToString(small[:])))
		w.judged(0, "", stella("verify", "out/x", "--key", "p256.key.pub"))
	}
}

// TestShrinkWhileReading is about a document that is cut off while it is read.
func TestShrinkWhileReading(t *testing.T) {
	w := newWorld(t)
	document := largeSBOM(32 << 20)
	for _, delay := range []time.Duration{5, 30} {
		w.write("sbom.cdx.json", document)
		r := w.start(stella("sign", "sbom", "sbom.cdx.json", "--preserve", "--key", "p256.key", "--force", "-o", "out/x"), nil)
		time.Sleep(delay * time.Millisecond)
		require.NoError(t, os.Truncate(w.path("sbom.cdx.json"), 1<<20))
		_ = r.cmd.Wait() // the exit status tells
		status := r.cmd.ProcessState.ExitCode()
		assert.Contains(t, []int{0, 1, 2}, status, "%s", &r.stderr)
		noTrace(t, outcome{stderr: r.stderr.String()})
		if status == 0 {
			w.judged(0, "", stella("verify", "out/x", "--key", "p256.key.pub"))
			require.NoError(t, os.Remove(w.path("out/x")))
		}
		assert.Empty(t, w.left())
	}
}
