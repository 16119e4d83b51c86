package verify_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// twoFaced is a file that shows one content for a number of readings from its
// payload and another one from then on.
type twoFaced struct {
	before, after *bytes.Reader
	payload       int64 // where the payload begins
	readings      atomic.Int64
	honest        int64 // how many readings get the first face
}

func (f *twoFaced) ReadAt(p []byte, off int64) (int, error) {
	if off == f.payload {
		f.readings.Add(1)
	}
	if f.readings.Load() > f.honest {
		return f.after.ReadAt(p, off)
	}
	return f.before.ReadAt(p, off)
}

// Two envelopes are grouped by payload before they are verified. One that shows
// another payload by the time its signature is verified must not add to the
// threshold of the first.
func TestSwapBetweenGroupingAndVerification(t *testing.T) {
	ann, bob := newKey(t, "ann", keys.ECDSAP256), newKey(t, "bob", keys.ECDSAP256)
	good, evil := bytes.Repeat([]byte("good"), 1<<19), bytes.Repeat([]byte("evil"), 1<<19)
	first := sealed(t, dsse.NewMessage("text/plain", dsse.Bytes(good)), ann)
	after := sealed(t, dsse.NewMessage("text/plain", dsse.Bytes(evil)), bob)
	before := bytes.Replace(after, []byte(base64.StdEncoding.EncodeToString(evil)), []byte(base64.StdEncoding.EncodeToString(good)), 1)
	require.Len(t, before, len(after))

	policy := verify.Policy{Trust: trust(t, ann, bob), Threshold: 2, At: now()}
	changed := 0
	for honest := range int64(6) {
		e := evidence(t, first)
		file := &twoFaced{
			before: bytes.NewReader(before), after: bytes.NewReader(after),
			payload: int64(len(`{"payload":"`)), honest: honest,
		}
		require.NoError(t, e.Read("two-faced.json", file, int64(len(before))))
		r, err := verify.Verify(context.Background(), e, &policy)
		require.Error(t, err, "swapped after %d readings", honest)
		assert.True(t, r == nil || !r.Verified)
		if fault.ReasonOf(err) == fault.InputChanged {
			changed++
		}
	}
	assert.Positive(t, changed, "the swap between grouping and verification is caught as what it is")
}
