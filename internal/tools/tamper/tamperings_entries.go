package main

import (
	"archive/tar"

	"github.com/stellaops/stella/internal/fault"
)

// ofEntries is done to what lies in the snapshot.
func ofEntries() []tampering {
	return []tampering{
		{
			"file-bit", "a bit of a file is flipped", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, notes)},
			func(w *work) { w.edit(notes, flip) },
		},
		{
			"file-longer", "a file has one byte more", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, notes)},
			func(w *work) { w.edit(notes, func(s string) string { return s + " " }) },
		},
		{
			"file-emptied", "a file is empty", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, notes)},
			func(w *work) { w.edit(notes, func(string) string { return "" }) },
		},
		{
			"instructions-changed", "the instructions name another key", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, instructions)},
			func(w *work) { w.edit(instructions, swap("--key KEY.pub", "--key files/case/his.pub")) },
		},
		{
			"query-bit", "a bit of the query for a time stamp is flipped", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, stampQuery)},
			func(w *work) { w.edit(stampQuery, flip) },
		},
		{
			"file-gone", "a file is gone", fault.ExitRejected,
			[]finding{at(fault.SnapshotMissing, notes)},
			func(w *work) { w.remove(notes) },
		},
		{
			"file-added", "a file is there that nobody signed", fault.ExitRejected,
			[]finding{at(fault.SnapshotUnlisted, "files/case/a.txt")},
			func(w *work) { w.before(beforeSBOM, member{name: "files/case/a.txt", content: "planted"}) },
		},
		{
			"file-twice", "a file is there twice", fault.ExitRejected,
			[]finding{at(fault.SnapshotOrder, notes)},
			func(w *work) { w.last(member{name: notes, content: w.content(notes)}) },
		},
		{
			"file-shadowed", "a second file of the name has other content: whoever unpacks gets that one", fault.ExitRejected,
			[]finding{at(fault.SnapshotOrder, notes)},
			func(w *work) { w.last(member{name: notes, content: "nothing to see"}) },
		},
		{
			"file-shadowed-by-dot", "likewise, by a name that is another one and means the same", fault.ExitRejected,
			[]finding{at(fault.SnapshotOrder, "files/./case/notes.txt")},
			func(w *work) { w.last(member{name: "files/./case/notes.txt", content: "nothing to see"}) },
		},
		{
			"file-renamed", "a file has another name", fault.ExitRejected,
			[]finding{at(fault.SnapshotMissing, notes), at(fault.SnapshotUnlisted, "files/case/notes2.txt")},
			func(w *work) { w.replace(notes, member{name: "files/case/notes2.txt", content: w.content(notes)}) },
		},
		{
			"file-case", "a file is there whose name differs in case alone: on some systems it is the same", fault.ExitRejected,
			[]finding{at(fault.SnapshotUnlisted, "files/case/NOTES.txt")},
			func(w *work) { w.last(member{name: "files/case/NOTES.txt", content: "nothing to see"}) },
		},
		{
			"files-exchanged", "two files have each other's content", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, notes), at(fault.SnapshotChecksum, scanLog), at(fault.SnapshotReference, timelineFile)},
			func(w *work) { w.exchange(notes, scanLog) },
		},
		{
			"files-moved", "two files stand in another order", fault.ExitRejected,
			[]finding{at(fault.SnapshotOrder, beforeSBOM)},
			func(w *work) { w.move(notes, beforeSBOM) },
		},
		{
			"path-leads-out", "a file would be unpacked above the directory", fault.ExitRejected,
			[]finding{at(fault.SnapshotUnlisted, "../../home/.bashrc")},
			func(w *work) { w.last(member{name: "../../home/.bashrc", content: "stella() { true; }"}) },
		},
		{
			"path-absolute", "a file would be unpacked below the root", fault.ExitRejected,
			[]finding{at(fault.SnapshotUnlisted, "/etc/cron.d/job")},
			func(w *work) { w.last(member{name: "/etc/cron.d/job", content: "* * * * * root true"}) },
		},
		{
			"link-for-file", "a link to a file of the machine stands for a file", fault.ExitRejected,
			[]finding{at(fault.SnapshotUnlisted, notes), at(fault.SnapshotMissing, notes)},
			func(w *work) { w.replace(notes, member{name: notes, kind: tar.TypeSymlink, link: "/etc/hostname"}) },
		},
		{
			"hard-link", "a hard link is there", fault.ExitRejected,
			[]finding{at(fault.SnapshotUnlisted, "files/case/link")},
			func(w *work) { w.last(member{name: "files/case/link", kind: tar.TypeLink, link: notes}) },
		},
		{
			"pipe", "a pipe is there, at which whoever reads waits for ever", fault.ExitRejected,
			[]finding{at(fault.SnapshotUnlisted, "files/case/pipe")},
			func(w *work) { w.last(member{name: "files/case/pipe", kind: tar.TypeFifo}) },
		},
	}
}
