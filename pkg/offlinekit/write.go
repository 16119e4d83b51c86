package offlinekit

import (
	"bytes"
	"context"
	"io"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// Target is what a kit is written to: an archive.Writer, or a directory.
type Target interface {
	// Add writes a file of size bytes, which r has.
	Add(name string, size int64, executable bool, r io.Reader) error
}

var (
	_ Target = (*archive.Writer)(nil)
	_ Target = (*atomicfile.Directory)(nil)
)

// Write writes a kit: what h has, and then each entry of its manifest with the content
// that open gives. Content of another length than the manifest says is
// fault.InputChanged, and calls it what from does. Nothing is hashed: hold what was
// written to the manifest, with Check or Read, before anything rests on it.
func Write(ctx context.Context, t Target, h *Header, open func(*Entry) (io.ReadCloser, error), from func(*Entry) string) error {
	if err := writeHeader(t, h); err != nil {
		return err
	}
	for i := range h.Manifest.Entries {
		if err := writeEntry(ctx, t, &h.Manifest.Entries[i], open, from); err != nil {
			return err
		}
	}
	return nil
}

// writeHeader writes what stands before the entries.
func writeHeader(t Target, h *Header) error {
	for _, f := range h.Files() {
		if err := t.Add(f.Name, int64(len(f.Content)), false, bytes.NewReader(f.Content)); err != nil {
			return err
		}
	}
	return nil
}

func writeEntry(ctx context.Context, t Target, e *Entry, open func(*Entry) (io.ReadCloser, error), from func(*Entry) string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	r, err := open(e)
	if err != nil {
		return err
	}
	defer r.Close()
	content := io.LimitReader(&cancelled{ctx, r}, e.Size+1) // one byte more tells as much as all that a file grew by
	return asChanged(ctx, t.Add(e.Name, e.Size, e.Executable, content), from(e))
}

// asChanged says of a file that has another length what it is.
func asChanged(ctx context.Context, err error, from string) error {
	if context.Cause(ctx) != nil {
		return context.Cause(ctx)
	}
	switch fault.ReasonOf(err) {
	case fault.ArchiveMalformed, fault.InputChanged: // what targets call another length
		return changed(from)
	}
	return err
}

// cancelled reads until the context ends.
type cancelled struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (c *cancelled) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
