package forensic

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/testkit/world"
)

// TestEmptyLooseProofs has proofs in which there is nothing, and nothing else to keep.
func TestEmptyLooseProofs(t *testing.T) {
	w := world.New(t.Name())
	a := takeApart(t, w.Bundle(world.Options{Signer: world.Key}))
	for name, content := range map[string]string{"c.checkpoint": "", "d.tlog-proof": tlogProof + "v1\n\n"} {
		v, s := looseCase(t, w, map[string]string{"a.sigstore.json": a.bundle, name: content})
		assert.Empty(t, s.failures(), name)
		assert.True(t, v.Whole.Verified, name)
		assert.Contains(t, s.proofs()["transparency/evidence/"+name], "not established: ", name)
	}
}

// TestLooseProofsAboutOneSignature bounds those that are held against one signature at once.
func TestLooseProofsAboutOneSignature(t *testing.T) {
	w := world.New(t.Name())
	a := takeApart(t, w.Bundle(world.Options{Signer: world.Key}))
	entry := marshal(t, a.entry)
	files := map[string]string{"a.sigstore.json": a.bundle}
	for i := range maxAbout + 3 {
		files[fmt.Sprintf("%02d.logentry.json", i)] = entry
	}
	_, s := looseCase(t, w, files)
	assert.Empty(t, s.failures())
	said := make(map[bool]int)
	for _, words := range s.proofs() {
		said[strings.HasPrefix(words, "passed ")]++
		if !strings.HasPrefix(words, "passed ") {
			assert.Contains(t, words, "more proofs about the same signature")
		}
	}
	assert.Equal(t, map[bool]int{true: maxAbout, false: 3}, said)
	large := strings.Repeat(" ", bundle.MaxLoose/2) + entry
	_, s = looseCase(t, w, map[string]string{"a.sigstore.json": a.bundle, "a.logentry.json": large, "b.logentry.json": large})
	assert.Contains(t, s.proofs()["transparency/evidence/b.logentry.json"], "more proofs about the same signature")
}

// TestLooseEvidenceIsGivenBack has evidence where proofs lie: it is read as what it is.
func TestLooseEvidenceIsGivenBack(t *testing.T) {
	const envelope = `{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AAAA"}]}`
	for name, row := range map[string]struct {
		size int64
		held int // proofs already
		back bool
	}{
		"timestamps/a.json":                {back: true},
		"transparency/a.json":              {back: true},
		"transparency/a.sigstore.json":     {size: bundle.MaxLoose + 1, back: true},
		"transparency/b.sigstore.json":     {held: maxLoose, back: true},
		"transparency/c.json":              {held: maxLoose, back: true},
		"transparency/d.json":              {size: bundle.MaxLoose + 1, back: true},
		"timestamps/a.tsr":                 {},
		"transparency/evidence.checkpoint": {back: true}, // an envelope, whatever it is called
	} {
		l := &looseProofs{list: make([]looseProof, row.held), aside: &aside{}}
		rest, err := l.read(&archive.Member{Name: name, Size: max(row.size, int64(len(envelope)))}, strings.NewReader(envelope))
		require.NoError(t, err, name)
		if !row.back {
			assert.Nil(t, rest, name)
			continue
		}
		require.NotNil(t, rest, name)
		text, err := io.ReadAll(rest)
		require.NoError(t, err)
		assert.Equal(t, envelope, string(text), name)
	}
}

// TestPartsOfLayouts: what is no part of a layout is judged as anything else.
func TestPartsOfLayouts(t *testing.T) {
	var l layouts
	l.note("files/i/oci-layout")
	for name, part := range map[string]bool{
		"files/i/oci-layout": true, "files/i/index.json": true, "files/i/blobs/sha256/" + strings.Repeat("a", 64): true,
		"files/i/blobs/sha256/bad.sigstore.json": false, "files/i/blobs/sha512/" + strings.Repeat("a", 64): false, "files/j/index.json": false,
	} {
		in, _ := l.of(name)
		assert.Equal(t, part, in != nil, name)
	}
}
