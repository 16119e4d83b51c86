package forensic

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

const (
	appEntry  = "files/evidence/app"
	secondOne = "files/evidence/b.txt"
	attested  = "attestations/evidence/app.dsse.json"
)

func TestVerified(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	m := d.snapshot(d.options(tl), inputs...)
	var names []string
	for _, x := range m {
		names = append(names, x.name)
	}
	assert.Equal(t, []string{
		ManifestName, SignatureName, ChecksumsName, attested, checkpointName, timelineKeyName, timelineName,
		"timestamps/evidence/stamp.tsq", appEntry, secondOne, "files/evidence/c_x20d.txt", instructionsName,
	}, names)
	v, s, err := d.judge(t.Context(), m.tar(), "CASE-7")
	require.NoError(t, err)
	assert.Empty(t, s.failures())
	assert.True(t, v.Whole.Verified)
	assert.Zero(t, v.Whole.Exit)
	assert.Equal(t, len(m)-3, v.Entries)
	assert.Equal(t, "CASE-7", v.Manifest.Case)
	var places []string
	for _, r := range s.results {
		assert.True(t, r.Verified)
		places = append(places, strings.TrimSpace(r.Evidence[0].Member+" "+r.Evidence[0].Shape))
	}
	assert.Equal(t, []string{
		"signature.dsse.json DSSE envelope", "manifest.json manifest", "checksums.txt checksums", "timeline.ndjson timeline",
		"entries", attested + " DSSE envelope", "timestamps/evidence/stamp.tsq time stamp request", "references",
	}, places)
}

// TestSameBytes makes a snapshot twice, and from a directory and back.
func TestSameBytes(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	write := func() []byte {
		draft, err := NewDraft(t.Context(), inputs, d.options(tl))
		require.NoError(t, err)
		defer draft.Close()
		var b bytes.Buffer
		w, err := archive.NewWriter(&b, archive.Zstd, testTime)
		require.NoError(t, err)
		require.NoError(t, draft.Write(w, d.sign(draft.Message)))
		require.NoError(t, w.Close())
		return b.Bytes()
	}
	assert.Equal(t, write(), write())

	dir := d.path("unpacked")
	out, err := atomicfile.NewDirectory(nil, dir)
	require.NoError(t, err)
	defer out.Abort()
	draft, err := NewDraft(t.Context(), inputs, d.options(tl))
	require.NoError(t, err)
	defer draft.Close()
	require.NoError(t, draft.Write(out, d.sign(draft.Message)))
	require.NoError(t, out.Commit())
	list, in, err := Open(dir, nil)
	require.NoError(t, err)
	defer in.Close()
	s := &seen{}
	v, err := Verify(t.Context(), list, VerifyOptions{Name: dir, Policy: d.policy}, s)
	require.NoError(t, err)
	assert.Empty(t, s.failures())
	assert.True(t, v.Whole.Verified)
	require.NoError(t, os.Symlink("app", filepath.Join(dir, "files", "link")))
	list, in, err = Open(dir, nil)
	require.NoError(t, err)
	defer in.Close()
	s = &seen{}
	_, err = Verify(t.Context(), list, VerifyOptions{Name: dir, Policy: d.policy}, s)
	require.NoError(t, err)
	assert.Equal(t, []string{"files/link entry snapshot.unlisted"}, s.failures())
}

func flip(s string) string {
	b := []byte(s)
	b[len(b)/2] ^= 1
	return string(b)
}

func swapLines(i, j int) func(string) string {
	return func(s string) string {
		l := strings.SplitAfter(s, "\n")
		l[i], l[j] = l[j], l[i]
		return strings.Join(l, "")
	}
}

func dropLine(i int) func(string) string {
	return func(s string) string {
		l := strings.SplitAfter(s, "\n")
		return strings.Join(slices.Delete(l, i, i+1), "")
	}
}

