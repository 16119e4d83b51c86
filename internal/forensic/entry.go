package forensic

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// The members that are no entries.
const (
	ManifestName  = "manifest.json"
	SignatureName = "signature.dsse.json"
	ChecksumsName = "checksums.txt"
)

// The entries that stand by themselves.
const (
	timelineName     = "timeline.ndjson"
	checkpointName   = "timeline.checkpoint"
	timelineKeyName  = "timeline.key.pub" // stands before the timeline
	instructionsName = "instructions.txt"
)

// The sections, in their order.
const (
	sectionAttestations = "attestations"
	sectionTimeline     = "timeline"
	sectionTransparency = "transparency"
	sectionTimestamps   = "timestamps"
	sectionFiles        = "files"
	sectionInstructions = "instructions"
)

const (
	// maxPath bounds an entry's path, in bytes.
	maxPath = 1024
	// maxEntries bounds the entries of a snapshot.
	maxEntries = 1<<21 - 3 // with the three other members as many as an archive may have
)

// Entry is one file in a snapshot.
type Entry struct {
	Section string `json:"section"`
	Path    string `json:"canonicalPath"`
	SHA256  string `json:"sha256"` // lower-case hex
	Size    int64  `json:"sizeBytes"`
	// Name is the file's own path, where that is not what the end of Path says.
	Name string `json:"name,omitempty"`
}

// sectionOf returns the section that a path lies in.
func sectionOf(path string) string {
	top, _, below := strings.Cut(path, "/")
	switch {
	case below && (top == sectionAttestations || top == sectionTransparency || top == sectionTimestamps):
		return top
	case path == timelineName, path == checkpointName, path == timelineKeyName:
		return sectionTimeline
	case path == instructionsName:
		return sectionInstructions
	}
	return sectionFiles
}

// rank is the place of a path's section among the others.
func rank(path string) byte {
	switch sectionOf(path) {
	case sectionAttestations:
		return 0
	case sectionTimeline:
		return 1
	case sectionTransparency:
		return 2
	case sectionTimestamps:
		return 3
	case sectionInstructions:
		return 5
	}
	return 4
}

// compare orders paths as the entries of a snapshot are: by section, then by bytes.
func compare(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}

// checkPath returns why a path is none of an entry.
func checkPath(path string) error {
	switch {
	case path == "" || len(path) > maxPath:
		return fmt.Errorf("it has %d bytes, and 1 to %d are allowed", len(path), maxPath)
	case path == ManifestName || path == SignatureName || path == ChecksumsName:
		return fmt.Errorf("%s is no entry", path)
	case strings.ContainsFunc(path, func(r rune) bool { return !inPath(r) }):
		return fmt.Errorf("it has other characters than A-Z, a-z, 0-9, and /_.-")
	}
	for step := range strings.SplitSeq(path, "/") {
		if step == "" || step == "." || step == ".." {
			return fmt.Errorf("it is not in its shortest form")
		}
	}
	return nil
}

// inPath reports whether a path may hold r.
func inPath(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '/', r == '_', r == '.', r == '-':
		return true
	}
	return false
}

// canonicalPath returns the path of an entry for a file called name, with slashes:
// every other byte than a path may hold is written as _x and two hex digits.
func canonicalPath(section, name string) (string, error) {
	var b strings.Builder
	b.WriteString(section + "/")
	for i := range len(name) {
		if inPath(rune(name[i])) {
			b.WriteByte(name[i])
		} else {
			fmt.Fprintf(&b, "_x%02x", name[i])
		}
	}
	if err := checkPath(b.String()); err != nil {
		return "", fault.Wrap(fault.SnapshotMalformed, err, "%.200q cannot be the path of an entry", name)
	}
	return b.String(), nil
}

// check returns why an entry of a manifest is none.
func (e *Entry) check() error {
	if err := checkPath(e.Path); err != nil {
		return fmt.Errorf("its path %.200q is not canonical: %w", e.Path, err)
	}
	switch {
	case !strictjson.IsSHA256(e.SHA256):
		return fmt.Errorf("the digest of %q is not 64 lower-case hex digits", e.Path)
	case e.Size < 0:
		return fmt.Errorf("the size of %q is negative", e.Path)
	case e.Section == "":
		return fmt.Errorf("%q has no section", e.Path)
	}
	return nil
}
