package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse"
)

// Item is one piece of signed evidence of which nothing is verified yet. One
// of Envelope and Blob is set.
type Item struct {
	Source   string // the input's name
	Member   string // of an archive; set by who opened it
	Line     int    // of JSON lines, from 1; 0 for a file that is one item
	Shape    string // for people: "Sigstore bundle v0.3", "DSSE envelope"
	Version  string // of the bundle, "" for a bare envelope
	Envelope *dsse.Envelope
	Blob     *Blob
	Material Material
}

// Blob is a bundle's messageSignature: a signature over the bare bytes of an
// artifact that is not in the bundle.
type Blob struct {
	Algorithm string // of Digest, as the bundle names it: "SHA2_256"; may be empty
	Digest    []byte // may be empty
	Signature []byte
}

// Material is what a bundle carries beside the signature. None of it is
// verified.
type Material struct {
	KeyHint      string
	Certificates [][]byte         // DER, leaf first
	Chain        bool             // the certificates stood as a chain, even if there is one
	LogEntries   []jsontext.Value // as they stand
	Timestamps   jsontext.Value   // timestampVerificationData, as it stands; may be nil
}

// Ignored is a line that is not evidence.
type Ignored struct {
	Line   int
	Reason string
}

// Read reads all evidence in f: a bundle, an envelope, or JSON lines of them.
// Items keep reading from f, which must stay open. A file that is no evidence
// at all has the reason input.not_evidence; one that looks like evidence and is
// malformed, envelope.malformed, bundle.malformed or bundle.version.
func Read(f *input.File) ([]Item, []Ignored, error) {
	if f.Size() == 0 {
		return nil, nil, fault.New(fault.InputEmpty, "%s is empty", input.Display(f.Name()))
	}
	item, more, err := readOne(f, 0, f.Size())
	if !more {
		if err != nil {
			return nil, nil, inFile(err, f, 0)
		}
		item.Source = f.Name()
		return []Item{item}, nil, nil
	}
	return readLines(f)
}

// shape is what a JSON object seems to be, by the first telling member.
type shape int

const (
	shapeOther shape = iota
	shapeBundle
	shapeEnvelope
)

func shapeOf(member string) shape {
	switch member {
	case "mediaType", "dsseEnvelope", "messageSignature", "verificationMaterial":
		return shapeBundle
	case "payload", "payloadType", "signatures":
		return shapeEnvelope
	}
	return shapeOther
}

// readOne reads the item that begins at off. more says that other content
// follows the object, so the file may be JSON lines.
func readOne(f *input.File, off, size int64) (item Item, more bool, err error) {
	if err := looksLikeJSON(f, off); err != nil {
		return Item{}, false, err
	}
	d := strictjson.NewDecoder(f, off, size, MaxOverhead)
	s, more, err := peek(d)
	if err != nil || more {
		return Item{}, more, err
	}
	d.Rewind(MaxOverhead)
	reason, what := fault.BundleMalformed, "malformed bundle"
	switch s {
	case shapeBundle:
		item, err = decodeBundle(d)
	case shapeEnvelope:
		reason, what = fault.EnvelopeMalformed, "malformed envelope"
		item.Shape = "DSSE envelope"
		item.Envelope, err = dsse.DecodeEnvelope(d)
	default:
		return Item{}, false, fault.New(fault.NotEvidence, "not an envelope or bundle")
	}
	if err == nil {
		if d.More() {
			return Item{}, true, nil
		}
		err = d.Unclaimed()
	}
	return item, false, asFault(err, reason, what)
}

// errTold ends a reading that has learnt enough.
var errTold = errors.New("told")

// peek reads an object up to the first member that tells what it is.
func peek(d *strictjson.Decoder) (s shape, more bool, err error) {
	err = d.Members(func(name string) error {
		if s = shapeOf(name); s != shapeOther {
			return errTold
		}
		return d.Skip()
	})
	switch {
	case errors.Is(err, errTold):
		return s, false, nil
	case errors.Is(err, strictjson.ErrOverhead):
		return shapeOther, false, nil // large, and nothing telling in all of it
	case err != nil:
		return shapeOther, false, fault.Wrap(fault.InputMalformed, err, "malformed JSON")
	}
	return s, d.More(), nil
}

