package forensic

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"path"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/spill"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/verify"
)

const (
	// referenceMemory bounds what is held of all references, in bytes.
	referenceMemory = 16 << 20
	// maxClaims bounds the different things that are said about files of one name.
	maxClaims = 4096
	// maxReference bounds a name in a reference, in bytes.
	maxReference = 4 << 10
)

// references brings together what evidence says of other evidence with what is in the
// snapshot: records sorted by the last part of the name, claims before entries.
type references struct {
	sorter *spill.Sorter
	record []byte // the last one
	claims int
	signed bool // there is a claim of the kind aSigned
}

func newReferences() *references {
	return &references{sorter: spill.NewSorter("what evidence says of other evidence", referenceMemory)}
}

func (r *references) close() { _ = r.sorter.Close() } // nothing was kept

// The kinds of records.
const (
	aSubject byte = iota // of a statement: if a file is called so, it has this digest
	aDemand              // of an event: a file is called so, and has this digest
	aSigned              // of a signature over bare bytes: a file has this digest, which is the name
	anEntry
)

// nothingComparable stands for the digest of a demand that no entry can meet.
const nothingComparable = "----------------------------------------------------------------"

// add takes in what can be compared. Of a demand that cannot be, because of its name or
// its digest, it keeps that: it does not hold.
func (r *references) add(name string, kind byte, sum, place string) error {
	comparable := len(name) <= maxReference && !strings.ContainsRune(name, 0) && strictjson.IsSHA256(sum)
	switch {
	case comparable:
	case kind == aDemand:
		name, sum = strings.ReplaceAll(name[:min(len(name), maxReference)], "\x00", ""), nothingComparable
	default:
		return nil
	}
	if kind != anEntry {
		r.claims++
	}
	b := append(append(r.record[:0], path.Base(name)...), 0, kind)
	b = append(append(b, sum...), name...)
	r.record = append(append(b, 0), place...)
	return r.sorter.Add(r.record)
}

// entry takes in an entry by its content as it is in the snapshot.
func (r *references) entry(listed, got *Entry) error {
	name := listed.Name
	if name == "" {
		_, name, _ = strings.Cut(listed.Path, "/")
	}
	return r.add(name, anEntry, got.SHA256, listed.Path)
}

// claimed takes in what a verified statement, or signature over bare bytes, is about.
func (r *references) claimed(result *verify.Result) error {
	if result.Artifact != "" {
		r.signed = true
		return r.add("sha256:"+result.Artifact, aSigned, result.Artifact, result.Evidence[0].Member)
	}
	if result.Claims == nil || len(result.Evidence) == 0 {
		return nil
	}
	for _, s := range result.Claims.Subjects {
		if s.Name == "" {
			continue
		}
		if err := r.add(s.Name, aSubject, s.Digest["sha256"], result.Evidence[0].Member); err != nil {
			return err
		}
	}
	return nil
}

// event takes in the evidence that an event names: in its details a member evidence,
// a list of objects with name and sha256.
func (r *references) event(e *timeline.Event) error {
	if !bytes.Contains(e.Details, []byte(`"evidence"`)) {
		return nil
	}
	var said struct {
		Evidence []struct {
			Name   string         `json:"name"`
			SHA256 jsontext.Value `json:"sha256"` // a string, if it can be compared
		} `json:"evidence"`
	}
	if json.Unmarshal(e.Details, &said) != nil {
		return nil // evidence means something else there
	}
	for _, named := range said.Evidence {
		if named.Name == "" {
			continue
		}
		sum := strings.TrimPrefix(strings.Trim(string(named.SHA256), `"`), "sha256:")
		if err := r.add(named.Name, aDemand, sum, timelineName); err != nil {
			return err
		}
	}
	return nil
}