// TestTampering names each thing that is done to a snapshot, and wants it found at its
// place. The order of findings is part of the contract.
func TestTampering(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	good := d.snapshot(d.options(tl), inputs...)
	other := d.options(tl)
	other.Case = "CASE-8"
	ofOther := d.snapshot(other, inputs...)
	swap := func(a, b string) members {
		m := slices.Clone(good)
		i, j := m.index(a), m.index(b)
		m[i], m[j] = m[j], m[i]
		return m
	}
	at := func(name string, x member) members {
		return slices.Insert(slices.Clone(good), good.index(name), x)
	}
	rootOf := func(s string) string { return strings.Fields(s)[2] }(good[2].content)

	for name, tt := range map[string]struct {
		m    members
		want []string
		exit int
	}{
		"file flipped": {good.with(appEntry, flip), []string{
			appEntry + " checksum snapshot.checksum", attested + " reference snapshot.reference", "timeline.ndjson reference snapshot.reference",
		}, 3},
		"file longer":  {good.with(secondOne, func(s string) string { return s + "x" }), []string{secondOne + " checksum snapshot.checksum"}, 3},
		"file emptied": {good.with(secondOne, func(string) string { return "" }), []string{secondOne + " checksum snapshot.checksum"}, 3},
		"two files exchanged": {func() members {
			m := slices.Clone(good)
			i, j := m.index(secondOne), m.index("files/evidence/c_x20d.txt")
			m[i].content, m[j].content = m[j].content, m[i].content
			return m
		}(), []string{secondOne + " checksum snapshot.checksum", "files/evidence/c_x20d.txt checksum snapshot.checksum"}, 3},
		"file removed":          {good.without(secondOne), []string{secondOne + " entry snapshot.missing"}, 3},
		"last file removed":     {good.without(instructionsName), []string{instructionsName + " entry snapshot.missing"}, 3},
		"file added":            {at(secondOne, member{"files/evidence/aa", "new"}), []string{"files/evidence/aa entry snapshot.unlisted"}, 3},
		"file added at the end": {append(slices.Clone(good), member{"zzz", "new"}), []string{"zzz entry snapshot.unlisted"}, 3},
		"file twice":            {append(slices.Clone(good), member{secondOne, "second"}), []string{secondOne + " entry snapshot.order"}, 3},
		"files out of order":    {swap(appEntry, secondOne), []string{appEntry + " entry snapshot.order"}, 3},
		"renamed": {func() members {
			m := slices.Clone(good)
			m[m.index(secondOne)].name = "files/evidence/b2.txt"
			return m
		}(), []string{secondOne + " entry snapshot.missing", "files/evidence/b2.txt entry snapshot.unlisted"}, 3},
		"name leads out":                 {append(slices.Clone(good), member{"../../etc/passwd", "x"}), []string{"../../etc/passwd entry snapshot.unlisted"}, 3},
		"name is absolute":               {append(slices.Clone(good), member{"/etc/passwd", "x"}), []string{"/etc/passwd entry snapshot.unlisted"}, 3},
		"name twice by another spelling": {append(slices.Clone(good), member{"files/./evidence/b.txt", "x"}), []string{"files/./evidence/b.txt entry snapshot.order"}, 3},
		"evidence added": {at(attested, member{"attestations/aa.dsse.json", "{}"}), []string{
			"attestations/aa.dsse.json entry snapshot.unlisted", "attestations/aa.dsse.json evidence input.not_evidence",
		}, 3},
		"attestation flipped": {good.with(attested, func(s string) string {
			return strings.Replace(s, `"payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4`, `"payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW8`, 1)
		}), []string{attested + " checksum snapshot.checksum", attested + " signature signature.mismatch"}, 3},
		"attestation emptied": {good.with(attested, func(string) string { return "" }), []string{
			attested + " checksum snapshot.checksum", attested + " evidence input.empty",
		}, 3},
		"root line wrong": {good.with(ChecksumsName, func(s string) string { return strings.Replace(s, rootOf, strings.Repeat("0", 64), 1) }), []string{
			"checksums.txt root snapshot.root",
		}, 3},
		"root line gone": {good.with(ChecksumsName, dropLine(0)), []string{
			"checksums.txt:1 checksum snapshot.malformed", "checksums.txt checksum snapshot.missing", "checksums.txt root snapshot.root",
		}, 3},
		"checksum line gone": {good.with(ChecksumsName, dropLine(2)), []string{
			"checksums.txt checksum snapshot.missing", "checksums.txt root snapshot.root", "checksums.txt root snapshot.root",
		}, 3},
		"checksum lines swapped": {good.with(ChecksumsName, swapLines(7, 8)), []string{
			"checksums.txt checksum snapshot.missing", "checksums.txt:9 checksum snapshot.unlisted", "checksums.txt root snapshot.root", "checksums.txt root snapshot.root",
		}, 3},
		"checksum line twice": {good.with(ChecksumsName, func(s string) string {
			l := strings.SplitAfter(s, "\n")
			return strings.Join(slices.Insert(l, 3, l[2]), "")
		}), []string{
			"checksums.txt:4 checksum snapshot.unlisted", "checksums.txt root snapshot.root", "checksums.txt root snapshot.root",
		}, 3},
		"checksum digest": {good.with(ChecksumsName, func(s string) string {
			l := strings.SplitAfter(s, "\n")
			l[2] = strings.Repeat("a", 64) + l[2][64:]
			return strings.Join(l, "")
		}), []string{
			"checksums.txt:3 checksum snapshot.checksum", "checksums.txt root snapshot.root", "checksums.txt root snapshot.root",
		}, 3},
		"checksums gone":     {good.without(ChecksumsName), []string{"checksums.txt checksum snapshot.missing"}, 3},
		"signature gone":     {good.without(SignatureName), []string{"signature.dsse.json signature signature.missing"}, 4},
		"signature no JSON":  {good.with(SignatureName, func(string) string { return "x" }), []string{"signature.dsse.json evidence input.not_evidence"}, 2},
		"signature flipped":  {good.with(SignatureName, func(s string) string { return strings.Replace(s, "eyJ", "eyK", 1) }), []string{"signature.dsse.json signature signature.mismatch"}, 3},
		"signature by other": {good.with(SignatureName, func(string) string { return good[good.index(attested)].content }), []string{"signature.dsse.json subject subject.mismatch", "signature.dsse.json type predicate.type"}, 3},
		"signed for another case": {good.with(SignatureName, func(string) string { return ofOther[1].content }), []string{
			"signature.dsse.json subject subject.mismatch", "signature.dsse.json case snapshot.case", "signature.dsse.json manifest snapshot.checksum",
		}, 3},
		"manifest of another case": {good.with(ManifestName, func(s string) string { return strings.Replace(s, "CASE-7", "CASE-8", 1) }), []string{
			"signature.dsse.json subject subject.mismatch", "signature.dsse.json case snapshot.case", "manifest.json case snapshot.case",
		}, 3},
		"timeline named no more": {good.with(ManifestName, func(s string) string {
			head, rest, _ := strings.Cut(s, `"timeline":{`)
			_, rest, _ = strings.Cut(rest, "},")
			return head + rest
		}), []string{
			"signature.dsse.json subject subject.mismatch", "signature.dsse.json manifest snapshot.checksum",
		}, 3},
		"note changed": {good.with(ManifestName, func(s string) string { return strings.Replace(s, "as found", "as moved", 1) }), []string{
			"signature.dsse.json subject subject.mismatch",
		}, 3},
		"size changed": {good.with(ManifestName, func(s string) string { return strings.Replace(s, `"sizeBytes":7}`, `"sizeBytes":8}`, 1) }), []string{
			"signature.dsse.json subject subject.mismatch", appEntry + " checksum snapshot.checksum",
		}, 3},
		"entry listed twice": {good.with(ManifestName, func(s string) string {
			l := strings.SplitAfter(s, "\n")
			return strings.Join(slices.Insert(l, 6, l[5]), "")
		}), []string{
			"signature.dsse.json subject subject.mismatch", "checksums.txt checksum snapshot.missing",
			"manifest.json manifest snapshot.order",
		}, 3},
		"entry malformed": {good.with(ManifestName, func(s string) string { return strings.Replace(s, `"files/evidence/b.txt"`, `"files//b.txt"`, 1) }), []string{
			"signature.dsse.json subject subject.mismatch", "checksums.txt:8 checksum snapshot.unlisted", "checksums.txt:9 checksum snapshot.unlisted", "checksums.txt:10 checksum snapshot.unlisted",
			"manifest.json manifest snapshot.malformed", "files/evidence/b.txt entry snapshot.unlisted", "files/evidence/c_x20d.txt entry snapshot.unlisted", "instructions.txt entry snapshot.unlisted",
		}, 3},
		"timeline cut": {good.with(timelineName, func(s string) string { return s[:len(s)/2] }), []string{
			"timeline.ndjson timeline timeline.tampered", "timeline.ndjson timeline timeline.tampered", "timeline.ndjson timeline timeline.tampered", "timeline.ndjson checksum snapshot.checksum",
		}, 3},
		"timeline cut at a line": {good.with(timelineName, func(s string) string { return strings.Join(strings.SplitAfter(s, "\n")[:3], "") }), []string{
			"timeline.ndjson timeline timeline.tampered", "timeline.ndjson timeline timeline.tampered", "timeline.ndjson checksum snapshot.checksum",
		}, 3},
		"timeline edited": {good.with(timelineName, func(s string) string { return strings.Replace(s, `"n":2`, `"n":9`, 1) }), []string{
			"timeline.ndjson timeline timeline.tampered", "timeline.ndjson checksum snapshot.checksum",
		}, 3},
		"timeline swapped": {good.with(timelineName, swapLines(1, 2)), []string{
			"timeline.ndjson timeline timeline.tampered", "timeline.ndjson timeline timeline.tampered", "timeline.ndjson checksum snapshot.checksum",
		}, 3},
		"timeline forked": {good.with(timelineName, func(s string) string { return s + strings.SplitAfter(s, "\n")[1] }), []string{
			"timeline.ndjson timeline timeline.tampered", "timeline.ndjson timeline timeline.tampered", "timeline.ndjson checksum snapshot.checksum",
		}, 3},
		"timeline of another case": {good.with(timelineName, func(string) string {
			path := d.path("other.ndjson")
			d.events(path, `{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":4}`)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			return string(b)
		}), []string{
			"timeline.ndjson timeline timeline.tampered", "timeline.ndjson timeline timeline.tampered", "timeline.ndjson checksum snapshot.checksum",
		}, 3},
		"timeline gone":        {good.without(timelineName), []string{timelineName + " timeline snapshot.missing", timelineName + " entry snapshot.missing"}, 3},
		"checkpoint by other":  {good.with(checkpointName, func(s string) string { return strings.Replace(s, "\n4\n", "\n3\n", 1) }), []string{checkpointName + " checksum snapshot.checksum", checkpointName + " timeline timeline.tampered"}, 3},
		"timeline key changed": {good.with(timelineKeyName, func(s string) string { return strings.Replace(s, "+", "+0", 1) }), []string{timelineKeyName + " checksum snapshot.checksum", checkpointName + " timeline timeline.malformed"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			v, s, err := d.judge(t.Context(), tt.m.tar(), "CASE-7")
			require.NoError(t, err)
			assert.Equal(t, tt.want, s.failures())
			assert.False(t, v.Whole.Verified)
			assert.Equal(t, tt.exit, v.Whole.Exit, v.Whole.Reason)
			again, t2, err := d.judge(t.Context(), tt.m.tar(), "CASE-7")
			require.NoError(t, err)
			assert.Equal(t, s.failures(), t2.failures(), "always in the same order")
			assert.Equal(t, v.Whole.Reason, again.Whole.Reason)
		})
	}
}

