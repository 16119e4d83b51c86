package gather_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/gather"
)

// stray is a blob of it that no manifest leads to.
var stray = "blobs/sha256/" + strings.Repeat("a", 64)

// emptyLayout is an image layout without images, and what somebody put beside it.
func emptyLayout(more map[string]string) map[string]string {
	files := map[string]string{
		"oci-layout": `{"imageLayoutVersion":"1.0.0"}`,
		"index.json": `{"schemaVersion":2,"manifests":[]}`,
		stray:        `{"payload":1}`,
	}
	maps.Copy(files, more)
	return files
}

func below(dir string, files map[string]string) map[string]string {
	out := make(map[string]string, len(files))
	for name, content := range files {
		out[dir+"/"+name] = content
	}
	return out
}

// TestLayoutHidesNothing puts evidence wherever a layout keeps nothing.
func TestLayoutHidesNothing(t *testing.T) {
	hidden := map[string]string{
		"bad.sigstore.json":              "{}",
		"deep/bad.sigstore.json":         "{}",
		"deep/oci-layout":                `{"imageLayoutVersion":"1.0.0"}`,
		"deep/index.json":                `{"schemaVersion":2}`,
		"deep/index.json.sigstore.json":  "{}",
		"blobs/bad.sigstore.json":        "{}",
		"blobs/sha256/bad.sigstore.json": "{}",
		"blobs/sha512/bad.sigstore.json": "{}",
		"blobs/sha256/" + strings.Repeat("b", 64) + "/x.sigstore.json": "{}",
	}
	none := ": ignored: an image layout that holds no signature or attestation"
	want := []string{"d/sub" + none, "d/sub/deep" + none, "d/sub/" + stray + ` = {"payload":1}`}
	for name := range hidden {
		if strings.HasSuffix(name, ".sigstore.json") {
			want = append(want, "d/sub/"+name+" = {}")
		}
	}
	slices.Sort(want)
	tree(t, below("d/sub", emptyLayout(hidden)))
	for _, again := range []bool{false, true} {
		got := list(t, inputs(t, nil, "d"), again)
		assert.Equal(t, "d/sub"+none, got[0])
		slices.Sort(got)
		assert.Equal(t, want, got, "again: %v", again)
	}
}

func TestNamedLayoutWithMoreInIt(t *testing.T) {
	tree(t, below("lay", emptyLayout(map[string]string{"x.sigstore.json": "{}", "readme": "text"})))
	both(t, []string{"lay (named): signature.missing", "lay/" + stray + ` = {"payload":1}`, "lay/readme = text", "lay/x.sigstore.json = {}"}, "", "lay")
	both(t, []string{"./lay/. (named): signature.missing", "lay/" + stray + ` = {"payload":1}`, "lay/readme = text", "lay/x.sigstore.json = {}"}, "", "./lay/.")
	t.Chdir("lay")
	both(t, []string{". (named): signature.missing", stray + ` = {"payload":1}`, "readme = text", "x.sigstore.json = {}"}, "", ".")
}

func TestArchivedLayoutHidesNothing(t *testing.T) {
	files := emptyLayout(map[string]string{"./z.sigstore.json": "{}", "deep/a.sigstore.json": "{}", "readme": "text", "blobs/sha256/x.sigstore.json": "{}"})
	names := slices.Sorted(maps.Keys(files))
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(b[:1], a[:1]) }) // oci-layout before what is deep
	members := [][2]string{{"oci-layout", files["oci-layout"]}}
	for _, name := range names {
		if name != "oci-layout" {
			members = append(members, [2]string{name, files[name]})
		}
	}
	tree(t, map[string]string{"a.tar": string(archives(t, members)["a.tar"])})
	both(t, []string{
		"a.tar (named): signature.missing",
		"a.tar!readme: input.not_evidence",
		"a.tar!deep/a.sigstore.json = {}",
		"a.tar!" + stray + ` = {"payload":1}`,
		"a.tar!blobs/sha256/x.sigstore.json = {}",
		"a.tar!z.sigstore.json = {}",
	}, "", "a.tar")
}

func TestLayoutWithoutWhatIsWanted(t *testing.T) {
	tree(t, below("d/sub", emptyLayout(nil)))
	in := gather.New([]string{"d"}, gather.Options{About: []string{"sha256:" + strings.Repeat("c", 64)}})
	t.Cleanup(func() { require.NoError(t, in.Close()) })
	assert.Equal(t, []string{
		"d/sub: ignored: an image layout that holds no signature or attestation attached to sha256:" + strings.Repeat("c", 64),
		"d/sub/" + stray + ` = {"payload":1}`,
	}, list(t, in, false))
}
