package timeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// clock goes on by a second at each look.
func clock() func() time.Time {
	at := time.Date(2026, 11, 29, 9, 0, 0, 123e6, time.UTC)
	return func() time.Time { at = at.Add(time.Second); return at }
}

func scans(n int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for i := range n {
			if !yield(Entry{Category: Scanner, Kind: "scan.completed", Details: fmt.Appendf(nil, `{"n":%d}`, i)}, nil) {
				return
			}
		}
	}
}

// made returns the path of a new timeline with n events.
func made(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "case.ndjson")
	added, err := Add(t.Context(), path, clock(), scans(n))
	require.NoError(t, err)
	require.EqualValues(t, n, added.Count)
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

func verify(t *testing.T, text []byte, checkpoints ...chain.Compared) *Report {
	t.Helper()
	r, err := Verify(t.Context(), bytes.NewReader(text), Options{Checkpoints: checkpoints})
	require.NoError(t, err)
	return r
}

func kept(t *testing.T, path string) chain.Compared {
	t.Helper()
	key, err := Kind().VerifierKey(path)
	require.NoError(t, err)
	text, err := Kind().NewestCheckpoint(path)
	require.NoError(t, err)
	c, err := Kind().Open(text, key)
	require.NoError(t, err)
	return chain.NewCompared(c, "a test", true)
}

func TestAddAndVerify(t *testing.T) {
	path := made(t, 5)
	r := verify(t, read(t, path), kept(t, path))
	require.NoError(t, r.Err())
	assert.EqualValues(t, 5, r.Events)
	assert.EqualValues(t, 5, r.Anchored())
	assert.Equal(t, "2026-11-29T09:00:01.123Z", r.First.Format(timeFormat))

	// Another process goes on, in the same millisecond: ids still come one after the other.
	still := func() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }
	added, err := Add(t.Context(), path, still, scans(3))
	require.NoError(t, err)
	assert.EqualValues(t, 6, added.First.Seq)
	assert.EqualValues(t, 8, added.Head.Size)
	r = verify(t, read(t, path), kept(t, path))
	require.NoError(t, r.Err())
	assert.EqualValues(t, 8, r.Anchored())

	_, err = Add(t.Context(), path, clock(), scans(1))
	assert.Equal(t, fault.ClockBehind, fault.ReasonOf(err))
	assert.EqualValues(t, 8, verify(t, read(t, path)).Events)
}

// TestTampering changes a timeline of five events by its lines.
func TestTampering(t *testing.T) {
	path := made(t, 5)
	whole := string(read(t, path))
	l := strings.SplitAfter(whole, "\n")[:5]
	fork := filepath.Join(t.TempDir(), "fork.ndjson")
	require.NoError(t, os.WriteFile(fork, []byte(l[0]+l[1]), 0o600))
	late := func() time.Time { return time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC) }
	_, err := Add(t.Context(), fork, late, scans(2))
	require.NoError(t, err)
	other := strings.SplitAfter(string(read(t, fork)), "\n")
	early := filepath.Join(t.TempDir(), "early.ndjson")
	_, err = Add(t.Context(), early, late, scans(1))
	require.NoError(t, err)

	for name, tt := range map[string]struct {
		text    string
		problem string
		line    int
		alone   bool // found without a checkpoint
	}{
		"edited":           {l[0] + strings.Replace(l[1], "scan.completed", "scan.completes", 1) + l[2] + l[3] + l[4], "event 2 was edited, or the timeline forks there: event 3 does not continue it", 3, true},
		"details edited":   {l[0] + strings.Replace(l[1], `{"n":1}`, `{"n":2}`, 1) + l[2] + l[3] + l[4], "its details are not those that it was added with", 2, true},
		"content removed":  {l[0] + l[1][:strings.Index(l[1], `,"details"`)] + "}\n" + l[2] + l[3] + l[4], "was removed, and no redaction notice says so", 2, true},
		"removed":          {l[0] + l[1] + l[3] + l[4], "event 4 stands after event 2: 1 between them were removed or moved", 3, true},
		"beginning gone":   {l[2] + l[3] + l[4], "the timeline begins with event 3", 1, true},
		"swapped":          {l[0] + l[2] + l[1] + l[3] + l[4], "event 2 stands after event 3: it was moved", 3, true},
		"twice":            {l[0] + l[1] + l[1] + l[2] + l[3] + l[4], "there is another event 2: the timeline forks after event 1", 3, true},
		"forked behind":    {whole + other[2], "there is another event 3: the timeline forks after event 2", 6, true},
		"forked inside":    {l[0] + l[1] + other[2] + l[3] + l[4], "event 3 was edited, or the timeline forks there", 4, true},
		"time":             {l[0] + l[1] + other[2] + other[3] + strings.Replace(l[4], `"seq":5`, `"seq":5`, 1), "time goes backwards", 5, true},
		"white space":      {l[0] + strings.Replace(l[1], `,"tenant"`, `, "tenant"`, 1) + l[2] + l[3] + l[4], "not written as this version writes events", 2, true},
		"other version":    {l[0] + strings.Replace(l[1], `"v":1`, `"v":2`, 1) + l[2] + l[3] + l[4], "another format version", 2, true},
		"id of other time": {l[0] + strings.Replace(l[1], `:02.123Z`, `:02.124Z`, 1) + l[2] + l[3] + l[4], "its id is of another time", 2, true},
		"long line":        {l[0] + strings.Repeat("x", MaxLine+chunkSize) + "\n" + l[1] + l[2] + l[3] + l[4], "it is over 262144 bytes", 2, true},
		"cut":              {l[0] + l[1] + l[2], "events are missing at the end: the checkpoint of a test has 5, and the timeline ends with 3", 0, false},
		"rewritten":        {l[0] + l[1] + other[2] + other[3] + strings.Join(made3(t, fork), ""), "the timeline was rewritten up to event 5", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			anchored := verify(t, []byte(tt.text), kept(t, path))
			require.Equal(t, fault.TimelineTampered, fault.ReasonOf(anchored.Err()))
			found := false
			for _, p := range anchored.Problems {
				found = found || strings.Contains(p.Message, tt.problem) && p.Line == tt.line
			}
			assert.True(t, found, "%q at line %d is not in %v", tt.problem, tt.line, anchored.Problems)
			assert.Equal(t, tt.alone, verify(t, []byte(tt.text)).Err() != nil)
		})
	}
}

