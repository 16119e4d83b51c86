package forensic

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

var testTime = time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)

// desk is where a test makes snapshots.
type desk struct {
	t      testing.TB
	dir    string
	signer dsse.Signer
	policy *verify.Policy
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	signer, err := dsse.NewSigner(key)
	require.NoError(t, err)
	trust, err := keys.NewTrust(keys.TrustedKey{Name: "lab", Public: key.Public(), AnyPredicateType: true})
	require.NoError(t, err)
	return &desk{t: t, dir: t.TempDir(), signer: signer, policy: &verify.Policy{Trust: trust, Threshold: 1, At: testTime}}
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) write(name, content string) string {
	d.t.Helper()
	path := d.path(name)
	require.NoError(d.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(d.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// attest writes a signed statement about a file with this content.
func (d *desk) attest(name, subject, content string) {
	d.t.Helper()
	sum := sha256.Sum256([]byte(content))
	d.attestAll(name, intoto.Subject{Name: subject, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}})
}

// attestAll writes a signed statement about subjects.
func (d *desk) attestAll(name string, subjects ...intoto.Subject) {
	d.t.Helper()
	m, err := intoto.NewMessage("https://example.com/predicate", subjects, dsse.Bytes(`{}`))
	require.NoError(d.t, err)
	var b bytes.Buffer
	_, err = bundle.WriteEnvelope(d.t.Context(), &b, m, d.signer)
	require.NoError(d.t, err)
	d.write(name, b.String())
}

// aCase writes the evidence of a case: five files below "evidence", one attested, and
// a timeline of four events, of which the last names evidence.
func (d *desk) aCase() (inputs []string, tl string) {
	d.t.Helper()
	d.write("evidence/app", "the app")
	d.write("evidence/b.txt", "second")
	d.write("evidence/c d.txt", "third")
	d.write("evidence/stamp.tsq", "no real request")
	d.attest("evidence/app.dsse.json", "app", "the app")
	tl = d.path("case.ndjson")
	if _, err := os.Stat(tl); err != nil {
		d.events(tl, `{"n":1}`, `{"n":2}`, `{"n":3}`, fmt.Sprintf(`{"evidence":[{"name":"evidence/app","sha256":"%x"}]}`, sha256.Sum256([]byte("the app"))))
	}
	return []string{d.path("evidence")}, tl
}

func (d *desk) events(path string, details ...string) { d.eventsFrom(testTime, path, details...) }

// eventsLater adds events after those of a case.
func (d *desk) eventsLater(path string, details ...string) {
	d.eventsFrom(testTime.Add(time.Hour), path, details...)
}

func (d *desk) eventsFrom(at time.Time, path string, details ...string) {
	d.t.Helper()
	now := func() time.Time { at = at.Add(time.Second); return at }
	_, err := timeline.Add(d.t.Context(), path, now, func(yield func(timeline.Entry, error) bool) {
		for _, text := range details {
			if !yield(timeline.Entry{Category: timeline.Evidence, Kind: "evidence.ingested", Details: []byte(text)}, nil) {
				return
			}
		}
	})
	require.NoError(d.t, err)
}

func (d *desk) options(tl string) Options {
	return Options{Case: "CASE-7", At: testTime, Notes: []string{"as found"}, Timeline: tl}
}

// members are those of a snapshot, in its order.
type members []member

type member struct{ name, content string }

var _ Sink = (*members)(nil)

// Add implements Sink.
func (m *members) Add(name string, _ int64, _ bool, r io.Reader) error {
	b, err := io.ReadAll(r)
	*m = append(*m, member{name, string(b)})
	return err
}

// snapshot makes the snapshot of a case.
func (d *desk) snapshot(o Options, inputs ...string) members {
	d.t.Helper()
	draft, err := NewDraft(d.t.Context(), inputs, o)
	require.NoError(d.t, err)
	defer draft.Close()
	var m members
	require.NoError(d.t, draft.Write(&m, d.sign(draft.Message)))
	return m
}

func (d *desk) sign(m dsse.Message) []byte {
	d.t.Helper()
	var b bytes.Buffer
	_, err := bundle.WriteEnvelope(d.t.Context(), &b, m, d.signer)
	require.NoError(d.t, err)
	return b.Bytes()
}

func (m members) index(name string) int {
	return slices.IndexFunc(m, func(x member) bool { return x.name == name })
}

// with returns the members with one replaced.
func (m members) with(name string, change func(string) string) members {
	out := slices.Clone(m)
	i := m.index(name)
	out[i].content = change(out[i].content)
	return out
}

func (m members) without(name string) members {
	i := m.index(name)
	return slices.Delete(slices.Clone(m), i, i+1)
}

// tar writes a compressed archive of members, also one that no honest program makes.
func (m members) tar() []byte { return zipped(m.plain()) }

// plain is tar, not compressed.
func (m members) plain() []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, x := range m {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: x.name, Size: int64(len(x.content)), Mode: 0o644, Format: tar.FormatPAX}); err != nil {
			panic(err)
		}
		if _, err := io.WriteString(w, x.content); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// seen takes results as the verifier gives them.
type seen struct {
	results []*verify.Result
	ignored []verify.Ignored
}

// Result implements verify.Sink.
func (s *seen) Result(r *verify.Result) error { s.results = append(s.results, r); return nil }

// Ignored implements verify.Sink.
func (s *seen) Ignored(i *verify.Ignored) error { s.ignored = append(s.ignored, *i); return nil }

// judge verifies an archive.
func (d *desk) judge(ctx context.Context, text []byte, caseID string) (*Verdict, *seen, error) {
	list := archive.ReadTar(bytes.NewReader(text), archive.Gzip)
	s := &seen{}
	v, err := Verify(ctx, list, VerifyOptions{Name: "snapshot", Case: caseID, Policy: d.policy}, s)
	return v, s, err
}

// failures are what is wrong by a report: member, line, check and reason.
func (s *seen) failures() []string {
	var out []string
	for _, r := range s.results {
		for _, c := range r.Checks {
			if c.Status != verify.Failed {
				continue
			}
			place := r.Evidence[0].Member
			if r.Evidence[0].Line > 0 {
				place = fmt.Sprintf("%s:%d", place, r.Evidence[0].Line)
			}
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", place, c.Name, c.Reason)))
		}
	}
	return out
}
