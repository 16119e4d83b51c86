package main

import (
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// ofInsiders is done by somebody who can sign snapshots as the laboratory does, so that
// manifest, checksums, root and signature fit: what is found is what evidence says itself.
func ofInsiders() []tampering {
	return []tampering{
		{
			"insider-evidence-absent", "the laboratory leaves out a file that the timeline names", fault.ExitRejected,
			[]finding{at(fault.SnapshotReference, timelineFile)},
			func(w *work) { w.remove(scanLog); w.reseal(lab) },
		},
		{
			"insider-evidence-changed", "the laboratory changes a file that the timeline names", fault.ExitRejected,
			[]finding{at(fault.SnapshotReference, timelineFile)},
			func(w *work) { w.edit(scanLog, flip); w.reseal(lab) },
		},
		{
			"insider-subject", "the laboratory changes a file that somebody else attested", fault.ExitRejected,
			[]finding{at(fault.SnapshotReference, before)},
			func(w *work) { w.edit(beforeSBOM, flip); w.reseal(lab) },
		},
		{
			"insider-attestation", "the laboratory changes what a builder attested", fault.ExitRejected,
			[]finding{at(fault.SignatureUntrusted, image)},
			func(w *work) { w.edit(image, payload(digit(`"sha256":"`))); w.reseal(lab) },
		},
		{
			"insider-attestation-own", "the laboratory signs as if it were the builder", fault.ExitRejected,
			[]finding{at(fault.KeyTypeForbidden, image)},
			func(w *work) { w.edit(image, w.signedAnew(lab)); w.reseal(lab) },
		},
		{
			"insider-timeline-cut", "the laboratory cuts the timeline, without its key", fault.ExitRejected,
			[]finding{at(fault.TimelineTampered, timelineFile)},
			func(w *work) {
				w.edit(timelineFile, lines(func(l []string) []string { return l[:len(l)-1] }))
				w.reseal(lab)
			},
		},
		{
			"insider-timeline-edited", "the laboratory has an event say something else, without the timeline's key", fault.ExitRejected,
			[]finding{at(fault.TimelineTampered, timelineFile)},
			func(w *work) {
				w.edit(timelineFile, lines(func(l []string) []string {
					l[3] = strings.Replace(l[3], "stop", "pass", 1)
					return chained(slices.Clone(l))
				}))
				w.reseal(lab)
			},
		},
		{
			"insider-evidence-renamed", "the laboratory gives a promotion that the timeline names another name", fault.ExitRejected,
			[]finding{at(fault.SnapshotReference, timelineFile)},
			func(w *work) {
				w.replace(prod, member{name: "attestations/case/paid.sigstore.json", content: w.content(prod)})
				w.reseal(lab)
			},
		},
	}
}
