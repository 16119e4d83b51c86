package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/offlinekit"
)

// room refuses a kit for which the disk has no room, before anything is written. What
// an interrupted import left is no obstacle: begin removes it. Where it is not known how
// much there is, writing tells.
func (i *importing) room() error {
	need := int64(spare)
	for k := range i.header.Manifest.Entries {
		need += onDisk(i.header.Manifest.Entries[k].Size)
	}
	have, known := i.store.free(nearest(i.store.dir))
	if !known || have+i.channel.leftovers(i.state) >= need {
		return nil
	}
	return fault.New(fault.KitSpace, "%s, needs %d bytes in %q, and %d are free", i.kitWords(), need, i.store.dir, have).
		With("path", i.store.dir).With("needed", strictjson.Number(need)).With("free", strictjson.Number(have)).
		WithHint("free some space and import the kit again; the kit that was active still is")
}

// onDisk is how much of a disk a file takes at most, in bytes.
func onDisk(size int64) int64 { return size/blockSize*blockSize + blockSize }

// leftovers is how many bytes sweep gives back.
func (c *channel) leftovers(s *state) int64 {
	var n int64
	for _, path := range c.strays(s) {
		_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint:nilerr // what cannot be seen is not counted
			}
			if info, err := d.Info(); err == nil {
				n += onDisk(info.Size())
			}
			return nil
		})
	}
	return n
}

// nearest is the directory itself, or the lowest one above it that is there.
func nearest(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// begin makes the directory of the kit and writes what was read until now. It looks at
// the state again: another import may have been quicker.
func (i *importing) begin() (err error) {
	if i.lock, err = i.channel.lock(i.ctx); err != nil {
		return err
	}
	s, err := i.channel.read()
	if err != nil {
		return err
	}
	if err := i.admit(s); err != nil || i.out.Already {
		return err
	}
	i.channel.sweep() // what an interrupted import left, which may have this very name
	if err := i.room(); err != nil {
		return err
	}
	m := i.header.Manifest
	p, err := atomicfile.NewTree(i.store.system(), filepath.Join(i.channel.payloads(), s.next(m.Version)), unwritten)
	if err != nil {
		return err
	}
	i.payload = p
	for _, f := range i.header.Files() {
		if _, err := p.Add(f.Name, false, bytes.NewReader(f.Content)); err != nil {
			return err
		}
	}
	for k := range m.Entries {
		e := &m.Entries[k]
		if !strings.HasPrefix(e.Name, offlinekit.TrustDir) {
			break // they come first
		}
		content, _ := i.trust.Get(e) // it is there, or nothing is settled
		if _, err := p.Add(e.Name, e.Executable, content); err != nil {
			return err
		}
	}
	return nil
}

// unwritten is the fault for a file of a kit that was not written.
func unwritten(path string, err error) error {
	if atomicfile.IsFull(err) {
		return fault.New(fault.KitSpace, "failed to write %q: no space left", path).With("path", path).
			WithHint("free some space and import the kit again; the kit that was active still is")
	}
	return fault.Wrap(fault.KitFailed, atomicfile.Cause(err), "failed to write %q", path).With("path", path)
}

// activate switches to the kit, all of which is verified.
func (i *importing) activate() error {
	if i.out.Already {
		return nil
	}
	m := i.header.Manifest
	now := i.o.Now.UTC().Truncate(time.Second)
	kit := &Kit{
		Name: m.Name, Version: m.Version, Label: m.Label, CreatedAt: m.CreatedAt, ManifestSHA256: i.header.ManifestSHA256(), Signers: slices.Concat([]string{}, i.signers),
		ImportedAt: now, Files: int64(len(m.Entries)), Bytes: m.Bytes(), Directory: i.state.next(m.Version),
	}
	i.out.Kit = kit
	if i.o.DryRun {
		return nil
	}
	if err := i.payload.Finish(); err != nil {
		return err
	}
	event := Event{Time: now, What: EventImport, By: clip(i.o.By, maxName)}
	if i.out.Forced {
		event.What, event.Reason = EventForce, i.o.ForceReason
	}
	if err := i.state.activate(kit, event); err != nil {
		return err
	}
	if err := i.channel.commit(i.ctx, i.state); err != nil {
		return err
	}
	i.out.Path = i.channel.path(kit)
	return nil
}

// standing verifies the files of the kit that is active already, where they are.
func (i *importing) standing() error {
	s, err := i.channel.read()
	if err != nil {
		return err
	}
	if err := i.admit(s); err != nil {
		return err // another became active meanwhile
	}
	err = i.channel.check(i.ctx, s.active, func(h *offlinekit.Header) error {
		_, err := i.o.Judge(i.ctx, h, i.by)
		return err
	})
	if err == nil || context.Cause(i.ctx) != nil {
		return err
	}
	return fault.Wrap(fault.ReasonOf(err), err, "").WithHint("%s", unpackAnew)
}

// unpackAnew is what helps an active kit whose files are damaged.
const unpackAnew = "import the kit again: stella offline-kit import KIT --force-activate --force-reason TEXT"

// end removes what the state does not refer to, the new kit if it failed or else the
// one before the previous, and lets the next one in.
func (i *importing) end(err error) error {
	if i.lock == nil {
		return err
	}
	if i.payload != nil {
		_ = i.payload.Close() // after a failure, which is the one that matters
	}
	i.channel.sweep()
	if released := i.lock.Release(); err == nil && released != nil {
		return fault.Wrap(fault.KitFailed, released, "failed to unlock channel %q", i.channel.name)
	}
	return err
}
