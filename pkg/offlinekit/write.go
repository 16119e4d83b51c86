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

// CheckedTarget is a Target of which all that was written is held to the manifest, by
// Check or Read, before anything rests on it. Write need not do the same then, and hashes
// nothing.
type CheckedTarget interface {
	Target
	Checked()
}

// Write writes a kit: what h has, and then each entry of its manifest with the content
// that open gives. Content that is not what the manifest says is fault.InputChanged,
// and calls it what from does; to a CheckedTarget nothing is held to that but its length.
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
	if _, checked := t.(CheckedTarget); checked {
		return asChanged(ctx, t.Add(e.Name, e.Size, e.Executable, &cancelled{ctx, r}), from(e))
	}
	c := newContent(ctx, e, r)
	defer c.close()
	err = t.Add(e.Name, e.Size, e.Executable, c)
	if err == nil {
		err = c.drain(make([]byte, 1))
	}
	if c.mismatch != "" {
		err = changed(from(e))
	}
	return asChanged(ctx, err, from(e))
}

// asChanged says of a file that has another length what it is.
func asChanged(ctx context.Context, err error, from string) error {
	switch {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case fault.ReasonOf(err) == fault.ArchiveMalformed:
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