// TestFlips flips a bit in every byte of every member that is small, and in many of
// the others.
func TestFlips(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	good := d.snapshot(d.options(tl), inputs...)
	for _, x := range good {
		step := max(1, len(x.content)/60)
		for i := 0; i < len(x.content); i += step {
			changed := good.with(x.name, func(s string) string {
				b := []byte(s)
				b[i] ^= 1 << (i % 8)
				return string(b)
			})
			v, _, err := d.judge(t.Context(), changed.tar(), "")
			if err != nil {
				require.Equal(t, fault.SnapshotMalformed, fault.ReasonOf(err), "%s, byte %d: %v", x.name, i, err)
				continue
			}
			if x.name == SignatureName && v.Whole.Verified {
				// White space and what is not the payload or a signature is nobody's word.
				continue
			}
			require.False(t, v.Whole.Verified, "%s, byte %d", x.name, i)
		}
	}
}

// TestTruncated cuts the archive anywhere.
func TestTruncated(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	text := d.snapshot(d.options(tl), inputs...).tar()
	for n := 1; n < len(text)-1; n += 13 {
		v, s, err := d.judge(t.Context(), text[:n], "")
		if err != nil {
			continue // cut before the end of the manifest: there is no verdict
		}
		require.False(t, v.Whole.Verified, "cut to %d of %d bytes", n, len(text))
		require.Equal(t, 1, strings.Count(strings.Join(s.failures(), "\n"), "archive archive.malformed"), "it is said once")
	}
}

