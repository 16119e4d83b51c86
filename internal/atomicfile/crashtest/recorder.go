// Package crashtest tells what a power failure could leave behind.
//
// A kill proves little, because the page cache survives it. A [Recorder] stands
// between a writer and the real file system and records what changes it;
// [Recorder.Crashes] then goes through every moment of the record, and for each
// through every state that a disk may be in then, if only what was synced is
// certain:
//
//   - of the names that were changed in a directory since it was last synced, any
//     may be there and any may not, each change whole;
//   - of the bytes that were written to a file since it was last synced, none, the
//     first half or all may be there, or as many zeros.
//
// That is more than real file systems do, which keep some order of their own.
package crashtest

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/stellaops/stella/internal/atomicfile"
)

// Recorder is an atomicfile.FS that does everything on the real one and records
// it, one call after the other. It is safe for concurrent use.
type Recorder struct {
	// IgnoreSync and IgnoreSyncDir leave these calls out of the record, as a
	// writer would who forgot them: a test proves with them that it would notice.
	IgnoreSync, IgnoreSyncDir bool

	mu    sync.Mutex // held through each call, so that the record has the true order
	real  atomicfile.FS
	ops   []op
	nodes map[string]int // of the files that were made, by their present name
	next  int
}

var _ atomicfile.FS = (*Recorder)(nil)

// NewRecorder returns a Recorder that has recorded nothing.
func NewRecorder() *Recorder {
	return &Recorder{real: atomicfile.OS(), nodes: make(map[string]int), next: 1}
}

// op is one recorded call. Its zero fields do not apply.
type op struct {
	kind     kind
	name, to string
	node     int // of the file; 0 for one that was there before
	data     []byte
}

type kind int

const (
	created kind = iota
	mkdir
	linked
	renamed
	removed
	wrote
	synced
	syncedDir
)

func (r *Recorder) record(o op) { r.ops = append(r.ops, o) }

// Create implements atomicfile.FS.
func (r *Recorder) Create(name string, mode fs.FileMode) (atomicfile.Handle, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, err := r.real.Create(name, mode)
	if err != nil {
		return nil, err
	}
	f := &file{Handle: h, recorder: r, node: r.next}
	r.nodes[name] = r.next
	r.next++
	r.record(op{kind: created, name: name, node: f.node})
	return f, nil
}

// Mkdir implements atomicfile.FS.
func (r *Recorder) Mkdir(name string, mode fs.FileMode) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.real.Mkdir(name, mode)
	if err == nil {
		r.record(op{kind: mkdir, name: name})
	}
	return err
}

// Link implements atomicfile.FS.
func (r *Recorder) Link(from, to string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.real.Link(from, to)
	if err == nil {
		r.record(op{kind: linked, name: from, to: to, node: r.nodes[from]})
		r.nodes[to] = r.nodes[from]
	}
	return err
}

// Rename implements atomicfile.FS.
func (r *Recorder) Rename(from, to string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.real.Rename(from, to)
	if err == nil {
		r.record(op{kind: renamed, name: from, to: to, node: r.nodes[from]})
		r.nodes[to] = r.nodes[from]
		delete(r.nodes, from)
	}
	return err
}

// Remove implements atomicfile.FS.
func (r *Recorder) Remove(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.real.Remove(name)
	if err == nil {
		r.record(op{kind: removed, name: name})
		delete(r.nodes, name)
	}
	return err
}

// SyncDir implements atomicfile.FS.
func (r *Recorder) SyncDir(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.real.SyncDir(name)
	if err == nil && !r.IgnoreSyncDir {
		r.record(op{kind: syncedDir, name: filepath.Clean(name)})
	}
	return err
}

type file struct {
	atomicfile.Handle
	recorder *Recorder
	node     int
}

func (f *file) Write(p []byte) (int, error) {
	f.recorder.mu.Lock()
	defer f.recorder.mu.Unlock()
	n, err := f.Handle.Write(p)
	f.recorder.record(op{kind: wrote, node: f.node, data: bytes.Clone(p[:n])})
	return n, err
}

func (f *file) Sync() error {
	f.recorder.mu.Lock()
	defer f.recorder.mu.Unlock()
	err := f.Handle.Sync()
	if err == nil && !f.recorder.IgnoreSync {
		f.recorder.record(op{kind: synced, node: f.node})
	}
	return err
}
