package offlinekit

import (
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// collector keeps the trust of a kit, which comes first and is small.
type collector struct {
	files map[string][]byte
	sum   int64
}

func (c *collector) add(name string, e *Entry, content io.Reader) error {
	if c.sum += e.Size; c.sum > trust.MaxSum {
		return fault.New(fault.InputTooLarge, "the trust in the kit has more than %d bytes", int64(trust.MaxSum)).With("file", e.Name)
	}
	b, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	if c.files == nil {
		c.files = map[string][]byte{}
	}
	c.files[name] = b
	return nil
}

// examine is what an import would find; nil if the kit has no trust.
func (c *collector) examine(o *CheckOptions) (*trust.Examined, error) {
	if len(c.files) == 0 {
		return nil, nil
	}
	source, err := trust.MemorySource("the kit's "+TrustDir, c.files)
	if err != nil {
		return nil, err
	}
	found, err := trust.Examine(source, o.Now, o.CheckPolicy)
	if err != nil {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "the trust in the kit cannot be imported")
	}
	return found, nil
}
