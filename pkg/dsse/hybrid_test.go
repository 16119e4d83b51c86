package dsse_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

func TestCount(t *testing.T) {
	keys := []dsse.Key{
		0: {Holder: "ann", Hybrid: "h"}, 1: {Holder: "ann", Hybrid: "h"},
		2: {Holder: "ann", Hybrid: "older"}, 3: {Holder: "ann", Hybrid: "older"}, 4: {Holder: "ann", Hybrid: "older"},
		5: {Holder: "bob"}, 6: {Holder: "bob"},
		7: {Holder: "eve", Hybrid: "h"}, 8: {Holder: "eve", Hybrid: "h"},
		9: {Holder: "zoe"},
	}
	name := func(key int) string { return "#" + strconv.Itoa(key) }
	for _, row := range []struct {
		name      string
		signed    []int
		threshold int
		holders   []string
		want      fault.Reason
		says      string
	}{
		{"a complete hybrid", []int{0, 1}, 1, []string{"ann"}, "", ""},
		{"one half", []int{0}, 1, nil, fault.SignatureHybrid, "#1"},
		{"the other half", []int{1}, 1, nil, fault.SignatureHybrid, "#0"},
		{"two of three", []int{2, 4}, 1, nil, fault.SignatureHybrid, "#3"},
		{"one of three", []int{3}, 1, nil, fault.SignatureHybrid, "#2, #4"},
		{"halves of two hybrids of one holder", []int{0, 2}, 1, nil, fault.SignatureHybrid, "#1"},
		{"halves of two holders with the same name", []int{0, 8}, 1, nil, fault.SignatureHybrid, "#1"},
		{"one hybrid complete, the other not", []int{0, 1, 3}, 1, []string{"ann"}, "", ""},
		{"two complete hybrids of one holder count once", []int{0, 1, 2, 3, 4}, 2, []string{"ann"}, fault.SignatureThreshold, "1 of 2"},
		{"two keys of one holder count once", []int{5, 6}, 2, []string{"bob"}, fault.SignatureThreshold, "1 of 2"},
		{"hybrid and single", []int{0, 1, 9}, 2, []string{"ann", "zoe"}, "", ""},
		{"half a hybrid beside a single", []int{0, 9}, 1, []string{"zoe"}, "", ""},
		{"half a hybrid adds nothing", []int{0, 9}, 2, []string{"zoe"}, fault.SignatureHybrid, `hybrid "h" of "ann" is incomplete: no signature by #1`},
		{"nor would the other half be enough", []int{0, 9}, 3, []string{"zoe"}, fault.SignatureThreshold, "1 of 3"},
		{"half a hybrid of a holder who signed otherwise", []int{0, 1, 2}, 2, []string{"ann"}, fault.SignatureThreshold, "1 of 2"},
		{"nobody", nil, 1, nil, fault.SignatureThreshold, "0 of 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			signed := make([]bool, len(keys))
			for _, i := range row.signed {
				signed[i] = true
			}
			tally := dsse.Count(keys, signed)
			assert.Equal(t, row.holders, tally.Holders)
			err := tally.Check(row.threshold, name)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err))
			assert.ErrorContains(t, err, row.says)
		})
	}
}

// TestOpenHybrid strips, swaps and repeats the signatures of a hybrid.
func TestOpenHybrid(t *testing.T) {
	keys := testKeys(t)
	classical, quantum, other := keys["ecdsa-p256"], keys["ml-dsa-65"], keys["ed25519"]
	half := func(k dsse.Key) dsse.Key { k.Hybrid = "h"; return k }
	trusted := []dsse.Key{half(keyOf(t, "ann", classical)), half(keyOf(t, "ann", quantum)), keyOf(t, "bob", other)}
	for _, row := range []struct {
		name      string
		envelope  []byte
		threshold int
		want      fault.Reason
	}{
		{"both", seal(t, []byte("p"), classical, quantum), 1, ""},
		{"both, the other way round", seal(t, []byte("p"), quantum, classical), 1, ""},
		{"post-quantum signature removed", seal(t, []byte("p"), classical), 1, fault.SignatureHybrid},
		{"classical signature removed", seal(t, []byte("p"), quantum), 1, fault.SignatureHybrid},
		{"classical signature twice", seal(t, []byte("p"), classical, classical), 1, fault.SignatureHybrid},
		{"another's in its place", seal(t, []byte("p"), classical, other), 2, fault.SignatureHybrid},
		{"another signed", seal(t, []byte("p"), classical, other), 1, ""},
		{"all", seal(t, []byte("p"), classical, quantum, other), 2, ""},
		{"two halves are one holder", seal(t, []byte("p"), classical, quantum), 2, fault.SignatureThreshold},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, err := parse(row.envelope)
			require.NoError(t, err)
			_, err = dsse.Open(e, row.threshold, trusted...)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
}