// asFault gives err a reason unless it has one.
func asFault(err error, r fault.Reason, what string) error {
	if err == nil || fault.ReasonOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(r, err, "%s", what)
}

// looksLikeJSON refuses what cannot be evidence with a word on what it is.
func looksLikeJSON(f *input.File, off int64) error {
	head, err := headOf(f, off)
	if err != nil {
		return err
	}
	return CheckHead(head)
}

// headOf returns the first few hundred bytes from off on.
func headOf(f *input.File, off int64) ([]byte, error) {
	const size = 512
	if head, ok := f.Slice(off, min(size, f.Size()-off)); ok {
		return head, nil
	}
	head := make([]byte, size)
	n, err := f.ReadAt(head, off)
	if n == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read")
	}
	return head[:n], nil
}

func readLines(f *input.File) ([]Item, []Ignored, error) {
	var items []Item
	var ignored []Ignored
	err := eachLine(f, MaxLines, func(l Line) error {
		found, err := ReadLine(f, l)
		switch {
		case fault.ReasonOf(err) == fault.NotEvidence:
			ignored = append(ignored, Ignored{l.Number, err.Error()})
			return nil
		case err != nil:
			return inFile(err, f, l.Number)
		}
		items = append(items, found...)
		return nil
	})
	if err == nil && len(items) == 0 {
		err = inFile(fault.New(fault.NotEvidence, "no line is an envelope or bundle"), f, 0)
	}
	return items, ignored, err
}

// eachLine calls do for every line of f that is not blank, of which there are at
// most limit, or any number if limit is 0.
func eachLine(f *input.File, limit int, do func(Line) error) error {
	buf := make([]byte, 256<<10)
	start, line := int64(0), 1
	blank := true
	for off := int64(0); off < f.Size(); {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), f.Size()-off)], off)
		if n == 0 {
			return fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(f.Name()))
		}
		for piece := buf[:n]; len(piece) > 0; {
			i := bytes.IndexByte(piece, '\n')
			end := i + 1
			if i < 0 {
				end = len(piece)
			}
			blank = blank && len(bytes.TrimSpace(piece[:end])) == 0
			off += int64(end)
			piece = piece[end:]
			if i < 0 && off < f.Size() {
				continue
			}
			if !blank {
				if err := do(Line{line, start, off - start}); err != nil {
					return err
				}
			}
			if line++; limit > 0 && line > limit {
				return fault.New(fault.InputTooLarge, "%s has more than %d lines", input.Display(f.Name()), limit)
			}
			start, blank = off, true
		}
	}
	return nil
}

// inFile says where an error was met.
func inFile(err error, f *input.File, line int) error {
	where := input.Display(f.Name())
	if line > 0 {
		where = fmt.Sprintf("%s, line %d", where, line)
	}
	fe := fault.Wrap(fault.ReasonOf(err), err, "%s", where).With("path", f.Name())
	if fe.Reason == fault.Internal {
		fe.Reason = fault.InputMalformed
	}
	return fe
}

// LooksLikeEvidence reports whether a file name says that it holds evidence.
func LooksLikeEvidence(name string) bool {
	for _, suffix := range Suffixes() {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// Suffixes returns the file name endings of evidence.
func Suffixes() []string { return []string{".sigstore.json", ".dsse.json", ".intoto.jsonl"} }

// Signatures returns the signatures of the item's envelope, each with a key
// id: a bundle keeps it beside the envelope, as the hint.
func (i *Item) Signatures() []dsse.Signature {
	signatures := i.Envelope.Signatures()
	sum, err := base64.StdEncoding.DecodeString(i.Material.KeyHint)
	if len(signatures) == 1 && signatures[0].KeyID == "" && err == nil && len(sum) == sha256.Size {
		signatures[0].KeyID = "sha256:" + hex.EncodeToString(sum)
	}
	return signatures
}
