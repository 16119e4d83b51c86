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
		return errNoObject
	}
	return nil
}

var errNoObject = fault.New(fault.NotEvidence, "not an envelope or bundle: it does not begin with a JSON object").WithHint(hintOther)

// hintOther answers an artifact that was given in place of its evidence.
const hintOther = "name what stella sign wrote, such as FILE.sigstore.json; the artifact itself goes with --subject"

func errEmpty() error { return fault.New(fault.InputEmpty, "the file is empty").WithHint(hintEmpty) }

const hintEmpty = "make it again, and look at what the program that should have written it says"

// Line is a line of JSON lines that is not blank.
type Line struct {
	Number    int // from 1
	Off, Size int64
}

// EachLine calls do with every line of f, however many there are, up to the first
// error.
func EachLine(f *input.File, do func(Line) error) error { return eachLine(f, 0, do) }

// ReadLine reads what is in a line of f. One that is JSON and no evidence has the
// reason input.not_evidence, and one that is no JSON object input.malformed: a single
// damaged byte must not make evidence something to be passed over. Errors do not name f.
func (r *Reader) ReadLine(f *input.File, l Line) ([]Item, error) {
	items, more, err := r.read(f, l.Off, l.Size)
	switch {
	case more:
		return nil, ErrBehind
	case errors.Is(err, errNoObject):
		return nil, fault.New(fault.InputMalformed, "the line is not a JSON object")
	case err != nil:
		return nil, err
	}
	return place(items, f, l.Number), nil
}

// ErrBehind refuses a line with two documents.
var ErrBehind = fault.New(fault.InputMalformed, "there is other content behind the JSON document")

// PassedOver reports whether err, of Read, ReadDocument or ReadLine, says of a file that
// nobody named that it is something else than evidence. Evidence that is broken is never
// passed over: neither a file whose name says that it is evidence, nor one with a member
// that tells. Of ReadLine it speaks for the line alone: a line that is Damaged is to be
// an error if there is evidence in the file.
func PassedOver(name string, err error) bool {
	if _, among := errors.AsType[amongError](err); among || LooksLikeEvidence(name) || errors.Is(err, ErrBehind) {
		return false
	}
	switch fault.ReasonOf(err) {
	case fault.NotEvidence, fault.InputNotRegular, fault.InputEmpty, fault.InputEncoding, fault.InputMalformed:
		return true
	}
	return false
}

// Damaged reports whether err, of ReadLine, says that the line is no JSON document at all.
// In a file with evidence it may be what a damaged byte made of some.
func Damaged(err error) bool { return err != nil && fault.ReasonOf(err) != fault.NotEvidence }

// amongError is about a damaged line of a file that holds evidence: nothing to be passed
// over.
type amongError struct{ error }

// Unwrap returns what is wrong with the line.
func (e amongError) Unwrap() error { return e.error }
