package crashtest

import (
	"bytes"
	"iter"
	"maps"
	"path/filepath"
	"slices"
)

// State is what a disk holds after a power failure.
type State struct {
	// Files are the contents of the files, by name.
	Files map[string][]byte
	// Calls is how many of the recorded calls had been made, and Finished
	// whether that is all of them.
	Calls    int
	Finished bool
}

// Crashes calls visit with every state that a power failure could leave at any
// moment of the record, some of them more than once. Where more than a few changes of
// names are uncertain at a time, it tries many of their combinations, not all. before is what the disk
// held when recording began.
func (r *Recorder) Crashes(before map[string][]byte, visit func(State)) {
	for n := range len(r.ops) + 1 {
		d := newDisk(before)
		for _, o := range r.ops[:n] {
			d.apply(o)
		}
		d.crash(func(files map[string][]byte) { visit(State{files, n, n == len(r.ops)}) })
	}
}

// directory stands for a directory among the nodes.
const directory = 0

// disk is what is certain and what is not.
type disk struct {
	names   map[string]int // what is certain to be in directories
	changes []op           // of names, not certain, in their order
	synced  map[int][]byte // what is certain to be in files
	pending map[int][]byte // what follows it
}

func newDisk(before map[string][]byte) *disk {
	d := &disk{names: make(map[string]int), synced: make(map[int][]byte), pending: make(map[int][]byte)}
	for i, name := range slices.Sorted(maps.Keys(before)) {
		d.names[name], d.synced[-1-i] = -1-i, before[name]
	}
	return d
}

func (d *disk) apply(o op) {
	switch o.kind {
	case wrote:
		d.pending[o.node] = append(d.pending[o.node], o.data...)
	case synced:
		d.synced[o.node] = append(d.synced[o.node], d.pending[o.node]...)
		delete(d.pending, o.node)
	case syncedDir:
		d.changes = slices.DeleteFunc(d.changes, func(c op) bool {
			done := filepath.Dir(target(c)) == o.name
			if done {
				change(d.names, c)
			}
			return done
		})
	default:
		d.changes = append(d.changes, o)
	}
}

// target is the name whose directory must be synced for a change to be certain.
func target(o op) string {
	if o.to != "" {
		return o.to
	}
	return o.name
}

func change(names map[string]int, o op) {
	switch o.kind {
	case created:
		names[o.name] = o.node
	case mkdir:
		names[o.name] = directory
	case linked:
		names[o.to] = o.node
	case renamed:
		delete(names, o.name)
		names[o.to] = o.node
	case removed:
		delete(names, o.name)
	}
}

// crash goes through the choices of uncertain changes and contents.
func (d *disk) crash(visit func(map[string][]byte)) {
	for chosen := range choices(len(d.changes)) {
		names := maps.Clone(d.names)
		for i, c := range d.changes {
			if chosen(i) {
				change(names, c)
			}
		}
		for _, left := range []func([]byte) []byte{none, half, all, zeros} {
			visit(d.files(names, left))
		}
	}
}

// everyChoice is how many uncertain changes are gone through in every combination.
const everyChoice = 8

// choices yields which of n changes came about: every combination of a few, and of
// more the first so many, the last so many, one alone and all but one.
func choices(n int) iter.Seq[func(int) bool] {
	return func(yield func(func(int) bool) bool) {
		if n <= everyChoice {
			for set := range 1 << n {
				if !yield(func(i int) bool { return set&(1<<i) != 0 }) {
					return
				}
			}
			return
		}
		for k := range n + 1 {
			for _, chosen := range []func(int) bool{
				func(i int) bool { return i < k }, func(i int) bool { return i >= k },
				func(i int) bool { return i == k }, func(i int) bool { return i != k },
			} {
				if !yield(chosen) {
					return
				}
			}
		}
	}
}

func none([]byte) []byte    { return nil }
func half(b []byte) []byte  { return b[:len(b)/2] }
func all(b []byte) []byte   { return b }
func zeros(b []byte) []byte { return make([]byte, len(b)) }

// files returns what can be read: of the recorded directories, one that is not
// there takes what is in it along.
func (d *disk) files(names map[string]int, left func([]byte) []byte) map[string][]byte {
	files := make(map[string][]byte)
	for name, node := range names {
		if node != directory && !d.orphaned(names, name) {
			files[name] = bytes.Join([][]byte{d.synced[node], left(d.pending[node])}, nil)
		}
	}
	return files
}

// orphaned reports whether a directory above name was made and is not there.
func (d *disk) orphaned(names map[string]int, name string) bool {
	for _, c := range d.changes {
		if _, there := names[c.name]; c.kind == mkdir && !there && isBelow(name, c.name) {
			return true
		}
	}
	return false
}

func isBelow(name, dir string) bool {
	relative, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(relative)
}
