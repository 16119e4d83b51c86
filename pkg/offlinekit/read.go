package offlinekit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Header is what stands at the beginning of a kit. Nothing of it is verified but that
// the manifest is well-formed.
type Header struct {
	Manifest *Manifest
	// Statement is statement.dsse.json, nil if the kit is not signed.
	Statement []byte
	// Evidence are further files of evidence on the same statement.
	Evidence []File

	text   []byte // manifest.json byte for byte
	digest string // of text, in hex
}

// NewHeader returns the header of a kit that is not signed. Whether text is that of m is
// for the caller to know.
func NewHeader(m *Manifest, text []byte) *Header {
	sum := sha256.Sum256(text)
	return &Header{Manifest: m, text: text, digest: hex.EncodeToString(sum[:])}
}

// ManifestText is manifest.json byte for byte: a subject of the statement.
func (h *Header) ManifestText() []byte { return h.text }

// ManifestSHA256 returns the digest of ManifestText, in hex, which names all of the kit.
func (h *Header) ManifestSHA256() string { return h.digest }

// Files are the files that stand before the entries.
func (h *Header) Files() []File {
	out := []File{{ManifestName, h.text}}
	if h.Statement != nil {
		out = append(out, File{StatementName, h.Statement})
	}
	return append(out, h.Evidence...)
}

// File is a small file of a kit.
type File struct {
	Name    string
	Content []byte
}

// Sink takes the files of a kit as they are read.
type Sink interface {
	// Header is called once, before any entry. An error ends the reading.
	Header(h *Header) error
	// Entry is called for each entry that is there with the size that it should have,
	// in the order of the manifest. Reading content to its end fails, with
	// fault.KitMismatch, unless it is what the manifest says; until then nothing may
	// rest on it. What Entry leaves unread is read after it. An error ends the
	// reading, unless reading content failed in that way: then the next entry follows.
	Entry(e *Entry, content io.Reader) error
}

// Read reads a kit once, from its beginning to its end, in memory that depends on the
// manifest alone, and holds every file to the manifest. It does not verify who signed
// the statement: that is for sink to do, before anything is used.
//
// The error is nil if and only if the kit consists of the files that its manifest
// lists, in its order, and of nothing else. What is wrong with single files is a
// finding, and reading goes on. Contents is nil if there is no manifest to speak of.
// The errors: fault.KitNotOne, KitMalformed, KitFormat; the reasons of findings;
// fault.KitIncomplete for a kit that breaks off, fault.ArchiveMalformed,
// fault.InputTooLarge, fault.InputUnreadable; those of sink; the cause of ctx.
func Read(ctx context.Context, source *Source, sink Sink) (*Contents, error) {
	r := &reading{ctx: ctx, source: source, sink: sink}
	err := r.run()
	if cause := context.Cause(ctx); cause != nil {
		return r.contents, cause
	}
	if err == nil {
		err = r.contents.err()
	}
	return r.contents, err
}

// reading is one run of Read.
type reading struct {
	ctx      context.Context
	source   *Source
	sink     Sink
	header   Header
	contents *Contents // nil until the header is complete
	next     int       // the entry that comes next
	buf      []byte
}

func (r *reading) run() error {
	for m, err := range r.source.members() {
		if err != nil {
			err = r.damaged(err)
		} else {
			err = context.Cause(r.ctx)
		}
		if err == nil {
			err = r.member(&m)
		}
		if err != nil {
			return r.broken(err)
		}
	}
	if err := r.begin(); err != nil {
		return err
	}
	r.missing(len(r.contents.Manifest.Entries))
	return nil
}

// broken explains an error of the source.
func (r *reading) broken(err error) error {
	switch {
	case errors.Is(err, archive.ErrTruncated):
		return r.endsEarly(err)
	case errors.Is(err, archive.ErrNotArchive), r.header.Manifest == nil && fault.ReasonOf(err) == fault.ArchiveMalformed:
		return r.source.notOne("it holds no archive that can be read")
	}
	return err
}

