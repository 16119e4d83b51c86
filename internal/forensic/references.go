package forensic

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
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
	sorter     *spill.Sorter
	claims     int
	comparable bool // there is a claim with a SHA-256
	signed     bool // there is a claim of the kind aSigned
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

// nothingComparable stands for the digest of a claim that no entry can be compared with.
const nothingComparable = "----------------------------------------------------------------"

// add takes in what can be compared. Of a demand that cannot be, because of its name or
// its digest, it keeps that: it does not hold. Of a subject without a SHA-256 too: nobody
// knows whether it holds.
func (r *references) add(name string, kind byte, sum, place string) error {
	named := nameable(name)
	switch {
	case named && strictjson.IsSHA256(sum):
		r.comparable = r.comparable || kind != anEntry
	case kind == aDemand:
		name, sum = strings.ReplaceAll(name[:min(len(name), maxReference)], "\x00", ""), nothingComparable
	case kind == aSubject && named:
		sum = nothingComparable
	default:
		return nil // no entry is called so
	}
	if kind != anEntry {
		r.claims++
	}
	b := append([]byte(path.Base(name)), 0, kind)
	b = append(append(b, sum...), name...)
	b = append(append(b, 0), place...)
	return r.sorter.Add(b)
}

// nameable reports whether an entry may be called so.
func nameable(name string) bool { return len(name) <= maxReference && !strings.ContainsRune(name, 0) }

// entry takes in an entry by its content as it is in the snapshot.
func (r *references) entry(listed, got *Entry) error {
	name := listed.Name
	if name == "" || !nameable(name) {
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
	broken, open := 0, 0
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
			check := claims[i].judge()
			switch check.Status {
			case verify.Passed:
				continue
			case verify.Failed:
				broken++
			default:
				open++
			}
			if err := v.hand(v.result(claims[i].place, 0, "reference", check)); err != nil {
				return err
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
	if err := end(); err != nil || broken > 0 || !r.comparable {
		return err
	}
	words := "what evidence says of other evidence in the snapshot holds"
	if open > 0 {
		words += fmt.Sprintf("; not compared, for want of a SHA-256: %d", open)
	}
	return v.hand(v.result("", 0, "references", passed(checkReference, words)))
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

// judge passes what holds, and what is about nothing in the snapshot.
func (c *claim) judge() verify.Check {
	switch {
	case c.sum == nothingComparable && c.kind == aDemand:
		return failure(checkReference, fault.SnapshotReference,
			"an event names the evidence %.200q in a way that cannot be compared: a name has up to %d bytes, and sha256 64 lower-case hex digits", c.name, maxReference)
	case c.matched, !c.met && c.kind == aSubject:
		return passed(checkReference, "it holds")
	case c.sum == nothingComparable:
		return unestablished(checkReference, fmt.Sprintf("it is about %q without a SHA-256, so %s in the snapshot was not compared with it", c.name, c.other))
	case c.kind == aSigned:
		return failure(checkReference, fault.SubjectRequired, "it is a signature over a file with sha256:%s, and no entry of the snapshot is that", c.sum)
	case c.met && c.kind == aSubject:
		return failure(checkReference, fault.SnapshotReference, "it is about %q with sha256:%s, and %s in the snapshot is another one", c.name, c.sum, c.other)
	case c.met:
		return failure(checkReference, fault.SnapshotReference, "an event names the evidence %q with sha256:%s, and %s in the snapshot is another one", c.name, c.sum, c.other)
	}
	return failure(checkReference, fault.SnapshotReference, "an event names the evidence %q, which is not in the snapshot", c.name)
}
