package report_test

import (
	"bytes"
	"encoding/json/jsontext"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/pkg/verify"
)

// aCase is what a verification of a snapshot tells a case file.
type aCase struct {
	entries     []caseEntry
	events      []timeline.Event
	checkpoints []forensic.Checkpoint
	whole       *verify.Report
	verdict     forensic.Verdict
}

type caseEntry struct {
	forensic.Entry
	status forensic.EntryStatus
}

// asCase renders a case as forensic.Verify does.
func asCase(t testing.TB, a *aCase) []byte {
	t.Helper()
	var b bytes.Buffer
	c := report.NewCaseFile(t.Context(), &b, options())
	for i := range a.entries {
		require.NoError(t, c.Entry(&a.entries[i].Entry, a.entries[i].status))
	}
	for i := range a.events {
		require.NoError(t, c.Event(&a.events[i]))
	}
	for i := range a.checkpoints {
		require.NoError(t, c.Checkpoint(&a.checkpoints[i]))
	}
	c.Snapshot = &a.verdict
	render(t, c, a.whole)
	return b.Bytes()
}

func (a *aCase) entry(path string, size int64, s forensic.EntryStatus) {
	a.entries = append(a.entries, caseEntry{forensic.Entry{Path: path, SHA256: strings.Repeat("7e", 32), Size: size}, s})
}

func (a *aCase) event(at time.Time, category, kind, details string) {
	e := timeline.Event{
		Seq: uint64(len(a.events) + 1), ID: ulid.MustNew(ulid.Timestamp(at), bytes.NewReader(bytes.Repeat([]byte{byte(len(a.events))}, 10))),
		Time: at, Category: category, Kind: kind, Details: jsontext.Value(details),
	}
	a.events = append(a.events, e)
}

// failing is a result over a part that is wrong.
func failing(member string, line int, name string, r fault.Reason, message string) verify.Result {
	return *verify.Part(verify.Source{File: "case-7.tar.zst", Member: member, Line: line, Shape: "entry"},
		verify.Check{Name: name, Status: verify.Failed, Reason: r, Message: message})
}

// plainCase is a case in which nothing is wrong.
func plainCase(t testing.TB) *aCase {
	t.Helper()
	w := newWorld(t)
	whole := w.sealed("app", w.trusted).judged(nil)
	whole.Results[0].Evidence[0] = verify.Source{File: "case-7.tar.zst", Member: forensic.SignatureName, Shape: "DSSE envelope"}
	whole.Compared = true
	a := &aCase{whole: whole, verdict: forensic.Verdict{Manifest: manifestOf("CASE-7"), Entries: 3, Size: 3000}}
	for _, path := range []string{"attestations/app.dsse.json", "files/app", "instructions.txt"} {
		a.entry(path, 1000, forensic.EntryAsListed)
	}
	return a
}

func manifestOf(id string) forensic.Manifest {
	return forensic.Manifest{
		Format: forensic.Format, BundleID: strings.Repeat("0", 12) + "4" + strings.Repeat("8", 19), TenantID: strings.Repeat("0", 12) + "4" + strings.Repeat("8", 19),
		Case: id, CreatedAt: time.Date(2026, 11, 2, 16, 30, 0, 0, time.UTC),
		Metadata:    map[string]string{"note.1": "as found on the build host", "note.2": "disk image by carol", "note.10": "sealed at 16:30"},
		HashSummary: forensic.HashSummary{Algorithm: "sha256", MerkleRecipe: forensic.RecipeRFC6962, MerkleRoot: strings.Repeat("c3", 32)},
	}
}

