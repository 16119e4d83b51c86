package forensic

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"path"
	"strings"

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
	record     []byte // the last one
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
	b := append(append(r.record[:0], path.Base(name)...), 0, kind)
	b = append(append(b, sum...), name...)
	r.record = append(append(b, 0), place...)
	return r.sorter.Add(r.record)
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
