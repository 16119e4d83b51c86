package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/archive"
)

// member is one member of an archive, also such a one as no honest program writes.
type member struct {
	name, content string
	// kind is that of tar; 0 for a file. link is what a link leads to.
	kind byte
	link string
	// zeros are how many bytes follow the content.
	zeros int64
}

// members are those of a snapshot, in its order.
type members []member

func (m members) index(name string) int {
	return slices.IndexFunc(m, func(x member) bool { return x.name == name })
}

// readArchive reads a snapshot into memory.
func readArchive(path string) (members, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all members
	for m, err := range archive.ReadTar(bytes.NewReader(text), archive.Recognise(text)) {
		if err == nil && (m.Err != nil || m.Content == nil) {
			err = fmt.Errorf("%q is no file", m.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		content, err := io.ReadAll(m.Content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, member{name: m.Name, content: string(content)})
	}
	return all, nil
}

// writeTar writes an archive that is not compressed.
func (m members) writeTar(w io.Writer) error {
	t := tar.NewWriter(w)
	for _, x := range m {
		h := &tar.Header{Typeflag: cmp.Or(x.kind, tar.TypeReg), Name: x.name, Linkname: x.link, Size: int64(len(x.content)) + x.zeros, Mode: 0o644}
		if x.kind != 0 {
			h.Size = 0
		}
		if err := t.WriteHeader(h); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		if h.Size == 0 {
			continue
		}
		if _, err := io.Copy(t, io.MultiReader(strings.NewReader(x.content), io.LimitReader(zeros{}, x.zeros))); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
	}
	return t.Close()
}

// zeros is a source without an end.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// write writes the archive of what became of the snapshot.
func (w *work) write(to io.Writer) error {
	var file bytes.Buffer
	zip := gzip.NewWriter(&file)
	if err := w.pack(zip); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	out := file.Bytes()
	if w.onFile != nil {
		out = w.onFile(out)
	}
	_, err := to.Write(out)
	return err
}

func (w *work) pack(to io.Writer) error {
	if w.onTar == nil {
		return w.writeTar(to)
	}
	var plain bytes.Buffer
	if err := w.writeTar(&plain); err != nil {
		return err
	}
	out := w.onTar(plain.Bytes())
	if bytes.Equal(out, plain.Bytes()) {
		return errors.New("the archive was not changed")
	}
	_, err := to.Write(out)
	return err
}