// wholeCase is a case with everything that a case file can say.
func wholeCase() *aCase {
	whole := keyless()
	seal := whole.Results[0]
	seal.Evidence = []verify.Source{{File: "case-7.tar.zst", Member: forensic.SignatureName, Shape: "DSSE envelope"}}
	whole.Results[0].Evidence = []verify.Source{{File: "case-7.tar.zst", Member: "attestations/ci/app.sigstore.json", Shape: "Sigstore bundle v0.3"}}
	whole.Results[1].Evidence = []verify.Source{{File: "case-7.tar.zst", Member: "attestations/ci/old.intoto.jsonl", Line: 3, Shape: "DSSE envelope"}}
	whole.Results[1].Signers[0].Time = &verify.SigningTime{At: now(), Source: "system clock"}
	whole.Trust.Keys[1].RevokedAt = time.Date(2026, 11, 2, 13, 0, 0, 0, time.UTC)
	whole.Trust.Keys[1].NotBefore = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	whole.Trust.Keys[0].NotBefore = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	whole.Trust.Keys[0].NotAfter = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	whole.Results = append([]verify.Result{seal,
		failing("files/host/var/log/auth.log", 0, "checksum", fault.SnapshotChecksum, "it has sha256:"+strings.Repeat("0d", 32)+", and the manifest says sha256:"+strings.Repeat("7e", 32)),
		failing("files/host/etc/passwd", 0, "entry", fault.SnapshotMissing, "the manifest lists it, and it is not in the snapshot"),
		failing("files/extra.bin", 0, "entry", fault.SnapshotUnlisted, "the manifest does not list it"),
		failing("timeline.ndjson", 0, "timeline", fault.TimelineTampered, "line 9: event 9 was edited, or the timeline forks there: event 10 does not continue it"),
		failing("checksums.txt", 14, "checksum", fault.SnapshotChecksum, `the digest of "files/host/var/log/auth.log" is another one than in the manifest`),
		failing("", 0, "root", fault.SnapshotRoot, "the root of the lines is "+strings.Repeat("1f", 32)+", and the manifest says "+strings.Repeat("c3", 32)),
	}, whole.Results...)
	a := &aCase{whole: whole, verdict: forensic.Verdict{Manifest: manifestOf("CASE-7"), Entries: 61, Size: 48_213_000}}
	a.verdict.Manifest.Timeline = &forensic.TimelineHead{Events: 37, Head: strings.Repeat("ab", 32)}
	a.fill()
	return a
}

// fill adds entries and events.
func (a *aCase) fill() {
	for _, path := range []string{"attestations/ci/app.sigstore.json", "attestations/ci/old.intoto.jsonl", "timeline.checkpoint", "timeline.key.pub", "timeline.ndjson"} {
		a.entry(path, 4711, forensic.EntryAsListed)
	}
	for i := range 55 {
		a.entry(fmt.Sprintf("files/host/var/log/journal/system-%03d.journal", i), 876_543, forensic.EntryAsListed)
	}
	a.entry("instructions.txt", 1800, forensic.EntryAsListed)
	a.entries[5].Name = "host/var/log/journal/system#000.journal"
	a.entry("files/host/var/log/auth.log", 52_113, forensic.EntryChanged)
	a.entry("files/host/etc/passwd", 2_113, forensic.EntryMissing)
	a.entry("files/extra.bin", 9, forensic.EntryUnlisted)
	start := time.Date(2026, 11, 2, 8, 12, 0, 0, time.UTC)
	for i := range 30 {
		a.event(start.Add(time.Duration(i*i)*14*time.Second), timeline.Scanner, "scan.completed", `{"scanner":"trivy","findings":3}`)
	}
	a.event(start.Add(4*time.Hour), timeline.Runtime, "runtime.alert", `{"host":"build-3","rule":"shell in container","user":"root"}`)
	a.event(start.Add(4*time.Hour+3*time.Minute), timeline.Notify, "notify.sent", `{"to":"on call"}`)
	a.event(start.Add(5*time.Hour), timeline.Policy, "policy.verdict", `{"decision":"block"}`)
	a.event(start.Add(5*time.Hour+20*time.Minute), timeline.Evidence, "evidence.ingested", `{"by":"carol","evidence":[{"name":"host/var/log/auth.log"}]}`)
	a.event(start.Add(6*time.Hour), timeline.Evidence, "evidence.ingested", `{"by":"dan"}`)
	a.events[len(a.events)-1].Details = nil // taken out
	gone := a.events[len(a.events)-1].ID
	a.event(start.Add(6*time.Hour+40*time.Minute), timeline.Evidence, timeline.KindRedaction, `{"redacted_sha256":"x"}`)
	a.events[len(a.events)-1].Supersedes = gone
	a.event(start.Add(7*time.Hour), timeline.Evidence, "attestation.verified", `{}`)
	a.checkpoints = []forensic.Checkpoint{
		{Source: "the manifest", Events: 37, At: a.events[36].Time, Agrees: true},
		{Source: "timeline.checkpoint", Events: 33, At: a.events[32].Time, Agrees: false},
	}
}
