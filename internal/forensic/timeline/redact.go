package timeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"io"
	"os"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// redactedMember is the member of a notice's details with the hash of the content
// that it takes back.
const redactedMember = "redacted_sha256"

// Redact adds a redaction notice, whose Supersedes names the event, and repeats the
// hash of the event's content in its details. With remove the content itself is then
// taken out of the file; the chain does not run through it. An event that is not
// there is fault.InputNotFound; a notice cannot be taken back.
func Redact(ctx context.Context, path string, now func() time.Time, notice Entry, remove bool) (*Added, error) {
	var added *Added
	err := locked(ctx, path, func() error {
		hash, err := findContent(path, notice.Supersedes)
		if err != nil {
			return err
		}
		if notice.Details, err = withMember(notice.Details, hash); err != nil {
			return err
		}
		one := func(yield func(Entry, error) bool) { yield(notice, nil) }
		if added, err = add(path, now, one); err != nil || !remove {
			return err
		}
		return removeContent(ctx, path, notice.Supersedes)
	})
	return added, err
}

// withMember adds the hash to the details of a notice.
func withMember(details jsontext.Value, hash chain.Hash) (jsontext.Value, error) {
	members := map[string]jsontext.Value{}
	if details != nil {
		if err := json.Unmarshal(details, &members); err != nil {
			return nil, fault.New(fault.TimelineMalformed, "the details of a redaction notice are no JSON object")
		}
	}
	if _, taken := members[redactedMember]; taken {
		return nil, fault.New(fault.TimelineMalformed, "the details of a redaction notice may not say %s themselves", redactedMember)
	}
	members[redactedMember] = appendText(nil, hash.String())
	return json.Marshal(members, json.Deterministic(true))
}

// redactedHash returns the hash that a notice repeats.
func redactedHash(details jsontext.Value) (chain.Hash, bool) {
	var said struct {
		Hash string `json:"redacted_sha256"`
	}
	if json.Unmarshal(details, &said) != nil {
		return chain.Hash{}, false
	}
	h, err := chain.ParseHash(said.Hash)
	return h, err == nil
}

// findContent returns the hash of the content of an event.
func findContent(path string, id ulid.ULID) (chain.Hash, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return chain.Hash{}, fault.New(fault.InputNotFound, "there is no timeline %q", path).With("path", path)
	}
	if err != nil {
		return chain.Hash{}, fault.Wrap(fault.InputUnreadable, err, "timeline %q cannot be read", path).With("path", path)
	}
	defer f.Close()
	for e, err := range Events(f) {
		switch {
		case err != nil:
			return chain.Hash{}, fault.Wrap(fault.InputUnreadable, err, "timeline %q cannot be read", path).With("path", path)
		case e.ID == id && e.Redacts():
			return chain.Hash{}, fault.New(fault.TimelineMalformed, "event %s is a redaction notice, which cannot be taken back", id)
		case e.ID == id:
			return e.DetailsSHA256, nil
		}
	}
	return chain.Hash{}, fault.New(fault.InputNotFound, "there is no event %s in timeline %q", id, path).
		WithHint("stella forensic timeline show lists the ids")
}

// removeContent writes the timeline anew without the content of one event.
func removeContent(ctx context.Context, path string, id ulid.ULID) error {
	in, err := os.Open(path)
	if err != nil {
		return Kind().WriteFault(path, err)
	}
	defer in.Close()
	out, err := atomicfile.Create(ctx, path, atomicfile.Options{Force: true, Mode: 0o600})
	if err != nil {
		return err
	}
	defer out.Abort()
	if err := copyWithout(out, in, id); err != nil {
		return Kind().WriteFault(path, err)
	}
	return out.Commit()
}

func copyWithout(w io.Writer, r io.Reader, id ulid.ULID) error {
	needle := []byte(`"event_id":"` + id.String() + `"`)
	for c := range chunks(r) {
		if c.err != nil || c.long {
			return cmp.Or(c.err, errors.New("a line of it is too long"))
		}
		for text := range c.lines() {
			if bytes.Contains(text, needle) {
				if p, err := parseEvent(text); err == nil && p.ID == id {
					p.Details = nil
					text = appendEvent(nil, &p.Event)
				}
			}
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
	}
	return nil
}