// made3 adds another event to the fork and returns its line.
func made3(t *testing.T, path string) []string {
	late := func() time.Time { return time.Date(2028, 1, 2, 0, 0, 0, 0, time.UTC) }
	_, err := Add(t.Context(), path, late, scans(1))
	require.NoError(t, err)
	return strings.SplitAfter(string(read(t, path)), "\n")[4:]
}

// TestEveryByte flips each bit of a timeline, one in each byte.
func TestEveryByte(t *testing.T) {
	path := made(t, 3)
	text := read(t, path)
	anchor := kept(t, path)
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1 << (i % 8)
		r, err := Verify(t.Context(), bytes.NewReader(changed), Options{Checkpoints: []chain.Compared{anchor}})
		require.NoError(t, err)
		require.Error(t, errors.Join(r.Err(), r.Whole()), "byte %d: %s", i, changed)
	}
	for n := range text {
		r := verify(t, text[:n], kept(t, path))
		require.Error(t, r.Err(), "cut to %d bytes", n)
	}
}

func TestRedaction(t *testing.T) {
	path := made(t, 3)
	var ids []ulid.ULID
	for e, err := range Events(bytes.NewReader(read(t, path))) {
		require.NoError(t, err)
		ids = append(ids, e.ID)
	}
	secret := read(t, path)
	require.Contains(t, string(secret), `{"n":1}`)
	late := func() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }
	notice := Entry{Category: Evidence, Kind: KindRedaction, Supersedes: ids[1], Details: []byte(`{"reason":"personal data"}`)}
	added, err := Redact(t.Context(), path, late, notice, true)
	require.NoError(t, err)
	text := read(t, path)
	assert.NotContains(t, string(text), `{"n":1}`)
	assert.Contains(t, string(text), `"redacted_sha256":"`)
	r := verify(t, text, kept(t, path))
	require.NoError(t, r.Err())
	assert.Equal(t, 1, r.Redacted)
	assert.Equal(t, 1, r.Removed)
	assert.EqualValues(t, 4, r.Anchored())

	notice.Supersedes = added.Last.ID
	_, err = Redact(t.Context(), path, late, notice, true)
	assert.Equal(t, fault.TimelineMalformed, fault.ReasonOf(err), "a notice cannot be taken back")
	notice.Supersedes = ulid.ULID{1}
	_, err = Redact(t.Context(), path, late, notice, true)
	assert.Equal(t, fault.InputNotFound, fault.ReasonOf(err))

	// A notice about nothing, one with another hash, and one that lost its content.
	forged := filepath.Join(t.TempDir(), "forged.ndjson")
	require.NoError(t, os.WriteFile(forged, secret, 0o600))
	for _, e := range []Entry{
		{Category: Evidence, Kind: KindRedaction, Supersedes: ulid.ULID{1}, Details: []byte(`{}`)},
		{Category: Evidence, Kind: KindRedaction, Supersedes: ids[0], Details: []byte(`{"redacted_sha256":"` + strings.Repeat("0", 64) + `"}`)},
		{Category: Evidence, Kind: KindRedaction, Supersedes: ids[2]},
	} {
		_, err := Add(t.Context(), forged, late, func(yield func(Entry, error) bool) { yield(e, nil) })
		require.NoError(t, err)
	}
	r = verify(t, read(t, forged))
	require.Equal(t, 3, r.ProblemCount)
	assert.Contains(t, r.Problems[0].Message, "which is not there")
	assert.Contains(t, r.Problems[1].Message, "another hash")
	assert.Zero(t, r.Redacted)
}

