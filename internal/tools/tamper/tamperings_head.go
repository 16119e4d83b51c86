package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// ofHead is done to manifest and checksums.
func ofHead() []tampering {
	return []tampering{
		{
			"manifest-bit", "a bit of a digest in the manifest is flipped", fault.ExitRejected,
			[]finding{at(fault.SubjectMismatch, signatureFile), at(fault.SnapshotChecksum, notes), at(fault.SnapshotChecksum, "checksums.txt:14")},
			func(w *work) { w.edit(manifestFile, digit(notes+`","sha256":"`)) },
		},
		{
			"manifest-note", "a note in the manifest says something else", fault.ExitRejected,
			[]finding{at(fault.SubjectMismatch, signatureFile)},
			func(w *work) { w.edit(manifestFile, swap("as found", "as moved")) },
		},
		{
			"manifest-case", "the manifest names another case", fault.ExitRejected,
			[]finding{at(fault.SnapshotCase, signatureFile), at(fault.SnapshotCase, manifestFile), at(fault.SubjectMismatch, signatureFile)},
			func(w *work) { w.edit(manifestFile, swap("CASE-7", "CASE-8")) },
		},
		{
			"manifest-size", "the manifest says another size of a file", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, notes), at(fault.SubjectMismatch, signatureFile)},
			func(w *work) {
				size := len(w.content(notes))
				w.edit(manifestFile, onLine(notes, swap(fmt.Sprintf(`"sizeBytes":%d}`, size), fmt.Sprintf(`"sizeBytes":%d}`, size+1))))
			},
		},
		{
			"manifest-entry-twice", "an entry is listed twice", fault.ExitRejected,
			[]finding{at(fault.SnapshotOrder, manifestFile), at(fault.SubjectMismatch, signatureFile), at(fault.SnapshotMissing, checksumsFile)},
			func(w *work) {
				w.edit(manifestFile, lines(func(l []string) []string { return slices.Insert(l, 2, l[1]) }))
			},
		},
		{
			"manifest-entry-gone", "an entry is listed no more", fault.ExitRejected,
			[]finding{at(fault.SnapshotUnlisted, notes), at(fault.SnapshotUnlisted, "checksums.txt:14"), at(fault.SubjectMismatch, signatureFile)},
			func(w *work) { w.edit(manifestFile, without(notes)) },
		},
		{
			"manifest-path", "an entry is listed at a path that leads out", fault.ExitRejected,
			[]finding{
				at(fault.SnapshotMalformed, manifestFile), at(fault.SubjectMismatch, signatureFile),
				at(fault.SnapshotUnlisted, instructions), at(fault.SnapshotUnlisted, "checksums.txt:18"),
			},
			func(w *work) { w.edit(manifestFile, swap(`"`+instructions, `"../`+instructions)) },
		},
		{
			"manifest-recipe", "the manifest names a recipe for the root that is easier to meet", fault.ExitRejected,
			[]finding{
				at(fault.SnapshotRoot, checksumsFile), at(fault.SubjectMismatch, signatureFile), at(fault.SnapshotChecksum, signatureFile),
				at(fault.SnapshotOrder, manifestFile), // by this recipe entries are sorted by path alone
			},
			func(w *work) { w.edit(manifestFile, swap("rfc6962-sha256", "checksums-sha256")) },
		},
		{
			"manifest-member-twice", "the manifest names its case twice: programs differ in which of two counts", fault.ExitUsage,
			[]finding{at(fault.SnapshotMalformed, whole)},
			func(w *work) { w.edit(manifestFile, swap(`{"format"`, `{"case":"CASE-8","format"`)) },
		},
		{
			"manifest-timeline", "the manifest names no timeline", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, signatureFile), at(fault.SubjectMismatch, signatureFile)},
			func(w *work) { w.edit(manifestFile, withoutTimeline) },
		},
		{
			"checksums-bit", "a bit of a checksum is flipped", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, "checksums.txt:2"), at(fault.SnapshotRoot, checksumsFile)},
			func(w *work) { w.edit(checksumsFile, digit(`\n`)) },
		},
		{
			"checksums-line-gone", "a line of the checksums is gone", fault.ExitRejected,
			[]finding{at(fault.SnapshotMissing, checksumsFile), at(fault.SnapshotRoot, checksumsFile)},
			func(w *work) { w.edit(checksumsFile, without(notes)) },
		},
		{
			"root-line", "the root in the first line is another one", fault.ExitRejected,
			[]finding{at(fault.SnapshotRoot, checksumsFile)},
			func(w *work) { w.edit(checksumsFile, digit("# root ")) },
		},
		{
			"root-recomputed", "a file is changed, and manifest, checksums and root are made to fit", fault.ExitRejected,
			[]finding{at(fault.SubjectMismatch, signatureFile), at(fault.SnapshotChecksum, signatureFile)},
			func(w *work) { w.edit(notes, flip); w.settle() },
		},
		{
			"head-of-other-case", "manifest and checksums are those of another case", fault.ExitRejected,
			[]finding{
				at(fault.SnapshotCase, signatureFile), at(fault.SnapshotCase, manifestFile),
				at(fault.SubjectMismatch, signatureFile), at(fault.SnapshotChecksum, signatureFile),
				at(fault.SnapshotChecksum, checkpoint), at(fault.SnapshotChecksum, timelineKey),
				at(fault.SnapshotChecksum, timelineFile), at(fault.TimelineTampered, timelineFile),
			},
			func(w *work) { w.takeOver(manifestFile, checksumsFile) },
		},
		{
			"snapshot-of-other-case", "a good snapshot of another case is passed off as this one", fault.ExitRejected,
			[]finding{at(fault.SnapshotCase, manifestFile)},
			func(w *work) { w.members = slices.Clone(w.spoils.other) },
		},
	}
}

// onLine returns a change to the line that holds a text.
func onLine(text string, change func(string) string) func(string) string {
	return lines(func(l []string) []string {
		for i := range l {
			if strings.Contains(l[i], text) {
				l[i] = change(l[i])
			}
		}
		return l
	})
}

// without returns a change that takes out the line that holds a text.
func without(text string) func(string) string {
	return lines(func(l []string) []string {
		return slices.DeleteFunc(l, func(line string) bool { return strings.Contains(line, text) })
	})
}

// withoutTimeline is a manifest without what it says of the timeline.
func withoutTimeline(s string) string {
	start := strings.Index(s, `"timeline":{"events"`)
	if start < 0 {
		return s
	}
	end := strings.Index(s[start:], "},")
	return s[:start] + s[start+end+len("},"):]
}
