package batch

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

func clock() time.Time { return time.Now() }

func generate(tb testing.TB, a keys.Algorithm) crypto.Signer {
	tb.Helper()
	key, err := keys.Generate(a)
	require.NoError(tb, err)
	return key
}

func signerOf(tb testing.TB, key crypto.Signer) dsse.Signer {
	tb.Helper()
	s, err := dsse.NewSigner(key)
	require.NoError(tb, err)
	return s
}

// smallStatement is about a file, of a few hundred bytes, in the order in which
// people and programs write it.
func smallStatement(n int) []byte {
	return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"artifact-%04d.tar.gz","digest":{"sha256":"%064x"}}],`+
		`"predicateType":"https://example.com/release/v1","predicate":{"version":"1.%04d.0","channel":"stable","builder":{"id":"https://ci.example.com/runner/7"},"tests":{"passed":412,"failed":0}}}`, n, n, n)
}

// auditedSigner returns a signer whose uses are recorded in a log on disk.
func auditedSigner(tb testing.TB, key crypto.Signer) (*audit.Log, dsse.Signer) {
	tb.Helper()
	return auditedSignerIn(tb, tb.TempDir(), key)
}

func auditedSignerIn(tb testing.TB, dir string, key crypto.Signer) (*audit.Log, dsse.Signer) {
	tb.Helper()
	log, err := audit.Open(filepath.Join(dir, "audit.jsonl"), clock)
	require.NoError(tb, err)
	inner, err := dsse.NewSigner(key)
	require.NoError(tb, err)
	signer, err := audit.NewSigner(inner, log, audit.Use{
		Request: audit.Request{Caller: "uid:1000/alice@build", Operation: "sign statement", Issuer: "keyed", Entitlement: "n/a", RequestID: "4f1c0d0ad0f64f2f9c8c7a1f1b1d3e55"},
		Key:     audit.Key{Source: "file", Ref: "ci.key"},
	}, nil)
	require.NoError(tb, err)
	return log, signer
}

// statementLines are n different statements as JSON lines.
func statementLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.Write(smallStatement(i))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// alone signs each line as the command for one statement does.
func alone(t *testing.T, lines []byte, o Options) []byte {
	t.Helper()
	var out bytes.Buffer
	for line := range bytes.Lines(lines) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		d, err := predicate.Statement(input.FromBytes("-", line), o.Statement)
		require.NoError(t, err)
		if o.Bundle {
			_, err = bundle.Write(t.Context(), &out, d.Message, o.Signers[0])
		} else {
			_, err = bundle.WriteEnvelope(t.Context(), &out, d.Message, o.Signers...)
		}
		require.NoError(t, err)
	}
	return out.Bytes()
}

// TestSameAsAlone: a batch is what its statements signed one by one are, byte for
// byte and in their order. The keys are deterministic, so the bytes tell.
func TestSameAsAlone(t *testing.T) {
	ed, ec, ec384, pq := generate(t, keys.Ed25519), generate(t, keys.ECDSAP256), generate(t, keys.ECDSAP384), generate(t, keys.MLDSA65)
	lines := statementLines(chunkItems + 7)
	tests := map[string]Options{
		"Ed25519 bundles":   {Signers: []dsse.Signer{signerOf(t, ed)}, Bundle: true},
		"P-256 bundles":     {Signers: []dsse.Signer{signerOf(t, ec)}, Bundle: true},
		"P-384 bundles":     {Signers: []dsse.Signer{signerOf(t, ec384)}, Bundle: true},
		"ML-DSA envelopes":  {Signers: []dsse.Signer{signerOf(t, pq)}},
		"several keys":      {Signers: []dsse.Signer{signerOf(t, ed), signerOf(t, ec), signerOf(t, ec384)}},
		"exact bytes":       {Signers: []dsse.Signer{signerOf(t, ed)}, Bundle: true, Statement: predicate.Options{Preserve: true}},
		"a type demanded":   {Signers: []dsse.Signer{signerOf(t, ed)}, Statement: predicate.Options{Type: "https://example.com/release/v1"}},
		"Ed25519 envelopes": {Signers: []dsse.Signer{signerOf(t, ed)}},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			lines := lines
			if name == "Ed25519 bundles" {
				lines = statementLines(12*chunkItems + 7) // more than there is memory for at once
			}
			if name == "ML-DSA envelopes" || name == "a type demanded" || name == "exact bytes" {
				lines = statementLines(20) // slow
			}
			var out bytes.Buffer
			o.Write = func(evidence []byte) error { out.Write(evidence); return nil }
			n, err := Sign(t.Context(), Lines("-", bytes.NewReader(lines)), o)
			require.NoError(t, err)
			assert.Equal(t, bytes.Count(lines, []byte("\n")), n)
			if !bytes.Equal(alone(t, lines, o), out.Bytes()) {
				t.Error("not the same evidence")
			}
		})
	}
}

// slow is a signer that takes its time and counts how many of its kind are at work.
type slow struct {
	dsse.Signer
	busy, most atomic.Int64
	uneven     bool // takes now more, now less of it
}

func (s *slow) Sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	busy := s.busy.Add(1)
	defer s.busy.Add(-1)
	for most := s.most.Load(); busy > most && !s.most.CompareAndSwap(most, busy); most = s.most.Load() {
	}
	pause := time.Millisecond
	if s.uneven {
		pause = rand.N(2 * pause)
	}
	time.Sleep(pause)
	return s.Signer.Sign(ctx, m)
}

// slowMemory is a slow signer whose key is in memory all the same.
type slowMemory struct{ *slow }

func (s slowMemory) Unwrap() dsse.Signer { return s.Signer }

// TestAtOnce: keys in memory sign on as many cores as there are, and devices as
// often as there are workers.
func TestAtOnce(t *testing.T) {
	sign := func(signer dsse.Signer) {
		_, err := Sign(t.Context(), Lines("-", bytes.NewReader(statementLines(8*fewItems))), Options{
			Signers: []dsse.Signer{signer}, Bundle: true, Cores: 1,
			Each: func(context.Context, Item, []byte) error { return nil },
		})
		require.NoError(t, err)
	}
	key := signerOf(t, generate(t, keys.Ed25519))
	device, memory := &slow{Signer: key}, &slow{Signer: key}
	sign(device)
	assert.EqualValues(t, waitersPerCore, device.most.Load())
	sign(slowMemory{memory})
	assert.EqualValues(t, 1, memory.most.Load())
}

// TestRecordedBeforeReleased looks into the log on disk each time when evidence is
// handed on: all of it is there already.
func TestRecordedBeforeReleased(t *testing.T) {
	dir := t.TempDir()
	log, signer := auditedSignerIn(t, dir, generate(t, keys.Ed25519))
	released := 0
	n, err := Sign(t.Context(), Lines("-", bytes.NewReader(statementLines(1000))), Options{
		Signers: []dsse.Signer{signer}, Bundle: true,
		Write: func(evidence []byte) error {
			released += bytes.Count(evidence, []byte("\n"))
			text, err := os.ReadFile(filepath.Join(dir, "audit.jsonl"))
			assert.GreaterOrEqual(t, bytes.Count(text, []byte("\n")), released)
			return err
		},
	})
	require.NoError(t, err)
	require.NoError(t, log.Close())
	assert.Equal(t, 1000, n)
	assert.Equal(t, 1000, released)
	all := recordsIn(t, dir)
	assert.Len(t, all, 1000)
	subjects := make(map[string]bool)
	for _, record := range all {
		assert.Equal(t, audit.Allowed, record.Decision)
		assert.Equal(t, "https://example.com/release/v1", record.PredicateType)
		subjects[record.Subjects[0]] = true
	}
	assert.Len(t, subjects, 1000)
}

// TestBadStatement names the line, and hands on nothing of it or after it.
func TestBadStatement(t *testing.T) {
	good := string(statementLines(300))
	tests := map[string]struct {
		line   string
		reason fault.Reason
		says   string
	}{
		"no statement":   {`{"a":1}`, fault.InputUnrecognized, `line 301: standard input: it is not an in-toto statement`},
		"no JSON":        {`{`, fault.InputMalformed, "line 301: standard input: "},
		"version 0.1":    {strings.Replace(string(smallStatement(0)), "v1", "v0.1", 1), fault.StatementInvalid, "line 301: "},
		"inexact number": {strings.Replace(string(smallStatement(0)), "412", "12345678901234567890", 1), fault.NumberInexact, "line 301: "},
		"empty line":     {"", fault.InputEmpty, "line 301: standard input: the line is empty"},
		"long line":      {strings.Repeat(" ", MaxStatement+1), fault.InputTooLarge, "line 301: standard input: a statement in a batch is at most"},
		"many subjects": {
			strings.Replace(string(smallStatement(0)), `"subject":[`, `"subject":[`+strings.Repeat(`{"digest":{"sha256":"`+strings.Repeat("0", 64)+`"}},`, 1100), 1),
			fault.SubjectTooMany, "line 301: ",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := Sign(t.Context(), Lines("-", strings.NewReader(good+tt.line+"\n"+good)), Options{
				Signers: []dsse.Signer{signerOf(t, generate(t, keys.Ed25519))}, Bundle: true,
				Write: func(evidence []byte) error { out.Write(evidence); return nil },
			})
			assert.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
			require.ErrorContains(t, err, tt.says)
			assert.LessOrEqual(t, bytes.Count(out.Bytes(), []byte("\n")), 300)
		})
	}
}

// TestFirstErrorWins: of several bad lines the first is named, however the
// workers ran.
func TestFirstErrorWins(t *testing.T) {
	text := string(statementLines(200)) + "{\"first\":1}\n" + string(statementLines(200)) + strings.Repeat("{\"later\":1}\n", 500)
	for range 20 {
		_, err := Sign(t.Context(), Lines("-", strings.NewReader(text)), Options{
			Signers: []dsse.Signer{signerOf(t, generate(t, keys.Ed25519))}, Bundle: true,
			Write: func([]byte) error { return nil },
		})
		require.ErrorContains(t, err, "line 201: ")
	}
}

// brokenAfter is a device that fails at its nth signature.
type brokenAfter struct {
	dsse.Signer
	left atomic.Int64
}

func (b *brokenAfter) Sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	if b.left.Add(-1) < 0 {
		return dsse.Signature{}, fault.New(fault.DeviceFailed, "the device was taken away")
	}
	return b.Signer.Sign(ctx, m)
}

// TestDeviceFails records what was signed before and the failure itself.
func TestDeviceFails(t *testing.T) {
	dir := t.TempDir()
	device := &brokenAfter{Signer: signerOf(t, generate(t, keys.Ed25519))}
	device.left.Store(200)
	log, err := audit.Open(filepath.Join(dir, "audit.jsonl"), clock)
	require.NoError(t, err)
	signer, err := audit.NewSigner(device, log, audit.Use{Key: audit.Key{Source: "pkcs11"}}, nil)
	require.NoError(t, err)
	_, err = Sign(t.Context(), Lines("-", bytes.NewReader(statementLines(1000))), Options{
		Signers: []dsse.Signer{signer}, Bundle: true, Write: func([]byte) error { return nil },
	})
	assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err))
	require.NoError(t, log.Close())
	decisions := make(map[audit.Decision]int)
	for _, record := range recordsIn(t, dir) {
		decisions[record.Decision]++
	}
	assert.Equal(t, 200, decisions[audit.Allowed])
	assert.Positive(t, decisions[audit.Failed])
}

// TestNoRecordNoEvidence has the log fail: nothing is handed on.
func TestNoRecordNoEvidence(t *testing.T) {
	dir := t.TempDir()
	log, signer := auditedSignerIn(t, dir, generate(t, keys.Ed25519))
	require.NoError(t, log.Close()) // takes no more
	for name, o := range map[string]Options{
		"lines":  {Write: func([]byte) error { t.Error("evidence was handed on"); return nil }},
		"folder": {Each: func(context.Context, Item, []byte) error { t.Error("evidence was handed on"); return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			o.Signers, o.Bundle = []dsse.Signer{signer}, true
			_, err := Sign(t.Context(), Lines("-", bytes.NewReader(statementLines(500))), o)
			require.ErrorContains(t, err, "closed")
		})
	}
}

// endless is a source without an end.
type endless struct{ taken atomic.Int64 }

func (e *endless) Next([]byte) (Item, error) {
	n := e.taken.Add(1)
	return Item{Name: "-", Line: int(n), Text: smallStatement(int(n % 1000))}, nil
}

// TestCancel ends at once, with the reason, and leaves no goroutine.
func TestCancel(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := fault.New(fault.Interrupted, "interrupted")
	_, err := Sign(ctx, &endless{}, Options{
		Signers: []dsse.Signer{signerOf(t, generate(t, keys.Ed25519))}, Bundle: true,
		Write: func([]byte) error { cancel(interrupted); return nil },
	})
	require.ErrorIs(t, err, interrupted)
	// Not assert.Eventually, which has a goroutine of its own.
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before)
}

// TestBoundedMemory has a receiver that takes nothing: the source is not read far
// ahead of it.
func TestBoundedMemory(t *testing.T) {
	source := &endless{}
	stop := errors.New("enough")
	var once sync.Once
	_, err := Sign(t.Context(), source, Options{
		Signers: []dsse.Signer{signerOf(t, generate(t, keys.Ed25519))}, Bundle: true,
		Write: func([]byte) error {
			once.Do(func() { time.Sleep(300 * time.Millisecond) })
			return stop
		},
	})
	require.ErrorIs(t, err, stop)
	// Between each two stages, and a few in the hands of workers.
	chunks := (3*aheadPerCore + 4) * runtime.GOMAXPROCS(0)
	assert.Less(t, source.taken.Load(), int64(chunks*chunkItems))
}

// TestFolder signs files, each by itself, and passes over what is no statement.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.json", "a.json", ".hidden.json", "readme.txt", "a.json.sigstore.json", "c.dsse.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), smallStatement(int(name[0])), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub.json"), 0o700))
	paths, skipped, err := Folder(dir)
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "a.json"), filepath.Join(dir, "b.json")}, paths)
	assert.Len(t, skipped, 5)
	var mu sync.Mutex
	got := make(map[string][]byte)
	o := Options{Signers: []dsse.Signer{signerOf(t, generate(t, keys.Ed25519))}, Bundle: true}
	o.Each = func(_ context.Context, item Item, evidence []byte) error {
		mu.Lock()
		defer mu.Unlock()
		got[item.Name] = bytes.Clone(evidence)
		return nil
	}
	n, err := Sign(t.Context(), Files(paths), o)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(alone(t, text, o)), string(got[path]))
	}

	_, _, err = Folder(filepath.Join(dir, "absent"))
	assert.Equal(t, fault.InputUnreadable, fault.ReasonOf(err))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.json"), []byte("{}"), 0o600))
	_, err = Sign(t.Context(), Files(paths), o)
	require.ErrorContains(t, err, "b.json")
	assert.NotContains(t, err.Error(), "line")
	require.NoError(t, os.Truncate(filepath.Join(dir, "b.json"), MaxStatement+1))
	_, err = Sign(t.Context(), Files(paths), o)
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
}

// TestLines is about the ends of lines.
func TestLines(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		want []string
	}{
		"empty": {"", nil}, "one": {"a\n", []string{"a"}}, "no end": {"a\nb", []string{"a", "b"}},
		"CR LF": {"a\r\nb\r\n", []string{"a", "b"}}, "longer than the buffer": {strings.Repeat("x", 300<<10) + "\ny\n", []string{strings.Repeat("x", 300<<10), "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			source := Lines("-", strings.NewReader(tt.in))
			for i, want := range tt.want {
				item, err := source.Next(nil)
				require.NoError(t, err)
				assert.Equal(t, want, string(item.Text))
				assert.Equal(t, i+1, item.Line)
			}
			_, err := source.Next(nil)
			assert.Equal(t, io.EOF, err)
		})
	}
	broken := io.MultiReader(strings.NewReader("a\n"), &failing{})
	source := Lines("f", broken)
	_, err := source.Next(nil)
	require.NoError(t, err)
	_, err = source.Next(nil)
	assert.Equal(t, fault.InputUnreadable, fault.ReasonOf(err))
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, fmt.Errorf("gone") }
