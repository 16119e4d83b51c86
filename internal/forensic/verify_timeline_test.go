package forensic

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/spill"
)

// TestTimelineThatCannotBeJudged fills what is kept of a timeline while there is no
// place for more: without a judgement there is no verdict.
func TestTimelineThatCannotBeJudged(t *testing.T) {
	d := newDesk(t)
	tl := d.path("large.ndjson")
	d.events(tl, slices.Repeat([]string{`{}`}, 130_000)...)
	text := d.snapshot(d.options(tl), d.write("evidence.sigstore.txt", "x")).tar()
	list := archive.ReadTar(bytes.NewReader(text), archive.Gzip)
	full := func(int) { // when the checkpoint was read
		for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
			t.Setenv(name, d.path("absent"))
		}
	}
	v, err := Verify(t.Context(), list, VerifyOptions{Name: "snapshot", Policy: d.policy, Progress: full}, &seen{})
	require.Error(t, err)
	assert.Nil(t, v)
}

// TestTimelineThatIsOnlyNamed is signed as it is: the manifest names a timeline, and lists
// no entry for it.
func TestTimelineThatIsOnlyNamed(t *testing.T) {
	d := newDesk(t)
	draft := &Draft{sorter: spill.NewSorter("entries", collectMemory), inline: make(map[string][]byte)}
	defer draft.Close()
	require.NoError(t, draft.addInline("files/a", []byte("a")))
	draft.Manifest.Timeline = &TimelineHead{Events: 4, Head: strings.Repeat("0", 64)}
	o := d.options("")
	require.NoError(t, draft.summarise(&o))
	var m members
	require.NoError(t, draft.Write(&m, d.sign(draft.Message)))
	v, s, err := d.judge(t.Context(), m.tar(), "")
	require.NoError(t, err)
	assert.False(t, v.Whole.Verified)
	assert.Equal(t, []string{timelineName + " timeline snapshot.missing"}, s.failures())
}

func TestTimelineHeadInWords(t *testing.T) {
	assert.Equal(t, "none", TimelineHead{}.String())
	assert.Equal(t, "4 events up to ab", TimelineHead{Events: 4, Head: "ab"}.String())
}
