package verify

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// most is the number of places that can be filled, by trying everything.
func most(places []int, wanted [][]int) int {
	if len(wanted) == 0 {
		return 0
	}
	best := most(places, wanted[1:]) // the first holder fills none
	for _, r := range wanted[0] {
		if places[r] > 0 {
			places[r]--
			best = max(best, 1+most(places, wanted[1:]))
			places[r]++
		}
	}
	return best
}

// TestAssignFillsAsManyPlacesAsCanBe compares with trying everything.
func TestAssignFillsAsManyPlacesAsCanBe(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tight := 0
	for range 20_000 {
		places := make([]int, 1+random.IntN(4))
		total := 0
		for r := range places {
			places[r] = 1 + random.IntN(3)
			total += places[r]
		}
		wanted := make([][]int, random.IntN(7))
		for h := range wanted {
			for r := range places {
				if random.IntN(3) == 0 {
					wanted[h] = append(wanted[h], r)
				}
			}
		}
		at := assign(places, wanted)
		require.Len(t, at, len(wanted))
		filled := 0
		for h, r := range at {
			if r != unplaced {
				filled++
				assert.Contains(t, wanted[h], r, "a holder fills only a place that it may")
			}
		}
		lack, full := lacking(places, at)
		for _, n := range lack {
			assert.GreaterOrEqual(t, n, 0, "no place is filled twice")
		}
		require.Equal(t, most(places, wanted), filled, "places %v wanted %v", places, wanted)
		assert.Equal(t, filled == total, full)
		if full && len(wanted) == total {
			tight++
		}
	}
	assert.Greater(t, tight, 100, "cases in which every holder is needed in the one right place")
}

func TestAssignMovesHoldersOn(t *testing.T) {
	// One of release and two of security: ann could do either, and is needed for
	// release once bob and eve, who cannot release, are there.
	at := assign([]int{2, 1}, [][]int{{0, 1}, {0}, {0}})
	assert.Equal(t, []int{1, 0, 0}, at)
}
