package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// ofArchive is done to the file as a whole.
func ofArchive() []tampering {
	return []tampering{
		{
			"archive-truncated", "the archive ends in the middle of its last file", fault.ExitRejected,
			[]finding{at(fault.ArchiveMalformed, whole), at(fault.SnapshotMissing, whole)},
			func(w *work) { w.onTar = func(b []byte) []byte { return b[:headerOf(b, instructions)+block+1] } },
		},
		{
			"archive-file-truncated", "the compressed file ends early", fault.ExitUsage,
			[]finding{at(fault.ArchiveMalformed, whole)},
			func(w *work) { w.onFile = func(b []byte) []byte { return b[:len(b)-9] } },
		},
		{
			"archive-trailing", "something stands behind the archive", fault.ExitUsage,
			[]finding{at(fault.ArchiveMalformed, whole)},
			func(w *work) { w.onFile = func(b []byte) []byte { return append(b, "hidden"...) } },
		},
		{
			"archive-hidden", "something stands behind the end of the archive that is compressed with it", fault.ExitUsage,
			[]finding{at(fault.ArchiveMalformed, whole)},
			func(w *work) { w.onTar = func(b []byte) []byte { return append(slices.Clone(b), "hidden"...) } },
		},
		{
			"archive-second", "a second archive stands behind the first: some programs read on", fault.ExitUsage,
			[]finding{at(fault.ArchiveMalformed, whole)},
			func(w *work) { w.onFile = func(b []byte) []byte { return append(slices.Clone(b), b...) } },
		},
		{
			"archive-size", "a header says that a file is longer than it is", fault.ExitRejected,
			[]finding{
				at(fault.SnapshotChecksum, notes), at(fault.ArchiveMalformed, whole),
				at(fault.SnapshotMissing, whole), at(fault.SnapshotReference, timelineFile),
			},
			func(w *work) { w.onTar = longer(notes, len(w.content(notes))) },
		},
		{
			"archive-bomb", "a file is there that expands to more than the disk may hold", fault.ExitUsage,
			[]finding{at(fault.InputTooLarge, whole)},
			func(w *work) { w.last(member{name: "zeros", zeros: 96 << 20}) },
		},
		{
			"archive-order", "the signature stands before the manifest", fault.ExitUsage,
			[]finding{at(fault.SnapshotMalformed, whole)},
			func(w *work) { w.move(signatureFile, manifestFile) },
		},
	}
}

// The header of a member in a tar archive (POSIX.1-2024, pax, "ustar Interchange
// Format"), in bytes.
const (
	block    = 512
	nameSize = 100
	sizeAt   = 124
	sumAt    = 148
	sumSize  = 8
)

// headerOf returns where the header of a member with a short name is.
func headerOf(archive []byte, name string) int {
	return bytes.Index(archive, append([]byte(name), make([]byte, nameSize-len(name))...))
}

// longer returns a change to an archive: the header of a member says one block more than
// the size it has, with a checksum that fits.
func longer(name string, size int) func([]byte) []byte {
	return func(b []byte) []byte {
		out := slices.Clone(b)
		i := headerOf(out, name)
		header := out[i : i+block]
		copy(header[sizeAt:], fmt.Sprintf("%011o\x00", size+block))
		copy(header[sumAt:sumAt+sumSize], "        ")
		total := 0
		for _, c := range header {
			total += int(c)
		}
		copy(header[sumAt:], fmt.Sprintf("%06o\x00 ", total))
		return out
	}
}
