package bundle

import (
	"bytes"
	"errors"
	"sync"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// A Reader reads one document after the other in the memory that it has. Its zero
// value is ready, and it is safe for concurrent use.
type Reader struct{ spare sync.Pool } // of *strictjson.Decoder

func (r *Reader) decoder(f *input.File, off, size int64) *strictjson.Decoder {
	d, ok := r.spare.Get().(*strictjson.Decoder)
	if !ok {
		return strictjson.NewDecoder(f, off, size, MaxOverhead)
	}
	d.Reset(f, off, size, MaxOverhead)
	return d
}

// ReadDocument reads f as one document, and is Read for who takes one after the
// other of any number. lines says that more follows the first object, so that f is
// JSON lines for EachLine and ReadLine. Errors have the reasons of Read, and do
// not name f.
//
// A file that is nothing but a signature is one only if it is named: what has the
// form of a signature by chance must not count as broken evidence.
func (r *Reader) ReadDocument(f *input.File, named bool) (items []Item, lines bool, err error) {
	if f.Size() == 0 {
		return nil, false, errEmpty()
	}
	if f.Size() > input.MaxEvidence {
		return nil, false, tooLarge(f)
	}
	if named {
		if item := readDetached(f); item != nil {
			return place([]Item{*item}, f, 0), false, nil
		}
	}
	items, more, err := r.read(f, 0, f.Size())
	return place(items, f, 0), more, err
}

// tooLarge says of a file over the limit whether it could be evidence at all.
func tooLarge(f *input.File) error {
	if err := looksLikeJSON(f, 0); err != nil {
		return err
	}
	return fault.New(fault.InputTooLarge, "it has more than the limit of %d bytes", int64(input.MaxEvidence))
}

// CheckHead refuses what begins with head, a few hundred bytes or all there is, if
// it cannot be evidence, and says what it is. The reasons are input.not_evidence,
// input.empty and input.encoding.
func CheckHead(head []byte) error {
	if len(head) == 0 {
		return errEmpty()
	}
	if err := input.CheckText(head); err != nil {
		return err
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return fault.New(fault.NotEvidence, "not an envelope or bundle: it does not begin with a JSON object")
	}
	return nil
}

func errEmpty() error { return fault.New(fault.InputEmpty, "the file is empty") }

// Line is a line of JSON lines that is not blank.
type Line struct {
	Number    int // from 1
	Off, Size int64
}

// EachLine calls do with every line of f, however many there are, up to the first
// error.
func EachLine(f *input.File, do func(Line) error) error { return eachLine(f, 0, do) }

// ReadLine reads what is in a line of f. One that is no evidence has the reason
// input.not_evidence. Errors do not name f.
func (r *Reader) ReadLine(f *input.File, l Line) ([]Item, error) {
	items, more, err := r.read(f, l.Off, l.Size)
	if more {
		err = ErrBehind
	}
	if err != nil {
		return nil, err
	}
	return place(items, f, l.Number), nil
}

// ErrBehind refuses a line with two documents.
var ErrBehind = fault.New(fault.InputMalformed, "there is other content behind the JSON document")

// PassedOver reports whether err, of ReadDocument, says of a file that nobody
// named that it is something else than evidence. Evidence that is broken is never
// passed over: neither a file whose name says that it is evidence, nor one with a
// member that tells.
func PassedOver(name string, err error) bool {
	if LooksLikeEvidence(name) || errors.Is(err, ErrBehind) {
		return false
	}
	switch fault.ReasonOf(err) {
	case fault.NotEvidence, fault.InputNotRegular, fault.InputEmpty, fault.InputEncoding, fault.InputMalformed:
		return true
	}
	return false
}
