package batch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// TestOrder has devices that answer out of order: the evidence and the log are in
// the order of the source all the same, with the keys of a statement in theirs.
func TestOrder(t *testing.T) {
	dir := t.TempDir()
	log, err := audit.Open(filepath.Join(dir, "audit.jsonl"), clock)
	require.NoError(t, err)
	var seqs []uint64
	var signers []dsse.Signer
	var ids []string
	for range 2 {
		device := &slow{Signer: signerOf(t, generate(t, keys.Ed25519)), uneven: true}
		id, err := dsse.KeyID(device.Public())
		require.NoError(t, err)
		ids = append(ids, id)
		signer, err := audit.NewSigner(device, log, audit.Use{}, func(seq uint64) { seqs = append(seqs, seq) })
		require.NoError(t, err)
		signers = append(signers, signer)
	}
	lines := statementLines(20 * fewItems)
	var out bytes.Buffer
	_, err = Sign(t.Context(), Lines("-", bytes.NewReader(lines)), Options{
		Signers: signers,
		Write:   func(evidence []byte) error { out.Write(evidence); return nil },
	})
	require.NoError(t, err)
	require.NoError(t, log.Close())
	assert.Equal(t, payloads(t, alone(t, lines, Options{Signers: []dsse.Signer{signerOf(t, generate(t, keys.Ed25519))}})), payloads(t, out.Bytes()))
	var want, got []string
	for i := range 20 * fewItems {
		subject := fmt.Sprintf("sha256:%064x", i)
		want = append(want, ids[0]+" "+subject, ids[1]+" "+subject)
	}
	for _, record := range recordsIn(t, dir) {
		got = append(got, record.Key.ID+" "+record.Subjects[0])
	}
	assert.Equal(t, want, got)
	assert.True(t, slices.IsSorted(seqs))
	assert.Len(t, seqs, len(want))
}

// payloads are those of envelopes in JSON lines, in their order.
func payloads(t *testing.T, lines []byte) []string {
	t.Helper()
	var found []string
	for line := range bytes.Lines(lines) {
		var envelope struct {
			Payload string `json:"payload"`
		}
		require.NoError(t, json.Unmarshal(line, &envelope))
		found = append(found, envelope.Payload)
	}
	return found
}

// recordsIn are the records of the log in dir, which is whole.
func recordsIn(t *testing.T, dir string) []*audit.Record {
	t.Helper()
	r, err := audit.OpenReader(filepath.Join(dir, "audit.jsonl"))
	require.NoError(t, err)
	defer r.Close()
	report, err := audit.Verify(r)
	require.NoError(t, err)
	require.NoError(t, report.Err())
	var all []*audit.Record
	for record, err := range r.Records() {
		require.NoError(t, err)
		all = append(all, record)
	}
	return all
}

// TestEndedInTheMiddle ends batches early, by an interrupt, a full disk and a log
// that was cut off: what was handed on is whole, is the beginning of what there
// was to sign, and is in the log, which is whole up to the end.
func TestEndedInTheMiddle(t *testing.T) {
	interrupted, full := fault.New(fault.Interrupted, "interrupted"), errors.New("no space left")
	tests := map[string]struct {
		end  func(t *testing.T, dir string, cancel context.CancelCauseFunc) error
		want fault.Reason
	}{
		"interrupt": {func(_ *testing.T, _ string, cancel context.CancelCauseFunc) error {
			cancel(interrupted)
			return nil
		}, fault.Interrupted},
		"full disk": {func(*testing.T, string, context.CancelCauseFunc) error { return full }, fault.Internal},
		"log cut off": {func(t *testing.T, dir string, _ context.CancelCauseFunc) error {
			return os.Truncate(filepath.Join(dir, "audit.jsonl"), 0)
		}, fault.AuditTampered},
	}
	for name, tt := range tests {
		for _, each := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, each %v", name, each), func(t *testing.T) {
				dir := t.TempDir()
				log, signer := auditedSignerIn(t, dir, generate(t, keys.Ed25519))
				defer log.Close()
				ctx, cancel := context.WithCancelCause(t.Context())
				h := &handed{t: t, dir: dir, left: 3, end: func() error { return tt.end(t, dir, cancel) }}
				o := Options{Signers: []dsse.Signer{signer}, Bundle: true, Write: h.take}
				if each {
					o.Each = func(_ context.Context, _ Item, evidence []byte) error { return h.take(evidence) }
				}
				_, err := Sign(ctx, &endless{}, o)
				assert.Equal(t, tt.want, fault.ReasonOf(err), "%v", err)
				assert.Empty(t, h.unrecorded)
				if tt.want != fault.AuditTampered {
					recordsIn(t, dir)
				}
			})
		}
	}
}

// handed takes evidence and looks whether its signatures are in the log by then. At
// some time it ends the batch.
type handed struct {
	t          *testing.T
	dir        string
	end        func() error
	mu         sync.Mutex
	left       int
	unrecorded []string
}

func (h *handed) take(evidence []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left--; h.left < 0 {
		return nil // was on its way already
	}
	log, err := os.ReadFile(filepath.Join(h.dir, "audit.jsonl"))
	if err != nil {
		return err
	}
	for line := range bytes.Lines(evidence) {
		sum := sha256.Sum256(signatureIn(h.t, line))
		if digest := hex.EncodeToString(sum[:]); !bytes.Contains(log, []byte(digest)) {
			h.unrecorded = append(h.unrecorded, digest)
		}
	}
	if h.left == 0 {
		return h.end()
	}
	return nil
}

func signatureIn(t *testing.T, line []byte) []byte {
	t.Helper()
	var evidence struct {
		Envelope struct {
			Signatures []struct {
				Sig []byte `json:"sig"`
			} `json:"signatures"`
		} `json:"dsseEnvelope"`
	}
	require.NoError(t, json.Unmarshal(line, &evidence))
	return evidence.Envelope.Signatures[0].Sig
}

// TestNothingBehindAnError: evidence of statements behind a bad one is not handed
// on, also not by itself.
func TestNothingBehindAnError(t *testing.T) {
	lines := string(statementLines(10*fewItems)) + "{}\n" + string(statementLines(10*fewItems))
	o := Options{Signers: []dsse.Signer{signerOf(t, generate(t, keys.Ed25519))}, Bundle: true}
	var last atomic.Int64
	o.Each = func(_ context.Context, item Item, _ []byte) error {
		time.Sleep(time.Millisecond) // the error waits its turn
		for line := int64(item.Line); ; {
			if was := last.Load(); was >= line || last.CompareAndSwap(was, line) {
				return nil
			}
		}
	}
	_, err := Sign(t.Context(), Lines("-", strings.NewReader(lines)), o)
	require.ErrorContains(t, err, fmt.Sprintf("line %d: ", 10*fewItems+1))
	assert.LessOrEqual(t, last.Load(), int64(10*fewItems))
}

// TestSeveralLogs is refused before a key is used.
func TestSeveralLogs(t *testing.T) {
	one, a := auditedSigner(t, generate(t, keys.Ed25519))
	other, b := auditedSigner(t, generate(t, keys.Ed25519))
	defer one.Close()
	defer other.Close()
	_, err := Sign(t.Context(), &endless{}, Options{Signers: []dsse.Signer{a, b}, Write: func([]byte) error { return nil }})
	assert.ErrorContains(t, err, "several audit logs")
}
