package gather_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify"
)

// layoutMembers are an image layout with cosign's signature and attestation, as members of
// an archive, and an envelope beside it.
func layoutMembers(t *testing.T, below string) [][2]string {
	t.Helper()
	files, _ := world.New(t.Name()).Layout(world.Tags, world.Options{Signer: world.Key})
	var members [][2]string
	for name, f := range files {
		members = append(members, [2]string{below + name, string(f.Data)})
	}
	slices.SortFunc(members, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return append(members, [2]string{below + "z.dsse.json", "{}"})
}

// signed counts what the pieces hold as evidence of a layout, and lists the reasons of
// those that failed.
func signed(t *testing.T, in *gather.Inputs) (items int, failed []fault.Reason) {
	t.Helper()
	for p := range in.Pieces(t.Context(), false) {
		if _, ignored := errors.AsType[*verify.Ignored](p.Err); p.Err != nil && !ignored {
			failed = append(failed, fault.ReasonOf(p.Err))
		}
		if known, ok := p.Content.(verify.Parsed); ok {
			found, _ := known.Evidence()
			items += len(found)
		}
	}
	return items, failed
}

// TestLayoutInAnyOrder puts each of a layout's members first: none may decide whether the
// signatures in it are judged.
func TestLayoutInAnyOrder(t *testing.T) {
	members := layoutMembers(t, "")
	for range members {
		members = append(members[1:], members[0])
		tree(t, map[string]string{"lay.tar": string(archives(t, members)["a.tar"])})
		items, failed := signed(t, inputs(t, nil, "lay.tar"))
		assert.Equal(t, 2, items, "%s is first", members[0][0])
		assert.Empty(t, failed, "%s is first", members[0][0])
	}
}

// TestLayoutThatIsNotRead is an image layout where it cannot be read as one: that its
// signatures look like something else by themselves must not pass them over.
func TestLayoutThatIsNotRead(t *testing.T) {
	for _, below := range []string{"", "./", "deep/"} {
		for name, b := range archives(t, layoutMembers(t, below)) {
			tree(t, map[string]string{name: string(b)})
			if name != "a.tar" || below == "deep/" {
				_, failed := signed(t, inputs(t, nil, name))
				assert.Contains(t, failed, fault.LayoutUnread, "%q in %s", below, name)
			}
			_, failed := signed(t, inputs(t, bytes.NewReader(b), "-"))
			assert.Contains(t, failed, fault.LayoutUnread, "%q in %s", below, name)
		}
	}
}

// TestLayoutWithinALayout is one in an archive that is a layout itself.
func TestLayoutWithinALayout(t *testing.T) {
	members := append(layoutMembers(t, ""), layoutMembers(t, "deep/")...)
	tree(t, map[string]string{"lay.tar": string(archives(t, members)["a.tar"])})
	items, failed := signed(t, inputs(t, nil, "lay.tar"))
	assert.Equal(t, 2, items)
	assert.Contains(t, failed, fault.LayoutUnread)
}

// BenchmarkTar reads an archive that is no layout, which its headers tell.
func BenchmarkTar(b *testing.B) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	content := bytes.Repeat([]byte("x"), 1500)
	for i := range 10_000 {
		require.NoError(b, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("artifact-%06d.sigstore.json", i), Size: int64(len(content)), Mode: 0o600}))
		_, err := w.Write(content)
		require.NoError(b, err)
	}
	require.NoError(b, w.Close())
	name := b.TempDir() + "/a.tar"
	require.NoError(b, os.WriteFile(name, buf.Bytes(), 0o600))
	for b.Loop() {
		in := gather.New([]string{name}, gather.Options{})
		for range in.Pieces(b.Context(), false) {
		}
		require.NoError(b, in.Close())
	}
}