// TestConcurrent has many add at a time.
func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "case.ndjson")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				if _, err := Add(context.WithoutCancel(t.Context()), path, time.Now, scans(3)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	r := verify(t, read(t, path), kept(t, path))
	require.NoError(t, r.Err())
	assert.EqualValues(t, 120, r.Anchored())
}

// TestCrash cuts the file anywhere in its last group, as a crash does, and goes on.
func TestCrash(t *testing.T) {
	path := made(t, 2)
	before := read(t, path)
	_, err := Add(t.Context(), path, func() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }, scans(1))
	require.NoError(t, err)
	after := read(t, path)
	late := func() time.Time { return time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC) }
	for n := len(before); n < len(after); n += 17 {
		again := filepath.Join(t.TempDir(), "case.ndjson")
		require.NoError(t, os.WriteFile(again, after[:n], 0o600))
		added, err := Add(t.Context(), again, late, scans(1))
		require.NoError(t, err)
		assert.Equal(t, n-len(before), added.Cut)
		assert.EqualValues(t, 3, added.Head.Size)
		require.NoError(t, verify(t, read(t, again), kept(t, again)).Err())
	}
}

// TestWriterFindsTampering has a writer meet a timeline that was changed.
func TestWriterFindsTampering(t *testing.T) {
	for name, change := range map[string]func([]byte) []byte{
		"cut below the checkpoint": func(b []byte) []byte { return b[:bytes.IndexByte(b, '\n')+1] },
		"last event edited":        func(b []byte) []byte { return bytes.Replace(b, []byte(`{"n":2}`), []byte(`{"n":3}`), 1) },
		"another file":             func([]byte) []byte { return []byte("hello\n") },
	} {
		t.Run(name, func(t *testing.T) {
			path := made(t, 3)
			changed := change(read(t, path))
			require.NoError(t, os.WriteFile(path, changed, 0o600))
			_, err := Add(t.Context(), path, time.Now, scans(1))
			assert.Equal(t, fault.TimelineTampered, fault.ReasonOf(err))
			assert.Equal(t, changed, read(t, path), "it is evidence")
		})
	}
}

func TestRefusedEntries(t *testing.T) {
	for name, e := range map[string]Entry{
		"category":           {Category: "other", Kind: "x"},
		"no kind":            {Category: Policy},
		"notice of nothing":  {Category: Evidence, Kind: KindRedaction},
		"supersedes":         {Category: Policy, Kind: "policy.verdict", Supersedes: ulid.ULID{1}},
		"details a list":     {Category: Policy, Kind: "x", Details: []byte(`[]`)},
		"details twice":      {Category: Policy, Kind: "x", Details: []byte(`{"a":1,"a":2}`)},
		"details too large":  {Category: Policy, Kind: "x", Details: []byte(`{"a":"` + strings.Repeat("x", MaxDetails) + `"}`)},
		"text too long":      {Category: Policy, Kind: strings.Repeat("x", MaxText+1)},
		"text not UTF-8":     {Category: Policy, Kind: "\xff"},
		"details not closed": {Category: Policy, Kind: "x", Details: []byte(`{`)},
	} {
		path := made(t, 1)
		_, err := Add(t.Context(), path, time.Now, func(yield func(Entry, error) bool) { yield(e, nil) })
		assert.Equal(t, fault.TimelineMalformed, fault.ReasonOf(err), name)
		assert.EqualValues(t, 1, verify(t, read(t, path)).Events, name)
	}
}

// FuzzParseEvent: what parses is written again as the same bytes.
func FuzzParseEvent(f *testing.F) {
	path := filepath.Join(f.TempDir(), "case.ndjson")
	if _, err := Add(f.Context(), path, clock(), scans(2)); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		f.Add(line)
		f.Add(append(line[:bytes.Index(line, []byte(`,"details"`)):bytes.Index(line, []byte(`,"details"`))], "}\n"...))
	}
	f.Add([]byte(strings.Replace(string(text[:bytes.IndexByte(text, 10)+1]), `"tenant":""`, `"tenant":"é\n\""`, 1)))
	f.Fuzz(func(t *testing.T, line []byte) {
		p, err := parseEvent(line)
		if err != nil {
			return
		}
		if got := appendEvent(nil, &p.Event); !bytes.Equal(got, line) {
			t.Errorf("%q is written as %q", line, got)
		}
	})
}

// FuzzVerify: nothing panics, and no timeline verifies that another one extends in
// front or in its middle.
func FuzzVerify(f *testing.F) {
	path := filepath.Join(f.TempDir(), "case.ndjson")
	if _, err := Add(f.Context(), path, clock(), scans(3)); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(append(bytes.Clone(text), text...))
	f.Add(text[:len(text)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Verify(t.Context(), bytes.NewReader(b), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Err() == nil && r.Whole() == nil && uint64(bytes.Count(b, []byte{'\n'})) != r.Events {
			t.Error("not every line is an event, and it verifies")
		}
	})
}
