package material_test

import (
	"crypto"
	"crypto/sha256"
	"encoding/json/jsontext"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify/material"
)

// TestAbout reads out of every kind of log entry, and out of time stamps, what they are about.
func TestAbout(t *testing.T) {
	w := world.New("about")
	for _, shape := range w.Shapes() {
		if shape.Options.Log == world.LogV2 && shape.Options.Entry == world.DSSE {
			continue // the log does not have this type any more
		}
		item, signed := read(t, w.Evidence(shape.Options))
		for _, entry := range item.Material.LogEntries {
			signature, err := material.EntrySignature(entry)
			require.NoError(t, err, shape.Name)
			assert.Equal(t, signed.Signature, signature, shape.Name)
		}
		responses, err := item.Material.TimestampResponses()
		require.NoError(t, err)
		for _, der := range responses {
			h, sum, err := material.Imprint(der)
			require.NoError(t, err, shape.Name)
			want := sha256.Sum256(signed.Signature)
			if h == crypto.SHA256 {
				assert.Equal(t, want[:], sum, shape.Name)
			}
		}
	}
	_, err := material.EntrySignature(jsontext.Value(`{}`))
	assert.Equal(t, fault.LogInvalid, fault.ReasonOf(err))
	_, _, err = material.Imprint([]byte("0"))
	assert.Equal(t, fault.TimestampInvalid, fault.ReasonOf(err))
}

// TestCheckpointAlone judges checkpoints of both versions of Rekor, each changed in every
// line.
func TestCheckpointAlone(t *testing.T) {
	for name, o := range map[string]world.Options{"v1": {}, "v2": {Log: world.LogV2, Cosignatures: 2}} {
		w := world.New("checkpoints")
		e := w.Evidence(o)
		item, _ := read(t, e)
		_, text := withCheckpoint(t, item.Material.LogEntries[0], "")
		root, err := trust(e)
		require.NoError(t, err)
		c := root.Checkpoint([]byte(text), e.At)
		require.NoError(t, c.Err, name)
		assert.NotEmpty(t, c.Authority)
		assert.Positive(t, c.Size)
		assert.Len(t, c.Hash, sha256.Size)
		assert.Len(t, c.Witnesses, o.Cosignatures)

		for _, years := range []int{-11, 11} { // the world's logs are trusted for ten
			c := root.Checkpoint([]byte(text), e.At.AddDate(years, 0, 0))
			require.ErrorIs(t, c.Err, material.ErrNotTrusted, name)
			assert.Empty(t, c.Authority)
		}

		lines := strings.SplitAfter(text, "\n")
		for i := range lines[:3] {
			changed := append(append([]string{}, lines[:i]...), flipped(lines[i]))
			c := root.Checkpoint([]byte(strings.Join(append(changed, lines[i+1:]...), "")), e.At)
			require.Error(t, c.Err, "%s, line %d", name, i+1)
			assert.Empty(t, c.Authority)
			assert.Empty(t, c.Witnesses)
		}
		assert.ErrorIs(t, (*material.Root)(nil).Checkpoint([]byte(text), e.At).Err, material.ErrNotTrusted)
		assert.Equal(t, fault.NotEvidence, fault.ReasonOf(root.Checkpoint([]byte("text\n"), e.At).Err))
		stranger, err := trust(w.Stranger().Evidence(o))
		require.NoError(t, err)
		require.ErrorIs(t, stranger.Checkpoint([]byte(text), e.At).Err, material.ErrNotTrusted)
	}
}

// flipped changes the first character of a line so that it stays one.
func flipped(line string) string {
	other := "1"
	if line[0] == '1' {
		other = "2"
	}
	return other + line[1:]
}

// FuzzCheckpointAlone: nothing but what the log signed is taken.
func FuzzCheckpointAlone(f *testing.F) {
	all := []fuzzed{newFuzzed(f, world.Options{}), newFuzzed(f, world.Options{Log: world.LogV2, Cosignatures: 2})}
	signed := make(map[string]bool)
	for _, z := range all {
		_, text := withCheckpoint(f, z.entry, "")
		f.Add(text)
		body, _, _ := strings.Cut(text, "\n\n")
		signed[body] = true
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, z := range all {
			c := z.root.Checkpoint([]byte(text), z.e.At)
			body, _, _ := strings.Cut(text, "\n\n")
			require.True(t, c.Err != nil || signed[body], "%q", text)
			require.Equal(t, c.Err == nil, c.Authority != "")
		}
	})
}
