package forensic

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// original is a snapshot as the original packages it: another recipe, another root line,
// sorted by path alone.
func original(entries ...member) members {
	var lines, list strings.Builder
	for i, e := range entries {
		sum := sha256.Sum256([]byte(e.content))
		fmt.Fprintf(&lines, "%x  %s\n", sum, e.name)
		if i > 0 {
			list.WriteString(",")
		}
		fmt.Fprintf(&list, `{"section":%q,"canonicalPath":%q,"sha256":"%x","sizeBytes":%d,"mediaType":"x"}`, sectionOf(e.name), e.name, sum, len(e.content))
	}
	root := sha256.Sum256([]byte(lines.String()))
	manifest := fmt.Sprintf(`{"bundleId":"0123456789ab4def8123456789abcdef","tenantId":"0123456789ab4def8123456789abcdef","kind":3,"createdAt":"2025-01-01T00:00:00Z",
		"metadata":{},"entries":[%s],"hashSummary":{"algorithm":"sha256","merkleRoot":"%x"}}`, list.String(), root)
	return append(members{{ManifestName, manifest}, {ChecksumsName, fmt.Sprintf("root %x\n%s", root, lines.String())}}, entries...)
}

// someOriginal has its entries in another order than ours would.
func someOriginal() members {
	return original(member{"attestations/none.txt", "a"}, member{"files/b", "b"}, member{"instructions.txt", "read me"},
		member{"timeline.ndjson.txt", "c"}, member{"transparency/note.txt", "d"})
}

// TestOriginal reads one as an archive and as a directory.
func TestOriginal(t *testing.T) {
	d := newDesk(t)
	m := someOriginal()
	unsigned := []string{"signature.dsse.json signature signature.missing"} // it has another form
	_, s, err := d.judge(t.Context(), m.tar(), "")
	require.NoError(t, err)
	assert.Equal(t, unsigned, s.failures())

	for _, x := range m {
		d.write("unpacked/"+x.name, x.content)
	}
	list, in, err := Open(d.path("unpacked"), nil)
	require.NoError(t, err)
	defer in.Close()
	s = &seen{}
	_, err = Verify(t.Context(), list, VerifyOptions{Name: "unpacked", Policy: d.policy}, s)
	require.NoError(t, err)
	assert.Equal(t, unsigned, s.failures(), "in a directory")

	_, root, _ := strings.Cut(m[1].content[:69], " ")
	require.Len(t, root, hex.EncodedLen(sha256.Size))
	m[1].content = strings.Replace(m[1].content, root, strings.Repeat("0", 64), 1)
	_, s, err = d.judge(t.Context(), m.tar(), "")
	require.NoError(t, err)
	assert.Contains(t, s.failures(), "checksums.txt root snapshot.root")
}

// TestDiffOfOriginals compares snapshots whose entries stand in different orders.
func TestDiffOfOriginals(t *testing.T) {
	d := newDesk(t)
	inputs, _ := d.aCase()
	old := someOriginal()
	diff, err := Diff(t.Context(), old.opener(), old.opener())
	require.NoError(t, err)
	assert.True(t, diff.Equal)

	changed := slices.Clone(old[2:])
	changed[1].content = "changed"
	diff, err = Diff(t.Context(), old.opener(), original(changed[:4]...).opener())
	require.NoError(t, err)
	assert.Equal(t, []string{"removed transparency/note.txt", "changed files/b"}, kindsOf(diff))

	newer := d.snapshot(d.options(""), inputs...)
	entries := slices.SortedFunc(slices.Values(newer.without("files/evidence/b.txt")[3:]), func(a, b member) int { return strings.Compare(a.name, b.name) })
	diff, err = Diff(t.Context(), original(entries...).opener(), newer.opener())
	require.NoError(t, err)
	// The original does not say how a file was called.
	assert.Equal(t, []string{"added files/evidence/b.txt", "changed files/evidence/c_x20d.txt"}, kindsOf(diff))
	diff, err = Diff(t.Context(), newer.opener(), original(entries...).opener())
	require.NoError(t, err)
	assert.Equal(t, []string{"removed files/evidence/b.txt", "changed files/evidence/c_x20d.txt"}, kindsOf(diff))

	// Each is held to its own order.
	slices.Reverse(entries)
	_, err = Diff(t.Context(), newer.opener(), original(entries...).opener())
	assert.Equal(t, fault.SnapshotMalformed, fault.ReasonOf(err))
}
