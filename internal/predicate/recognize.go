package predicate

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// bufferSize is how much of an input is read at once, in bytes.
const bufferSize = 256 << 10

// headSize is how much of an input is looked at to tell encodings, in bytes:
// the magic number of tar stands at 257.
const headSize = 512

// Recognize reads f once, in constant memory, and says what it is. What is not
// a document that stella signs is refused with the reason input.unrecognized
// and a message that says what it looks like; malformed and oddly encoded
// input has a reason of its own.
func Recognize(f *input.File) (*Document, error) {
	d, err := examine(f)
	if err != nil {
		return nil, err
	}
	if d.refusal != nil {
		return nil, located(f, d.refusal)
	}
	return d, nil
}

// examine is Recognize that also returns a JSON object of no format, which may
// be a predicate, with the refusal that it would get.
func examine(f *input.File) (*Document, error) {
	sum := &counted{Hash: sha256.New()}
	d, err := recognize(io.TeeReader(f.Reader(), sum))
	if err == nil && sum.n != f.Size() {
		err = changed()
	}
	if err != nil {
		return nil, located(f, err)
	}
	d.Size = sum.n
	sum.Sum(d.SHA256[:0])
	return d, nil
}

// counted is a hash that knows how much it was given.
type counted struct {
	hash.Hash
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.Hash.Write(p)
}

// changed is the error for an input that is not what it was.
func changed() error {
	return fault.New(fault.InputChanged, "it changed while it was being read").
		WithHint("let nothing write to the file and run the command again")
}

// recognize reads r to its end unless it fails.
func recognize(r io.Reader) (*Document, error) {
	br := bufio.NewReaderSize(r, bufferSize)
	head, first, err := peek(br)
	switch {
	case err != nil:
		return nil, err
	case first == '{':
		return recognizeJSON(br)
	case first == '<':
		return recognizeXML(br)
	}
	if what := looksLikeText(head); what != "" {
		return nil, unrecognized(what)
	}
	return recognizeTagValue(br)
}

// peek returns the first bytes of br without reading them, and the first that
// is not white space.
func peek(br *bufio.Reader) (head []byte, first byte, err error) {
	all, err := br.Peek(bufferSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	head = all[:min(len(all), headSize)]
	if err := input.CheckText(head); err != nil {
		return nil, 0, err
	}
	text := bytes.TrimLeft(all, " \t\r\n")
	if len(text) > 0 {
		return bytes.TrimLeft(head, " \t\r\n"), text[0], nil
	}
	if len(all) == 0 {
		return nil, 0, fault.New(fault.InputEmpty, "it is empty")
	}
	return nil, 0, fault.New(fault.InputEmpty, "it begins with %d bytes of white space", len(all))
}

func recognizeJSON(r io.Reader) (*Document, error) {
	f, checks := newFacts(wants()), make(map[string]*checker)
	all := visitors{{Visitor: f}}
	for of, s := range formatShapes() {
		checks[of] = newChecker(s, "")
		all = append(all, &visitor{Visitor: checks[of]})
	}
	if _, err := canonical.Scan(r, all); err != nil {
		return nil, err
	}
	d, err := identify(f)
	if err == nil && d == nil {
		err = looksLike(f)
	}
	if err != nil {
		d = &Document{MediaType: "application/json", Encoding: JSON, refusal: err}
	}
	if check := checks[d.typ]; check != nil {
		d.misfit = check.verdict()
	}
	return d, nil
}

// located adds the input's name to an error about its content.
func located(f *input.File, err error) error {
	inner, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(f.Name()))
	}
	outer := fault.Wrap(inner.Reason, err, "%s", input.Display(f.Name()))
	outer.Hint, outer.Details = inner.Hint, inner.Details
	return outer.With("file", f.Name())
}
