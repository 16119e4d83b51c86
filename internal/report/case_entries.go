package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/pkg/verify"
)

// How much of a snapshot's entries a case file shows; the rest is counted where it lies.
const (
	maxShownEntries  = 5000 // that are as listed
	maxFolderEntries = 500  // of these, in one folder
	maxShownFolders  = 2000
	maxFolderDepth   = 12 // beyond it, paths are not divided
)

// entryTree is the entries of a snapshot by folder.
type entryTree struct {
	root           *folder
	shown          map[string]*entryView // by path
	folders        int
	listed, faulty int // shown
}

// folder is a folder, or the snapshot itself.
type folder struct {
	Name    string
	Count   int // of entries in it and below it
	Faulty  int // of these, not as listed
	Left    int // of these, not shown
	Size    int64
	Open    bool // it is short
	Folders []*folder
	Entries []*entryView
	listed  int // of Entries
	below   map[string]*folder
}

// entryView is an entry.
type entryView struct {
	Name, Original string
	SHA256         string
	Size           int64
	Status         forensic.EntryStatus
	Judged         bool // it is signed evidence
	Verified       bool
	Details        int // where it is shown in full; 0 for nowhere

	path string
}

func newEntryTree() *entryTree {
	return &entryTree{root: &folder{}, shown: make(map[string]*entryView)}
}

// add takes in an entry.
func (t *entryTree) add(e *forensic.Entry, s forensic.EntryStatus) {
	at, name := t.root, e.Path
	at.count(e, s)
	for range maxFolderDepth {
		step, below, found := strings.Cut(name, "/")
		if !found || step == "" || below == "" {
			break
		}
		next := t.enter(at, step)
		if next == nil {
			break
		}
		at, name = next, below
		at.count(e, s)
	}
	if !t.takes(at, s) {
		at.Left++
		return
	}
	v := &entryView{Name: name, Original: e.Name, SHA256: e.SHA256, Size: e.Size, Status: s, path: e.Path}
	at.Entries = append(at.Entries, v)
	t.shown[e.Path] = v
}

// enter returns a folder in another one; nil if there are too many.
func (t *entryTree) enter(in *folder, name string) *folder {
	if f := in.below[name]; f != nil {
		return f
	}
	if t.folders == maxShownFolders {
		return nil
	}
	if in.below == nil {
		in.below = make(map[string]*folder)
	}
	t.folders++
	f := &folder{Name: name}
	in.below[name] = f
	in.Folders = append(in.Folders, f)
	return f
}

// takes reports whether there is room for one more entry in a folder. What is not as
// listed has room of its own.
func (t *entryTree) takes(in *folder, s forensic.EntryStatus) bool {
	if s != forensic.EntryAsListed {
		t.faulty++
		return t.faulty <= MaxCaseFindings
	}
	if t.listed == maxShownEntries || in.listed == maxFolderEntries {
		return false
	}
	t.listed++
	in.listed++
	return true
}

func (f *folder) count(e *forensic.Entry, s forensic.EntryStatus) {
	f.Count++
	if s != forensic.EntryAsListed {
		f.Faulty++
	}
	if s != forensic.EntryMissing {
		f.Size += e.Size
	}
}

// judged says what became of an entry that is signed evidence.
func (t *entryTree) judged(path string, verified bool, number int) {
	e := t.shown[path]
	if e == nil {
		return
	}
	e.Verified = verified && (e.Verified || !e.Judged)
	e.Judged = true
	if e.Details == 0 || !verified {
		e.Details = number
	}
}

// shortFolder is how many entries a folder shows that is open. A browser does not lay out
// what is closed.
const shortFolder = 40

// arrange sorts the tree, and opens what should be seen at once.
func (f *folder) arrange() {
	slices.SortFunc(f.Folders, func(a, b *folder) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(f.Entries, func(a, b *entryView) int { return cmp.Or(strings.Compare(a.path, b.path)) })
	f.Open = len(f.Entries)+len(f.Folders) <= shortFolder
	for _, below := range f.Folders {
		below.arrange()
	}
}

// entryOutcome is how an entry's status looks.
func entryOutcome(s forensic.EntryStatus) verify.Status {
	if s == forensic.EntryAsListed {
		return verify.Passed
	}
	return verify.Failed
}
