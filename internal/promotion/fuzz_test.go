package promotion

import (
	"encoding/json/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
)

// FuzzReceipt states one property: what is a receipt of an entry gives back an entry
// whose receipt is the same.
func FuzzReceipt(f *testing.F) {
	w := world.New("receipts")
	for _, log := range []world.Log{world.LogV1, world.LogV1Promise, world.LogV1Proof, world.LogV2} {
		var b struct {
			Material struct {
				Entries []any `json:"tlogEntries"`
			} `json:"verificationMaterial"`
		}
		require.NoError(f, json.Unmarshal(w.Bundle(world.Options{Log: log}), &b))
		seed, err := json.Marshal(b.Material.Entries[0])
		require.NoError(f, err)
		f.Add(seed)
	}
	f.Add([]byte(`{"canonicalizedBody":"e30=","inclusionProof":{"checkpoint":{"envelope":"a\n1\nAA==\n"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := receiptOf(raw)
		if err != nil {
			assert.Equal(t, fault.LogInvalid, fault.ReasonOf(err))
			return
		}
		again, err := entryOf(r)
		if err != nil {
			return // of a body that is no log entry
		}
		same, err := receiptOf(again)
		require.NoError(t, err)
		assert.Equal(t, r, same)
	})
}