// TestNoSnapshot is about what gives no verdict at all.
func TestNoSnapshot(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	good := d.snapshot(d.options(tl), inputs...)
	for name, tt := range map[string]struct {
		m    members
		want fault.Reason
	}{
		"empty":             {members{}, fault.SnapshotMalformed},
		"something else":    {members{{"README", "x"}}, fault.SnapshotMalformed},
		"manifest not JSON": {good.with(ManifestName, func(string) string { return "x" }), fault.SnapshotMalformed},
		"manifest cut":      {good.with(ManifestName, func(s string) string { return s[:len(s)/2] }), fault.SnapshotMalformed},
		"more behind":       {good.with(ManifestName, func(s string) string { return s + "{}" }), fault.SnapshotMalformed},
		"other format":      {good.with(ManifestName, func(s string) string { return strings.Replace(s, "snapshot@v1", "snapshot@v2", 1) }), fault.SnapshotMalformed},
		"other recipe":      {good.with(ManifestName, func(s string) string { return strings.Replace(s, RecipeRFC6962, "md5", 1) }), fault.SnapshotMalformed},
		"name twice":        {good.with(ManifestName, func(s string) string { return strings.Replace(s, `{"format"`, `{"kind":"job","format"`, 1) }), fault.SnapshotMalformed},
		"no root":           {good.with(ManifestName, func(s string) string { return strings.Replace(s, `"merkleRoot"`, `"merkleroot"`, 1) }), fault.SnapshotMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := d.judge(t.Context(), tt.m.tar(), "")
			assert.Equal(t, tt.want, fault.ReasonOf(err), "%v", err)
		})
	}
	_, _, err := Open(d.path("absent"), nil)
	assert.Equal(t, fault.InputNotFound, fault.ReasonOf(err))
	_, _, err = Open(d.write("text", "hello"), nil)
	assert.Equal(t, fault.SnapshotMalformed, fault.ReasonOf(err))
}

