package chain

import "github.com/stellaops/stella/internal/fault"

// maxProblems bounds the problems that are listed; all are counted.
const maxProblems = 100

// Findings are what is wrong with a file, each a P in our own words, and the checkpoints
// that it was held to.
type Findings[P any] struct {
	// Checkpoints are those that the file was held to.
	Checkpoints []Compared `json:"checkpoints,omitempty"`
	// Problems are the first of ProblemCount differences from an untouched file.
	Problems     []P `json:"problems,omitempty"`
	ProblemCount int `json:"problemCount"`

	malformed bool // there is no record at all in what should be a file of them
}

// Anchored returns the number of records that a checkpoint kept elsewhere, and that
// agrees, covers.
func (f *Findings[P]) Anchored() uint64 {
	var n uint64
	for _, c := range f.Checkpoints {
		if c.Anchored && c.Agrees {
			n = max(n, c.Size)
		}
	}
	return n
}

// Found adds a problem.
func (f *Findings[P]) Found(p P) {
	f.ProblemCount++
	if len(f.Problems) < maxProblems {
		f.Problems = append(f.Problems, p)
	}
}

// Conclude ends the reading of a file that has lines, of them so many records, and ends
// in head. It holds the file to checkpoints, which have met all its heads, and gives what
// is wrong to found, which adds it.
func (f *Findings[P]) Conclude(k *Kind, lines, records int, head Head, checkpoints []Compared, found func(problem string)) {
	f.malformed, f.Checkpoints = records == 0 && lines > 0, checkpoints
	for i := range checkpoints {
		if problem := checkpoints[i].problem(k, head); problem != "" {
			found(problem)
		}
	}
	if f.malformed && f.ProblemCount == 0 {
		found("its only line has no end")
	}
}

// Verdict returns nil if and only if no problem was found: else k.Tampered, or
// k.Malformed if there is no record at all in what should be a file of them.
func (f *Findings[P]) Verdict(k *Kind) error {
	switch {
	case f.ProblemCount == 0:
		return nil
	case f.malformed:
		return fault.New(k.Malformed, "it is no %s: it holds no whole %s", k.Name, k.Record)
	}
	return fault.New(k.Tampered, "the %s was changed: %v", k.Name, f.Problems[0])
}
