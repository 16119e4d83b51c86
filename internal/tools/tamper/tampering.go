package main

import (
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
)

// What is in the snapshot of the story.
const (
	manifestFile  = forensic.ManifestName
	signatureFile = forensic.SignatureName
	checksumsFile = forensic.ChecksumsName
	before        = "attestations/case/before.sigstore.json" // by a key that is revoked, with a time stamp from before
	image         = "attestations/case/image.sigstore.json"
	bareEnvelope  = "attestations/case/other.dsse.json" // an envelope without a bundle
	prod          = "attestations/case/prod.sigstore.json"
	scan          = "attestations/case/scan.sigstore.json"
	staging       = "attestations/case/staging.sigstore.json"
	checkpoint    = "timeline.checkpoint"
	timelineKey   = "timeline.key.pub"
	timelineFile  = "timeline.ndjson"
	stampQuery    = "timestamps/case/before.tsq"
	stamp         = "timestamps/case/before.tsr"
	beforeSBOM    = "files/case/before.cdx.json" // which the attestation before is about
	notes         = "files/case/notes.txt"       // which nothing names
	scanLog       = "files/case/scan.log"        // which the timeline names
	instructions  = "instructions.txt"
	whole         = "" // the archive as a whole
)

// tampering is one thing that is done to a snapshot.
type tampering struct {
	name, does string
	// exit is the exit status of the verifier, and says all that it has to find; the
	// first of it is what the tampering is.
	exit int
	says []finding
	do   func(w *work)
}

// finding is a reason at a place: a member, or a line of one as in "checksums.txt:3".
type finding struct {
	reason fault.Reason
	place  string
}

func at(reason fault.Reason, place string) finding { return finding{reason, place} }

func (f finding) String() string {
	if f.place == whole {
		return fmt.Sprintf("%s at the snapshot", f.reason)
	}
	return fmt.Sprintf("%s at %s", f.reason, f.place)
}

// tamperings are all of them, in the order in which they are shown.
func tamperings() []tampering {
	return slices.Concat(ofHead(), ofSignature(), ofEntries(), ofArchive(), ofTimeline(), ofEvidence(), ofInsiders())
}

// untouched is none: the snapshot is packed anew.
func untouched() tampering {
	return tampering{name: "untouched", does: "nothing", do: func(*work) {}}
}

func find(name string) (tampering, error) {
	all := append(tamperings(), untouched())
	i := slices.IndexFunc(all, func(t tampering) bool { return t.name == name })
	if i < 0 {
		return tampering{}, fmt.Errorf("there is no tampering %q: see docs/tamperings.md", name)
	}
	return all[i], nil
}