// TestBomb expands to far more than it has.
func TestBomb(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	good := d.snapshot(d.options(tl), inputs...)
	bomb := append(slices.Clone(good), member{"files/zeros", strings.Repeat("\x00", 100<<20)})
	v, s, err := d.judge(t.Context(), bomb.tar(), "")
	require.NoError(t, err)
	assert.False(t, v.Whole.Verified)
	assert.Contains(t, s.failures(), "archive input.too_large")
}

// TestReferences is about evidence that speaks of other evidence.
func TestReferences(t *testing.T) {
	for name, tt := range map[string]struct {
		subject, about string
		event          string
		want           []string
	}{
		"holds":                        {"app", "the app", "", nil},
		"another digest":               {"app", "other app", "", []string{"attestations/evidence/x.dsse.json reference snapshot.reference"}},
		"by its path":                  {"evidence/app", "other app", "", []string{"attestations/evidence/x.dsse.json reference snapshot.reference"}},
		"of another directory":         {"elsewhere/app", "other app", "", nil},
		"not in the snapshot":          {"image", "x", "", nil},
		"an event names nothing":       {"app", "the app", `{"evidence":[{"name":"gone","sha256":"` + strings.Repeat("0", 64) + `"}]}`, []string{"timeline.ndjson reference snapshot.reference"}},
		"an event names another":       {"app", "the app", `{"evidence":[{"name":"app","sha256":"` + strings.Repeat("0", 64) + `"}]}`, []string{"timeline.ndjson reference snapshot.reference"}},
		"an event without digest":      {"app", "the app", `{"evidence":[{"name":"app"}]}`, []string{"timeline.ndjson reference snapshot.reference"}},
		"an event with another digest": {"app", "the app", `{"evidence":[{"name":"app","sha256":"sha512:00"}]}`, []string{"timeline.ndjson reference snapshot.reference"}},
		"an event with a number":       {"app", "the app", `{"evidence":[{"name":"app","sha256":7}]}`, []string{"timeline.ndjson reference snapshot.reference"}},
		"an event with a long name":    {"app", "the app", `{"evidence":[{"name":"` + strings.Repeat("n", maxReference+1) + `","sha256":"` + strings.Repeat("0", 64) + `"}]}`, []string{"timeline.ndjson reference snapshot.reference"}},
		"evidence is another word":     {"app", "the app", `{"evidence":"strong"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			inputs, tl := d.aCase()
			d.attest("evidence/x.dsse.json", tt.subject, tt.about)
			if tt.event != "" {
				tl = d.path("named.ndjson")
				d.events(tl, tt.event)
			}
			v, s, err := d.judge(t.Context(), d.snapshot(d.options(tl), inputs...).tar(), "")
			require.NoError(t, err)
			assert.Equal(t, tt.want, s.failures())
			assert.Equal(t, tt.want == nil, v.Whole.Verified)
		})
	}
}

// TestChangedMeanwhile changes a file between the two readings.
func TestChangedMeanwhile(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"content": func(path string) error { return os.WriteFile(path, []byte("THE APP"), 0o600) },
		"longer":  func(path string) error { return os.WriteFile(path, []byte("the app and more"), 0o600) },
		"shorter": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"removed": os.Remove,
	} {
		d := newDesk(t)
		inputs, tl := d.aCase()
		draft, err := NewDraft(t.Context(), inputs, d.options(tl))
		require.NoError(t, err)
		defer draft.Close()
		require.NoError(t, change(d.path("evidence/app")))
		w, err := archive.NewWriter(&bytes.Buffer{}, archive.Gzip, testTime)
		require.NoError(t, err)
		err = draft.Write(w, []byte("{}"))
		assert.Equal(t, fault.InputChanged, fault.ReasonOf(err), "%s: %v", name, err)
		out, fail := atomicfile.NewDirectory(nil, d.path("unpacked"))
		require.NoError(t, fail)
		intoDirectory := draft.Write(out, []byte("{}"))
		out.Abort()
		assert.EqualError(t, intoDirectory, err.Error(), "%s, into a directory", name)
		assert.NoDirExists(t, d.path("unpacked"))
	}
}

func TestDraftRefuses(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	_, err := NewDraft(t.Context(), append(inputs, inputs...), d.options(tl))
	assert.Equal(t, fault.SnapshotMalformed, fault.ReasonOf(err), "two files for one entry")
	_, err = NewDraft(t.Context(), []string{d.path("absent")}, d.options(tl))
	assert.Equal(t, fault.InputNotFound, fault.ReasonOf(err))
	_, err = NewDraft(t.Context(), inputs, d.options(d.path("evidence/app")))
	assert.Equal(t, fault.TimelineMalformed, fault.ReasonOf(err))
	whole, err := os.ReadFile(tl)
	require.NoError(t, err)
	behind := strings.Join(strings.SplitAfter(string(whole), "\n")[:3], "")
	require.NoError(t, os.WriteFile(tl, []byte(behind), 0o600))
	_, err = NewDraft(t.Context(), inputs, d.options(tl))
	assert.Equal(t, fault.TimelineTampered, fault.ReasonOf(err), "a timeline behind its checkpoint: %v", err)
	require.NoError(t, os.WriteFile(tl, whole, 0o600))
	o := d.options(tl)
	o.Tenant = "acme"
	_, err = NewDraft(t.Context(), inputs, o)
	assert.Equal(t, fault.SnapshotMalformed, fault.ReasonOf(err))
	require.NoError(t, os.Symlink("app", d.path("evidence/link")))
	draft, err := NewDraft(t.Context(), inputs, d.options(tl))
	require.NoError(t, err)
	defer draft.Close()
	assert.Len(t, draft.PassedOver, 1)
}

// TestOwnKeyStays gives a directory in which a timeline lies with its private key.
func TestOwnKeyStays(t *testing.T) {
	d := newDesk(t)
	_, tl := d.aCase()
	place := d.path("everything")
	require.NoError(t, os.Mkdir(place, 0o700))
	for _, suffix := range []string{"", chain.KeySuffix, chain.PubSuffix, chain.CheckpointSuffix} {
		b, err := os.ReadFile(tl + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(place, "case.ndjson"+suffix), b, 0o600))
	}
	text := d.snapshot(d.options(filepath.Join(place, "case.ndjson")), place).tar()
	var names []string
	for m, err := range archive.ReadTar(bytes.NewReader(text), archive.Gzip) {
		require.NoError(t, err)
		names = append(names, m.Name)
	}
	assert.Contains(t, names, "files/everything/case.ndjson.pub")
	assert.NotContains(t, names, "files/everything/case.ndjson.key")
}

func TestEnds(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	text := d.snapshot(d.options(tl), inputs...).tar()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := d.judge(ctx, text, "")
	require.ErrorIs(t, err, context.Canceled)
	d.policy = &verify.Policy{}
	_, _, err = d.judge(t.Context(), text, "")
	assert.Equal(t, fault.TrustRequired, fault.ReasonOf(err))
}
