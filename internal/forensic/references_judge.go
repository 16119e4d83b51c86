package forensic

import (
	"fmt"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// claim is something that is said about files of one name.
type claim struct {
	kind             byte
	name, sum, place string
}

// equal reports whether two claims say the same, wherever.
func (c *claim) equal(d *claim) bool { return c.kind == d.kind && c.name == d.name && c.sum == d.sum }

// named is what is known of the files that claims are about by one name.
type named struct {
	last string          // the path of the last entry that is called so; "" for none
	sums map[string]bool // that are claimed, and whether an entry has them
}

// namesakes are the claims about files whose names end in the same part, and what is known
// of those files. An entry costs a look for each step of its name, however much is claimed.
type namesakes struct {
	base    string
	claims  []claim // sorted by kind and digest
	names   map[string]*named
	longest int  // of names, in bytes
	more    bool // claims than can be held
}

// add takes in a claim. Equal ones come one after the other.
func (n *namesakes) add(c *claim) {
	switch {
	case len(n.claims) > 0 && n.claims[len(n.claims)-1].equal(c):
		return
	case len(n.claims) == maxClaims:
		n.more = true
		return
	}
	n.claims = append(n.claims, *c)
	key := fromRoot(c.name)
	if n.names == nil {
		n.names = make(map[string]*named)
	}
	if n.names[key] == nil {
		n.names[key] = &named{sums: make(map[string]bool)}
		n.longest = max(n.longest, len(key))
	}
	n.names[key].sums[c.sum] = false
}

// fromRoot returns a name without what would make it absolute: a claim about /x/y is about
// whatever ends so.
func fromRoot(name string) string { return strings.TrimPrefix(name, "/") }

// meet holds the claims to an entry: those whose name its own ends in, and those that name
// its path in the snapshot.
func (n *namesakes) meet(name, sum, path string) {
	n.called(path, sum, path)
	for rest, more := name, true; more; _, rest, more = strings.Cut(rest, "/") {
		n.called(rest, sum, path)
	}
}

// called takes in that an entry is called so.
func (n *namesakes) called(name, sum, path string) {
	if len(name) > n.longest {
		return
	}
	if f := n.names[name]; f != nil {
		f.last = path
		if _, claimed := f.sums[sum]; claimed {
			f.sums[sum] = true
		}
	}
}

// judge hands on what is wrong with claims, and what cannot be known, and counts both.
func (n *namesakes) judge(v *verification) (broken, open int, err error) {
	if n.more {
		broken++
		check := failure(checkReference, fault.InputTooLarge, "more than %d different things are said about files called %.100q", maxClaims, n.base)
		if err := v.hand(v.result("", 0, "references", check)); err != nil {
			return 0, 0, err
		}
	}
	for i := range n.claims {
		c := &n.claims[i]
		check := c.judge(n.names[fromRoot(c.name)])
		switch check.Status {
		case verify.Passed:
			continue
		case verify.Failed:
			broken++
		default:
			open++
		}
		if err := v.hand(v.result(c.place, 0, "reference", check)); err != nil {
			return 0, 0, err
		}
	}
	return broken, open, nil
}

// judge gives a result for each reference that does not hold.
func (r *references) judge(v *verification) error {
	if r.claims == 0 {
		return nil
	}
	if err := r.byDigest(v); err != nil {
		return err
	}
	broken, open := 0, 0
	n := &namesakes{}
	next := func(base string) error {
		b, o, err := n.judge(v)
		broken, open = broken+b, open+o
		n = &namesakes{base: base, claims: n.claims[:0]}
		return err
	}
	for record, err := range r.sorter.Sorted() {
		if err != nil {
			return err
		}
		base, rest := cutNUL(record)
		if base != n.base {
			if err := next(base); err != nil {
				return err
			}
		}
		kind, sum := rest[0], string(rest[1:65])
		name, place := cutNUL(rest[65:])
		if kind != anEntry {
			n.add(&claim{kind: kind, name: name, sum: sum, place: string(place)})
		} else if len(n.claims) > 0 {
			n.meet(name, sum, string(place))
		}
	}
	if err := next(""); err != nil || broken > 0 || !r.comparable {
		return err
	}
	words := "what evidence says of other evidence in the snapshot holds"
	if open > 0 {
		words += fmt.Sprintf("; not compared, for want of a SHA-256: %d", open)
	}
	return v.hand(v.result("", 0, "references", passed(checkReference, words)))
}

// judge passes what holds, and what is about nothing in the snapshot.
func (c *claim) judge(of *named) verify.Check {
	met := of.last != ""
	switch {
	case c.sum == nothingComparable && c.kind == aDemand:
		return failure(checkReference, fault.SnapshotReference,
			"an event names the evidence %.200q in a way that cannot be compared: a name has up to %d bytes, and sha256 64 lower-case hex digits", c.name, maxReference)
	case of.sums[c.sum], !met && c.kind == aSubject:
		return passed(checkReference, "it holds")
	case c.sum == nothingComparable:
		return unestablished(checkReference, fmt.Sprintf("it is about %q without a SHA-256, so %s in the snapshot was not compared with it", c.name, of.last))
	case c.kind == aSigned:
		return failure(checkReference, fault.SubjectRequired, "it is a signature over a file with sha256:%s, and no entry of the snapshot is that", c.sum)
	case met && c.kind == aSubject:
		return failure(checkReference, fault.SnapshotReference, "it is about %q with sha256:%s, and %s in the snapshot is another one", c.name, c.sum, of.last)
	case met:
		return failure(checkReference, fault.SnapshotReference, "an event names the evidence %q with sha256:%s, and %s in the snapshot is another one", c.name, c.sum, of.last)
	}
	return failure(checkReference, fault.SnapshotReference, "an event names the evidence %q, which is not in the snapshot", c.name)
}