// damaged says where an archive cannot be read on. One that ends there, or holds no kit,
// is for broken.
func (r *reading) damaged(err error) error {
	reason := fault.ReasonOf(err)
	if r.header.Manifest == nil || errors.Is(err, archive.ErrTruncated) || reason != fault.ArchiveMalformed && reason != fault.InputTooLarge {
		return err
	}
	f := fault.Wrap(reason, err, "%s cannot be read any further %s", input.Display(r.source.name), r.place()).With("path", r.source.name)
	if reason == fault.InputTooLarge {
		return f // which says what to do
	}
	return f.WithHint("is a part of it missing, or was it copied badly? Copy it anew, and put all parts together in their order")
}

// place says how far the reading came.
func (r *reading) place() string {
	if r.contents == nil || r.next == 0 {
		return "in its beginning"
	}
	entries := r.contents.Manifest.Entries
	return fmt.Sprintf("in or after %q, file %d of %d", entries[r.next-1].Name, r.next, len(entries))
}

func (r *reading) endsEarly(err error) error {
	return fault.Wrap(fault.KitIncomplete, err, "%s ends %s", input.Display(r.source.name), r.place()).With("path", r.source.name).
		WithHint("is a part of it missing, or was it copied only partly? Copy it anew, and put all parts together in their order")
}

func (r *reading) member(m *archive.Member) error {
	if r.contents == nil {
		about, err := r.about(m)
		if about || err != nil {
			return err
		}
		if err := r.begin(); err != nil {
			return err
		}
	}
	switch {
	case m.Err != nil:
		r.contents.find(Finding{Reason: fault.ArchiveMalformed, File: m.Name, Found: m.Err.Error()})
	case m.Kind != "":
		r.contents.find(Finding{Reason: fault.KitMalformed, File: m.Name, Found: "it is " + m.Kind})
	default:
		return r.file(m)
	}
	return nil
}

// about takes a file that is about the kit, and reports whether it is one.
func (r *reading) about(m *archive.Member) (bool, error) {
	manifest := r.header.Manifest != nil
	switch {
	case !manifest && m.Name != ManifestName:
		return false, r.source.notOne(fmt.Sprintf("it begins with %.100q, not with %s", m.Name, ManifestName))
	case !isReserved(m.Name):
		return false, nil
	case m.Err != nil:
		return true, m.Err
	case m.Kind != "":
		return true, r.malformed("%q is %s", m.Name, m.Kind)
	case !manifest:
		return true, r.readManifest(m)
	case m.Name == StatementName && r.header.Statement == nil && len(r.header.Evidence) == 0:
		text, err := r.small(m, MaxStatement)
		r.header.Statement = text
		return true, err
	case IsEvidenceName(m.Name):
		return true, r.readEvidence(m)
	}
	return true, r.malformed("%q is out of its place", m.Name)
}

func (r *reading) readManifest(m *archive.Member) error {
	text, err := r.small(m, MaxManifest)
	if err != nil {
		return err
	}
	manifest, err := ParseManifest(text)
	if err == nil {
		r.header = *NewHeader(manifest, text)
	}
	return err
}

func (r *reading) readEvidence(m *archive.Member) error {
	n := len(r.header.Evidence)
	switch {
	case r.header.Statement == nil:
		return r.malformed("%q is there without a %s before it", m.Name, StatementName)
	case n == MaxEvidence:
		return r.malformed("there are more than %d files of evidence on the statement", MaxEvidence)
	case n > 0 && r.header.Evidence[n-1].Name >= m.Name:
		return r.malformed("%q is out of its place", m.Name)
	}
	text, err := r.small(m, MaxStatement)
	r.header.Evidence = append(r.header.Evidence, File{m.Name, text})
	return err
}

// small reads a file that is about the kit.
func (r *reading) small(m *archive.Member, limit int64) ([]byte, error) {
	if m.Size > limit {
		return nil, r.malformed("%q has more than %d bytes", m.Name, limit)
	}
	b, err := io.ReadAll(io.LimitReader(m.Content, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(b)) > limit:
		return nil, r.malformed("%q has more than %d bytes", m.Name, limit)
	}
	return b, nil
}

