package forensic

import (
	"bufio"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"io"

	"github.com/stellaops/stella/pkg/verify"
)

// maxHeldFindings bounds the results that wait in memory for their turn; more of them
// are in a temporary file.
const maxHeldFindings = 256

// findings are results over parts that wait, first in, first out. What is wrong with a large
// snapshot may be as large.
type findings struct {
	held  []*verify.Result
	spilt *scratch
}

// spiltPart is what of a result over a part is in the file.
type spiltPart struct {
	Source verify.Source
	Checks []verify.Check
}

func (f *findings) add(r *verify.Result) (err error) {
	if f.spilt == nil && len(f.held) < maxHeldFindings {
		f.held = append(f.held, r)
		return nil
	}
	if f.spilt == nil {
		if f.spilt, err = newScratch("the report"); err != nil {
			return err
		}
	}
	return json.MarshalWrite(f.spilt, spiltPart{r.Evidence[0], r.Checks}, jsontext.AllowInvalidUTF8(true))
}

// each gives all of them on, and forgets them.
func (f *findings) each(do func(*verify.Result) error) error {
	held, spilt := f.held, f.spilt
	f.held, f.spilt = nil, nil
	defer spilt.close()
	for _, r := range held {
		if err := do(r); err != nil {
			return err
		}
	}
	if spilt == nil {
		return nil
	}
	if err := spilt.flush(); err != nil {
		return err
	}
	d := jsontext.NewDecoder(bufio.NewReader(spilt.reader()), jsontext.AllowInvalidUTF8(true))
	for {
		var p spiltPart
		err := json.UnmarshalDecode(d, &p)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(verify.Part(p.Source, p.Checks...)); err != nil {
			return err
		}
	}
}
