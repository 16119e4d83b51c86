package forensic

import (
	"encoding/json/jsontext"
	"errors"
	"io"
)

const (
	// maxHead bounds a manifest without its entries, in bytes.
	maxHead = 2 << 20
	// maxEntry bounds an entry of a manifest with the space before it, in bytes.
	maxEntry = 64 << 10
)

// errMeter says that something in a manifest is longer than it may be.
var errMeter = errors.New("a member of it, or an entry, is longer than it may be")

// metered is a manifest as its reader gets it: only as far as the reader was let, so
// that it holds no more at a time than that, be it a value or all names of an object.
type metered struct {
	r    io.Reader
	d    *jsontext.Decoder
	read int64
	end  int64
}

// newMetered returns a reader of JSON that gets maxHead bytes at first.
func newMetered(r io.Reader) *metered {
	m := &metered{r: r, end: maxHead}
	m.d = jsontext.NewDecoder(m)
	return m
}

// Read implements io.Reader.
func (m *metered) Read(p []byte) (int, error) {
	if m.read >= m.end {
		return 0, errMeter
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.end-m.read)])
	m.read += int64(n)
	return n, err
}

// more lets the reader n bytes on from where it is.
func (m *metered) more(n int64) { m.end = m.d.InputOffset() + n }

// entries calls do in front of each entry of an array, which must read it, and then
// lets the reader as far as it was let before.
func (m *metered) entries(do func() error) error {
	start := m.d.InputOffset()
	left := m.end - start
	m.more(maxEntry)
	switch t, err := m.d.ReadToken(); {
	case err != nil:
		return err
	case t.Kind() != '[':
		return errors.New("its entries are no JSON array")
	}
	for m.d.PeekKind() != ']' {
		if err := do(); err != nil {
			return err
		}
		m.more(maxEntry)
	}
	_, err := m.d.ReadToken()
	m.more(left)
	return err
}