func (r *reading) malformed(format string, args ...any) error {
	return fault.New(fault.KitMalformed, "malformed kit: "+format, args...).With("path", r.source.name)
}

// begin shows the header to the sink, if that was not done yet.
func (r *reading) begin() error {
	switch {
	case r.contents != nil:
		return nil
	case r.header.Manifest == nil:
		return r.source.notOne("it has no " + ManifestName)
	}
	r.contents = &Contents{Header: &r.header}
	r.buf = make([]byte, 256<<10)
	return r.sink.Header(&r.header)
}

// file takes a file that should be an entry.
func (r *reading) file(m *archive.Member) error {
	i, found := r.contents.Manifest.find(m.Name)
	switch {
	case !found:
		r.contents.find(Finding{Reason: fault.KitUnlisted, File: m.Name})
		return nil
	case i < r.next:
		r.contents.find(Finding{Reason: fault.KitMalformed, File: m.Name, Found: "it is out of its place"})
		return nil
	}
	r.missing(i)
	r.next = i + 1
	return r.entry(&r.contents.Manifest.Entries[i], m)
}

// missing finds that the entries up to one of them are not there.
func (r *reading) missing(upTo int) {
	for ; r.next < upTo; r.next++ {
		r.contents.find(Finding{Reason: fault.KitIncomplete, File: r.contents.Manifest.Entries[r.next].Name})
	}
}

// entry shows an entry to the sink, and holds it to the manifest.
func (r *reading) entry(e *Entry, m *archive.Member) error {
	if m.Size != e.Size {
		r.contents.find(Finding{fault.KitMismatch, e.Name, fmt.Sprintf("%d bytes long", e.Size), fmt.Sprintf("%d bytes long", m.Size)})
		return nil
	}
	c := newContent(r.ctx, e, m.Content)
	defer c.close()
	failed := r.sink.Entry(e, c)
	if failed == nil || c.mismatch != "" {
		failed = c.drain(r.buf)
	}
	switch {
	case c.mismatch != "":
		r.contents.find(Finding{fault.KitMismatch, e.Name, "sha256:" + e.Digest(), c.mismatch})
		return nil
	case c.failed != nil:
		return r.damaged(c.failed)
	}
	return failed
}

// content is the content of an entry, which it holds to the manifest.
type content struct {
	ctx      context.Context
	entry    *Entry
	r        io.Reader
	sum      *digester
	n        int64
	mismatch string // what was found instead
	failed   error  // of the source
	done     bool
}

// newContent returns the content of an entry, which must be closed.
func newContent(ctx context.Context, e *Entry, r io.Reader) *content {
	return &content{ctx: ctx, entry: e, r: r, sum: newDigester(e.Size)}
}

// close ends what goes on beside the reading.
func (c *content) close() { c.sum.stop() }

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	switch {
	case c.failed != nil:
		return 0, c.failed
	case c.done:
		return 0, c.verdict()
	}
	if c.failed = context.Cause(c.ctx); c.failed != nil {
		return 0, c.failed
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.sum.Write(p[:n])
	switch {
	case errors.Is(err, io.EOF), err == nil && c.n > c.entry.Size:
		c.conclude()
		return n, c.verdict()
	case err != nil:
		c.failed = err
	}
	return n, err
}

func (c *content) conclude() {
	c.done = true
	sum := c.sum.Sum()
	switch {
	case c.n != c.entry.Size:
		c.mismatch = "of another length: it changed while it was read"
	case sum != c.entry.SHA256:
		c.mismatch = "sha256:" + hex.EncodeToString(sum[:])
	}
}

func (c *content) verdict() error {
	if c.mismatch == "" {
		return io.EOF
	}
	return fault.New(fault.KitMismatch, "%q is %s, not sha256:%s", c.entry.Name, c.mismatch, c.entry.Digest()).With("file", c.entry.Name)
}

// drain reads what is left.
func (c *content) drain(buf []byte) error {
	for !c.done && c.failed == nil {
		_, _ = c.Read(buf)
	}
	return c.failed
}
