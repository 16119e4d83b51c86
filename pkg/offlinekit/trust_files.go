package offlinekit

import (
	"bytes"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// TrustFiles keeps the trust of a kit in memory, as a [Sink] gets it: it comes first, and
// has trust.MaxSum bytes at most. The zero value has none.
type TrustFiles struct {
	files map[string][]byte // by their names in TrustDir
	sum   int64
}

// Add takes an entry, which is in TrustDir. More than trust.MaxSum bytes together are
// fault.InputTooLarge; other errors are those of content.
func (t *TrustFiles) Add(e *Entry, content io.Reader) error {
	if t.sum += e.Size; t.sum > trust.MaxSum {
		return fault.New(fault.InputTooLarge, "the trust in the kit has more than %d bytes", int64(trust.MaxSum)).With("file", e.Name)
	}
	b, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	if t.files == nil {
		t.files = map[string][]byte{}
	}
	t.files[strings.TrimPrefix(e.Name, TrustDir)] = b
	return nil
}

// Get returns the content of an entry, and whether it was taken.
func (t *TrustFiles) Get(e *Entry) (*bytes.Reader, bool) {
	b, there := t.files[strings.TrimPrefix(e.Name, TrustDir)]
	return bytes.NewReader(b), there
}

// Source returns the repository that the files are, which is called name in messages;
// nil if there are none.
func (t *TrustFiles) Source(name string) (*trust.FileSource, error) {
	if len(t.files) == 0 {
		return nil, nil
	}
	return trust.MemorySource(name, t.files)
}

// examine is what an import would find; nil if the kit has no trust.
func (t *TrustFiles) examine(o *CheckOptions) (*trust.Examined, error) {
	source, err := t.Source("the kit's " + TrustDir)
	if source == nil || err != nil {
		return nil, err
	}
	found, err := trust.Examine(source, o.Now, o.CheckPolicy)
	if err != nil {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "the trust in the kit cannot be imported")
	}
	return found, nil
}
