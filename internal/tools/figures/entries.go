//go:build linux

package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// entries is a snapshot of n entries, each another one of a few bytes. It is made as its
// readers get it, member by member: so many files are on no disk.
type entries struct {
	dir string
	n   int
}

// The files that a snapshot begins with, by their names in it.
var entriesHead = []string{"manifest.json", "signature.dsse.json", "checksums.txt"}

// entryAt returns the path and the content of an entry. Paths are in their order, a thousand
// to a directory.
func entryAt(i int) (path string, content []byte) {
	return fmt.Sprintf("files/%04d/%03d", i/1000, i%1000), fmt.Appendf(nil, "\x80%d", i)
}

// lineOf returns the line of checksums.txt about an entry.
func lineOf(path string, content []byte) []byte {
	return fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(content), path)
}

// root returns the root of all lines (RFC 6962, section 2.1).
func (e entries) root() []byte {
	type tree struct {
		leaves int
		hash   [sha256.Size]byte
	}
	var edge []tree // of complete trees, the larger ones first
	join := func() {
		last := len(edge) - 1
		l, r := edge[last-1], edge[last]
		edge = append(edge[:last-1], tree{l.leaves + r.leaves, sha256.Sum256(bytes.Join([][]byte{{1}, l.hash[:], r.hash[:]}, nil))})
	}
	for i := range e.n {
		edge = append(edge, tree{1, sha256.Sum256(append([]byte{0}, lineOf(entryAt(i))...))})
		for len(edge) > 1 && edge[len(edge)-1].leaves == edge[len(edge)-2].leaves {
			join()
		}
	}
	for len(edge) > 1 {
		join()
	}
	return edge[0].hash[:]
}

// write writes manifest and checksums, and returns the statement to sign about them.
func (e entries) write() (statement string, err error) {
	root := e.root()
	const id = "00000000000040008000000000000000"
	summary := fmt.Sprintf(`"bundleId":%[1]q,"case":"CASE-7","createdAt":"2026-11-29T09:00:00Z"`, id)
	manifest := sha256.New()
	size := 0
	err = errors.Join(
		e.file(entriesHead[0], manifest, func(w *bufio.Writer) {
			fmt.Fprintf(w, `{"format":"stella.ops/snapshot@v1","tenantId":%q,"kind":"export",%s,"metadata":{},`, id, summary)
			fmt.Fprintf(w, `"hashSummary":{"algorithm":"sha256","merkleRecipe":"rfc6962-sha256","merkleRoot":"%x","checksumsPath":"checksums.txt"},"entries":[`, root)
			for i := range e.n {
				path, content := entryAt(i)
				size += len(content)
				fmt.Fprintf(w, "%s\n"+`{"section":"files","canonicalPath":%q,"sha256":"%x","sizeBytes":%d}`, strings.Repeat(",", min(i, 1)), path, sha256.Sum256(content), len(content))
			}
			_, _ = w.WriteString("\n]}\n")
		}),
		e.file(entriesHead[2], nil, func(w *bufio.Writer) {
			fmt.Fprintf(w, "# root %x\n", root)
			for i := range e.n {
				_, _ = w.Write(lineOf(entryAt(i)))
			}
		}))
	return fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"manifest.json","digest":{"sha256":"%x"}}],"predicateType":"stella.ops/snapshot@v1",`+
		`"predicate":{%s,"entries":%d,"sizeBytes":%d,"merkle":{"recipe":"rfc6962-sha256","root":"%x"}}}`, manifest.Sum(nil), summary, e.n, size, root), err
}

// file makes a file of what do writes; sum, if it is set, gets the same.
func (e entries) file(name string, sum hash.Hash, do func(*bufio.Writer)) error {
	f, err := os.Create(filepath.Join(e.dir, name)) // #nosec G304 -- in a directory of our own
	if err != nil {
		return err
	}
	to := io.Writer(f)
	if sum != nil {
		to = io.MultiWriter(f, sum)
	}
	w := bufio.NewWriterSize(to, 256<<10)
	do(w)
	return errors.Join(w.Flush(), f.Close()) // which keeps the first error of all
}

// archive writes the whole snapshot as a tar archive.
func (e entries) archive(to io.Writer) error {
	buffered := bufio.NewWriterSize(to, 256<<10)
	w := tar.NewWriter(buffered)
	for _, name := range entriesHead {
		if err := e.member(w, name); err != nil {
			return err
		}
	}
	for i := range e.n {
		path, content := entryAt(i)
		err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path, Size: int64(len(content)), Mode: 0o644, Format: tar.FormatUSTAR})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), buffered.Flush())
}

// member writes one of the files that a snapshot begins with.
func (e entries) member(w *tar.Writer, name string) error {
	f, err := os.Open(filepath.Join(e.dir, name)) // #nosec G304 -- in a directory of our own
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o644, Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}

// entriesTo measures a snapshot of n entries, out of a file and through standard input, and
// prints it. One that takes too much memory is an error.
func (b *bench) entriesTo(out io.Writer, n int) error {
	e := entries{b.dir, n}
	fmt.Fprintf(os.Stderr, "figures: making a snapshot of %d entries\n", n)
	if err := b.makeKey(); err != nil {
		return err
	}
	if err := b.seal(e); err != nil {
		return err
	}
	verify := func(name string) []string { return []string{"forensic", "verify", name, "--key", "key.pub"} }
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "work\ttime\tCPU\tmemory")
	var over error
	for range b.runs {
		for _, work := range []struct {
			words string
			run   func() (usage, error)
		}{
			{"out of a file", func() (usage, error) { return b.once(b.stella, verify("snapshot.tar")) }},
			{"through standard input", func() (usage, error) {
				r, pipe := io.Pipe()
				go func() { pipe.CloseWithError(e.archive(pipe)) }()
				defer r.Close()
				return b.onceReading(r, b.stella, verify("-"))
			}},
		} {
			start := time.Now()
			cost, err := work.run()
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "forensic verify, %d entries, %s\t%s\t%s\t%s\n", n, work.words, seconds(time.Since(start)), seconds(cost.cpu), megabytes(cost.rss))
			if cost.rss > caseMemory {
				over = fmt.Errorf("forensic verify takes too much memory for %d entries", n)
			}
		}
	}
	return errors.Join(w.Flush(), over)
}

// seal makes snapshot.tar.
func (b *bench) seal(e entries) error {
	statement, err := e.write()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(e.dir, "statement.json"), []byte(statement), 0o600); err != nil {
		return err
	}
	if _, err := b.once(b.stella, []string{"sign", "statement", "statement.json", "--key", "key", "--envelope", "dsse", "--audit-log", "none", "-o", entriesHead[1]}); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(e.dir, "snapshot.tar")) // #nosec G304 -- in a directory of our own
	if err != nil {
		return err
	}
	return errors.Join(e.archive(f), f.Close())
}
