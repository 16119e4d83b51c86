package forensic

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// counted counts what is read.
type counted struct {
	io.ReaderAt
	n int
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.n += n
	return n, err
}

// TestManifestIsMetered gives manifests that are longer than what is held of them, in
// every place where nothing says so before: no more of them is read at a time.
func TestManifestIsMetered(t *testing.T) {
	long := strings.Repeat("x", 8<<20)
	var names strings.Builder
	for i := range 1 << 20 {
		fmt.Fprintf(&names, `"%d":0,`, i)
	}
	for name, text := range map[string]string{
		"string":            `{"case":"` + long + `"}`,
		"unknown member":    `{"x":"` + long + `"}`,
		"array":             `{"x":[` + strings.Repeat("0,", 4<<20) + `0]}`,
		"names":             `{` + names.String() + `"x":0}`,
		"names in a member": `{"x":{` + names.String() + `"x":0}}`,
		"name":              `{"` + long + `":0}`,
		"space":             `{` + strings.Repeat(" ", 8<<20) + `}`,
		"kind":              `{"kind":"` + long + `"}`,
		"entry":             `{"entries":[{"section":"` + long + `"}]}`,
		"names in an entry": `{"entries":[{` + names.String() + `"x":0}]}`,
		"behind entries":    `{"entries":[{},{}],"x":"` + long + `"}`,
	} {
		r := &counted{ReaderAt: strings.NewReader(text)}
		_, _, err := readManifest(r, int64(len(text)), nil)
		require.ErrorIs(t, err, errMeter, name)
		assert.LessOrEqual(t, r.n, maxHead+2*maxEntry, name)
	}
	text := `{"entries":[{"section":"` + long + `"}]}`
	r := &counted{ReaderAt: strings.NewReader(text)}
	for _, err := range manifestEntries(r, int64(len(text)), int64(len(`{"entries"`))) {
		assert.ErrorIs(t, err, errMeter)
	}
	assert.LessOrEqual(t, r.n, 2*maxEntry)

	d := newDesk(t)
	o := d.options("")
	o.Notes = slices.Repeat([]string{strings.Repeat("x", maxMetadataValue)}, 40)
	_, err := NewDraft(t.Context(), []string{d.write("a", "a")}, o)
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err), "what could not be read is not written: %v", err)
	o.Notes = []string{strings.Repeat("x", maxMetadataValue+1)}
	_, err = NewDraft(t.Context(), []string{d.path("a")}, o)
	assert.Equal(t, fault.SnapshotMalformed, fault.ReasonOf(err))

	many := `{"entries":[` + strings.Repeat(`{"section":"s"},`, 1<<18) + `{}]`
	_, _, err = readManifest(strings.NewReader(many+`}`), int64(len(many)+1), nil)
	require.Error(t, err)
	assert.NotErrorIs(t, err, errMeter, "many entries are no long one")
}
