package verify

import (
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// Where one file holds several pieces of evidence, a demanded predicate type selects
// among them: what claims to be of another type is not considered, and is listed. It
// can make no difference for whoever could as well have left it out. What claims the
// type, and what does not say what it is, is judged.

// split tells the pieces to be judged, by their index, from those that are not
// considered.
func (p *Policy) split(items []bundle.Item) (considered []int, others []Ignored) {
	for i := range items {
		if p.isOther(&items[i]) {
			others = append(others, p.notConsidered(&items[i]))
		} else {
			considered = append(considered, i)
		}
	}
	return considered, others
}

// consider splits all that one file holds. If nothing in it is of the demanded type,
// everything is judged, so that each piece says why it is not what is wanted.
func (p *Policy) consider(items []bundle.Item) (considered []int, others []Ignored) {
	considered, others = p.split(items)
	if len(considered) > 0 {
		return considered, others
	}
	for i := range items {
		considered = append(considered, i)
	}
	return considered, nil
}

// isOther reports whether an item is one of several in a file, and claims to be
// something else than is demanded.
func (p *Policy) isOther(item *bundle.Item) bool {
	if p.PredicateType == "" || item.Part == "" && item.Line == 0 {
		return false
	}
	claimed, ok := claimedType(item)
	return ok && !slices.Contains(p.spellings(p.PredicateType), claimed)
}

// claimedType returns the predicate type that the payload claims, before anybody
// knows who signed it: "" if it is no statement. It is not ok if the payload should be
// a statement and is none.
func claimedType(item *bundle.Item) (predicateType string, ok bool) {
	if item.Envelope == nil || item.Envelope.UnverifiedMessage().PayloadType() != dsse.PayloadTypeInToto {
		return "", true
	}
	r := dsse.NewReader(item.Envelope.UnverifiedMessage())
	defer r.Close()
	s, err := intoto.ParseStatement(r)
	if err != nil {
		return "", false
	}
	return s.PredicateType, true
}

func (p *Policy) notConsidered(item *bundle.Item) Ignored {
	return Ignored{
		Source: item.Source, Member: item.Member, Line: item.Line, Part: item.Part, Reason: fault.PredicateType,
		Message: "it is not of the demanded type " + p.PredicateType,
	}
}

// selected splits all evidence, file by file.
func (p *Policy) selected(items []bundle.Item) (considered []bundle.Item, others []Ignored, lacking untyped) {
	run := ignoredRun{to: func(i *Ignored) error { others = append(others, *i); return nil }}
	for len(items) > 0 {
		file := items[0]
		end := slices.IndexFunc(items, func(i bundle.Item) bool { return i.Source != file.Source || i.Member != file.Member })
		if end < 0 {
			end = len(items)
		}
		split := p.consider
		if file.Line > 0 {
			split = p.split
		}
		indices, passed := split(items[:end])
		tally := lineTally{file: place(input.Display(file.Source), file.Member, 0, "")}
		tally.add(len(indices), passed)
		lacking.add(&tally)
		for _, i := range indices {
			considered = append(considered, items[i])
		}
		for i := range passed {
			_ = run.add(&passed[i]) // which only appends
		}
		items = items[end:]
	}
	_ = run.flush()
	return considered, others, lacking
}

// lineTally is what the lines of one file were, of which each is read by itself.
type lineTally struct {
	file             string // as messages call it
	evidence, others bool
}

func (t *lineTally) add(evidence int, ignored []Ignored) {
	t.evidence = t.evidence || evidence > 0
	t.others = t.others || others(ignored) > 0
}

// others counts what was ignored for its type.
func others(ignored []Ignored) int {
	n := 0
	for i := range ignored {
		if ignored[i].Reason == fault.PredicateType {
			n++
		}
	}
	return n
}

// untyped are the files of which no line was of the demanded type.
type untyped struct {
	first string
	more  int
}

func (u *untyped) add(t *lineTally) {
	switch {
	case t.evidence || !t.others:
	case u.first == "":
		u.first = t.file
	default:
		u.more++
	}
}

// conclude makes a finding of the files.
func (u *untyped) conclude(c *conclusion, p *Policy) {
	if u.first == "" {
		return
	}
	files := u.first
	if u.more > 0 {
		files += " and of " + counted(u.more, "other file")
	}
	c.whole("type", "", fault.New(fault.PredicateType, "no line of %s is a statement of the demanded type %q", files, p.PredicateType))
}
