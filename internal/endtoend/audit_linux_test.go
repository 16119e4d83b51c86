package endtoend

import (
	"bytes"
	"crypto/sha256"
	"encoding/json/v2"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// batchLines are n statements as JSON lines.
func batchLines(n int) []byte {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a%[1]d","digest":{"sha256":"%064[1]x"}}],"predicateType":"https://example.com/p","predicate":{"n":%[1]d}}`+"\n", i)
	}
	return b
}

// recorded are the signatures in an audit log, by their SHA-256.
func (w *world) recorded(log string) map[string]bool {
	w.t.Helper()
	found := make(map[string]bool)
	o := w.ok("audit", "show", log, "--format", "ndjson")
	for line := range strings.Lines(o.stdout) {
		var record struct {
			SignatureSHA256 string `json:"signatureSha256"`
		}
		require.NoError(w.t, json.Unmarshal([]byte(line), &record))
		found[record.SignatureSHA256] = true
	}
	return found
}

// signatures are those in lines of bundles, by their SHA-256.
func (w *world) signatures(text []byte) []string {
	w.t.Helper()
	var found []string
	for line := range bytes.Lines(text) {
		var evidence struct {
			Envelope struct {
				Signatures []struct {
					Sig []byte `json:"sig"`
				} `json:"signatures"`
			} `json:"dsseEnvelope"`
		}
		require.NoError(w.t, json.Unmarshal(line, &evidence))
		for _, s := range evidence.Envelope.Signatures {
			found = append(found, fmt.Sprintf("%x", sha256.Sum256(s.Sig)))
		}
	}
	return found
}

// TestManyProcessesOneLog has processes sign at once: each use is in the log, once.
func TestManyProcessesOneLog(t *testing.T) {
	w := newWorld(t)
	w.write("batch.jsonl", batchLines(400))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			args := []string{"sign", "sbom", "sbom.cdx.json", "--key", "p256.key"}
			if i%2 == 0 {
				args = []string{"sign", "statement", "--batch", "batch.jsonl", "--key", "ed25519.key"}
			}
			o := w.run(stella(append(args, "--audit-log", "log/audit.jsonl", "-o", fmt.Sprintf("out/%d", i))...))
			assert.Zero(t, o.status, "%s", o)
		})
	}
	all.Wait()
	o := w.ok("audit", "verify", "log/audit.jsonl")
	assert.Contains(t, o.stdout, "1604 records in 1 file")
	recorded := w.recorded("log/audit.jsonl")
	for i := range 8 {
		for _, s := range w.signatures(w.read(fmt.Sprintf("out/%d", i))) {
			assert.True(t, recorded[s], "a signature without a record")
		}
	}
}

// TestKilledBatch kills a batch without warning, several times: what it released
// is in the log, no file is half-written, and the log goes on.
func TestKilledBatch(t *testing.T) {
	w := newWorld(t)
	w.write("batch.jsonl", batchLines(3000))
	released := 0
	for i, files := range []int{1, 50, 200, 500, 1000} {
		dir := fmt.Sprintf("out/%d", i)
		require.NoError(t, os.Mkdir(w.path(dir), 0o755))
		r := w.start(stella("sign", "statement", "--batch", "batch.jsonl", "--key", "p256.key", "--audit-log", "log/audit.jsonl", "--output-dir", dir), nil)
		r.until(func() bool {
			there, err := os.ReadDir(w.path(dir))
			return err == nil && len(there) >= files
		})
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		w.ok("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--audit-log", "log/audit.jsonl", "-o", dir+"/after")
		w.ok("audit", "verify", "log/audit.jsonl")
		recorded := w.recorded("log/audit.jsonl")
		entries, err := os.ReadDir(w.path(dir))
		require.NoError(t, err)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".stella-") {
				continue // the beginning of a file that never got its name
			}
			for _, s := range w.signatures(w.read(dir + "/" + e.Name())) {
				released++
				assert.True(t, recorded[s], "%s was released without a record", e.Name())
			}
		}
	}
	assert.Greater(t, released, 5, "nothing was released before it was killed")
}

// TestInterruptedBatch leaves no output.
func TestInterruptedBatch(t *testing.T) {
	eachSignal(t, func(w *world, signal syscall.Signal, want failure, format string) {
		w.write("batch.jsonl", batchLines(90_000))
		r := w.start(stella("sign", "statement", "--batch", "batch.jsonl", "--key", "mldsa.key", "--audit-log", "log/audit.jsonl", "-o", "out/x", "--format", format), nil)
		r.until(func() bool {
			log, err := os.Stat(w.path("log/audit.jsonl"))
			return err == nil && log.Size() > 0
		})
		require.NoError(w.t, r.cmd.Process.Signal(signal))
		_ = r.cmd.Wait()
		assert.Equal(w.t, want.status, r.cmd.ProcessState.ExitCode(), r.stderr.String())
		entries, err := os.ReadDir(w.path("out"))
		require.NoError(w.t, err)
		assert.Empty(w.t, entries)
		w.ok("audit", "verify", "log/audit.jsonl")
	})
}

// TestTamperedLogStopsSigning meets a log that was cut off.
func TestTamperedLogStopsSigning(t *testing.T) {
	w := newWorld(t)
	sign := stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--audit-log", "audit.jsonl")
	w.okay(sign.with("-o", "out/1"))
	w.okay(sign.with("-o", "out/2"))
	text := w.read("audit.jsonl")
	w.write("audit.jsonl", text[:bytes.IndexByte(text, '\n')+1])
	w.fails(failure{3, fault.AuditTampered, []string{"ends with record 1", "checkpoint covers 2", "--audit-log"}}, sign.with("-o", "out/3"))
}
