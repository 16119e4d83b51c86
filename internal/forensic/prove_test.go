package forensic

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

func (d *desk) prove(m members, path string) (*Proof, error) {
	return Prove(d.t.Context(), path, m.opener())
}

func (d *desk) judgeProof(p *Proof, a *verify.Artifact) (*verify.Report, *seen) {
	d.t.Helper()
	s := &seen{}
	whole, err := VerifyProof(d.t.Context(), p, VerifyOptions{Name: "proof.json", Policy: d.policy}, a, s)
	require.NoError(d.t, err)
	return whole, s
}

// TestProve proves every entry, and again after each thing in the proof was changed.
func TestProve(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	good := d.snapshot(d.options(tl), inputs...)
	for _, x := range good[3:] {
		p, err := d.prove(good, x.name)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, p.Write(&b))
		assert.True(t, IsProof(b.Bytes()[:200]))
		p, err = ParseProof(b.Bytes())
		require.NoError(t, err)
		whole, s := d.judgeProof(p, &verify.Artifact{Name: x.name, Digest: map[string]string{"sha256": p.Entry.SHA256}})
		assert.True(t, whole.Verified, "%s: %v", x.name, s.failures())
	}
	for name, change := range map[string]func(p *Proof){
		"path":      func(p *Proof) { p.Entry.Path += "x" },
		"digest":    func(p *Proof) { p.Entry.SHA256 = strings.Repeat("0", 64) },
		"root":      func(p *Proof) { p.Merkle.Root = strings.Repeat("0", 64) },
		"index":     func(p *Proof) { p.Merkle.Index++ },
		"size":      func(p *Proof) { p.Merkle.Size++ },
		"hash":      func(p *Proof) { p.Merkle.Path[0] = p.Merkle.Path[1] },
		"hashes":    func(p *Proof) { p.Merkle.Path = p.Merkle.Path[1:] },
		"base64":    func(p *Proof) { p.Merkle.Path[0] = "!" },
		"case":      func(p *Proof) { p.Case = "CASE-8" },
		"signature": func(p *Proof) { p.Signature = bytes.Replace(p.Signature, []byte("eyJ"), []byte("eyK"), 1) },
		"statement": func(p *Proof) { p.Signature = []byte(good[good.index(attested)].content) },
	} {
		p, err := d.prove(good, appEntry)
		require.NoError(t, err)
		change(p)
		whole, s := d.judgeProof(p, nil)
		assert.False(t, whole.Verified, name)
		assert.Equal(t, fault.ExitRejected, whole.Exit, "%s: %v", name, s.failures())
	}
	p, err := d.prove(good, appEntry)
	require.NoError(t, err)
	whole, _ := d.judgeProof(p, &verify.Artifact{Name: "other", Digest: map[string]string{"sha256": strings.Repeat("0", 64)}})
	assert.Equal(t, fault.SubjectMismatch, whole.Reason)

	_, err = d.prove(good, "files/none")
	assert.Equal(t, fault.InputNotFound, fault.ReasonOf(err))
	_, err = d.prove(good.with(ChecksumsName, flipDigest), appEntry)
	assert.Equal(t, fault.SnapshotRoot, fault.ReasonOf(err))
	_, err = d.prove(good.without(SignatureName), appEntry)
	assert.Equal(t, fault.SignatureMissing, fault.ReasonOf(err))
	for _, text := range []string{"", "{}", `{"format":"` + ProofFormat + `"}`, `{"x":1}`} {
		_, err := ParseProof([]byte(text))
		assert.Equal(t, fault.SnapshotMalformed, fault.ReasonOf(err), text)
	}
}

func flipDigest(s string) string {
	l := strings.SplitAfter(s, "\n")
	l[2] = strings.Repeat("a", 64) + l[2][64:]
	return strings.Join(l, "")
}

// TestTreeOfAnother holds our trees and proofs to those of the Go checksum database.
func TestTreeOfAnother(t *testing.T) {
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = hashes[at]
		}
		return out, nil
	})
	m := newMerkle(nil)
	for n := range int64(70) {
		line := fmt.Appendf(nil, "line %d\n", n)
		more, err := tlog.StoredHashes(n, line, reader)
		require.NoError(t, err)
		hashes = append(hashes, more...)
		require.NoError(t, m.add(line))
		want, err := tlog.TreeHash(n+1, reader)
		require.NoError(t, err)
		got, err := m.root()
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("%x", want[:]), got)
	}
}

// TestProveSaysWhy is about what is no snapshot, or not all of one: the cause is that of
// verify, and names the file.
func TestProveSaysWhy(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	good := d.snapshot(d.options(tl), inputs...)
	text := good.tar()
	for n := 1; ; n += 23 {
		_, err := Prove(t.Context(), appEntry, sourceOf(text[:n]))
		if err == nil {
			require.Greater(t, n, 500, "the checksums are whole, and no more is read")
			break
		}
		require.Contains(t, []fault.Reason{fault.ArchiveMalformed, fault.SnapshotMalformed}, fault.ReasonOf(err), "cut to %d bytes: %v", n, err)
		require.NotContains(t, err.Error(), "has no", "cut to %d bytes", n)
		require.Contains(t, err.Error(), `"case.tar.gz"`, "cut to %d bytes", n)
	}
	for name, text := range map[string][]byte{
		"text": gzipped(t, "hello, this is no archive"), "nothing": members{}.tar(), "another archive": members{{"README", "x"}}.tar(),
		"manifest": good.with(ManifestName, func(string) string { return "x" }).tar(),
	} {
		_, err := Prove(t.Context(), appEntry, sourceOf(text))
		assert.Equal(t, fault.SnapshotMalformed, fault.ReasonOf(err), "%s: %v", name, err)
		assert.ErrorContains(t, err, "case.tar.gz", name)
		_, differ := Diff(t.Context(), sourceOf(text), sourceOf(text))
		assert.Equal(t, err, differ, name)
	}
}

func gzipped(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	_, err := zip.Write([]byte(s))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	return b.Bytes()
}