// byDigest takes in all entries by their digests, if anything asks for them.
func (r *references) byDigest(v *verification) error {
	if !r.signed {
		return nil
	}
	for e, err := range manifestEntries(v.manifestText.file, v.manifestText.size, v.entriesAt) {
		if err != nil {
			break // was said where the entries are joined
		}
		if err := r.add("sha256:"+e.SHA256, anEntry, e.SHA256, e.Path); err != nil {
			return err
		}
	}
	return nil
}

// claim is something that is said about files of one name.
type claim struct {
	kind             byte
	name, sum, place string
	met, matched     bool
	other            string // an entry of the name with another digest
}

// equal reports whether two claims say the same, wherever.
func (c *claim) equal(d *claim) bool { return c.kind == d.kind && c.name == d.name && c.sum == d.sum }

// judge gives a result for each reference that does not hold.
func (r *references) judge(v *verification) error {
	if r.claims == 0 {
		return nil
	}
	if err := r.byDigest(v); err != nil {
		return err
	}
	broken := 0
	var base string
	var claims []claim
	more := false // claims than can be held
	end := func() error {
		if more {
			broken++
			check := failure(checkReference, fault.InputTooLarge, "more than %d different things are said about files called %.100q", maxClaims, base)
			if err := v.hand(v.result("", 0, "references", check)); err != nil {
				return err
			}
		}
		for i := range claims {
			if check, bad := claims[i].judge(); bad {
				broken++
				if err := v.hand(v.result(claims[i].place, 0, "reference", check)); err != nil {
					return err
				}
			}
		}
		claims, more = claims[:0], false
		return nil
	}
	for record, err := range r.sorter.Sorted() {
		if err != nil {
			return err
		}
		key, rest := cutNUL(record)
		if key != base {
			if err := end(); err != nil {
				return err
			}
			base = key
		}
		kind, sum := rest[0], string(rest[1:65])
		name, place := cutNUL(rest[65:])
		if kind == anEntry {
			meet(claims, name, sum, string(place))
			continue
		}
		c := claim{kind: kind, name: name, sum: sum, place: string(place)}
		switch {
		case len(claims) > 0 && claims[len(claims)-1].equal(&c):
		case len(claims) == maxClaims:
			more = true
		default:
			claims = append(claims, c)
		}
	}
	if err := end(); err != nil || broken > 0 {
		return err
	}
	return v.hand(v.result("", 0, "references", passed(checkReference, "what evidence says of other evidence in the snapshot holds")))
}

// meet holds claims to an entry.
func meet(claims []claim, name, sum, place string) {
	for i := range claims {
		c := &claims[i]
		if name != c.name && strings.Contains(c.name, "/") && !strings.HasSuffix("/"+name, "/"+strings.TrimPrefix(c.name, "/")) && place != c.name {
			continue
		}
		c.met = true
		if sum == c.sum {
			c.matched = true
		} else {
			c.other = place
		}
	}
}

func (c *claim) judge() (check verify.Check, bad bool) {
	switch {
	case c.sum == nothingComparable:
		return failure(checkReference, fault.SnapshotReference,
			"an event names the evidence %.200q in a way that cannot be compared: a name has up to %d bytes, and sha256 64 lower-case hex digits", c.name, maxReference), true
	case c.matched, !c.met && c.kind == aSubject:
		return check, false
	case c.kind == aSigned:
		return failure(checkReference, fault.SubjectRequired, "it is a signature over a file with sha256:%s, and no entry of the snapshot is that", c.sum), true
	case c.met && c.kind == aSubject:
		return failure(checkReference, fault.SnapshotReference, "it is about %q with sha256:%s, and %s in the snapshot is another one", c.name, c.sum, c.other), true
	case c.met:
		return failure(checkReference, fault.SnapshotReference, "an event names the evidence %q with sha256:%s, and %s in the snapshot is another one", c.name, c.sum, c.other), true
	}
	return failure(checkReference, fault.SnapshotReference, "an event names the evidence %q, which is not in the snapshot", c.name), true
}
