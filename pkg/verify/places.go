package verify

import "slices"

// unplaced marks a holder that fills no place.
const unplaced = -1

// assign gives holders to requirements so that as many places as possible are
// filled. Requirement r has places[r] of them, holder h may fill one in any of
// wanted[h], and fills one at most. It returns the requirement of each holder,
// or unplaced.
//
// It is the matching by augmenting paths: a holder takes a free place, or one
// whose holder can move on to another. However the holders are ordered, no
// other assignment fills more.
func assign(places []int, wanted [][]int) []int {
	a := assignment{free: slices.Clone(places), wanted: wanted, at: make([]int, len(wanted))}
	for h := range a.at {
		a.at[h] = unplaced
	}
	for h := range wanted {
		a.place(h, make([]bool, len(places)))
	}
	return a.at
}

type assignment struct {
	free   []int // places that are left, by requirement
	wanted [][]int
	at     []int // requirement by holder
}

// place finds a place for h, moving others on where that helps. A requirement
// that was tried is not tried again, so the depth is that of the requirements.
func (a *assignment) place(h int, tried []bool) bool {
	for _, r := range a.wanted[h] {
		if a.free[r] > 0 {
			a.free[r]--
			a.at[h] = r
			return true
		}
	}
	for _, r := range a.wanted[h] {
		if tried[r] {
			continue
		}
		tried[r] = true
		for other, at := range a.at {
			if at == r && a.place(other, tried) {
				a.at[h] = r
				return true
			}
		}
	}
	return false
}

// lacking returns how many places of each requirement an assignment leaves
// empty, and whether that is none.
func lacking(places, at []int) (lack []int, full bool) {
	lack, full = slices.Clone(places), true
	for _, r := range at {
		if r != unplaced {
			lack[r]--
		}
	}
	for _, n := range lack {
		full = full && n == 0
	}
	return lack, full
}
