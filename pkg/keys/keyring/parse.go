package keyring

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/keys"
)

// Format is the format string of a keyring.json. It changes when a reader of
// this version could misread a file.
const Format = "stella.ops/keyring@v1"

// Bounds of a keyring.json.
const (
	// MaxSize bounds the file, in bytes.
	MaxSize = 16 << 20
	// MaxEntries bounds the keys.
	MaxEntries = 1024
	// MaxHistory bounds the events of one key.
	MaxHistory = 4096

	maxReferenceSize   = 8 << 10  // characters; as keys.ParseRef bounds it
	maxNameSize        = 128      // characters
	maxDetailSize      = 1024     // characters
	maxCertificateSize = 16 << 10 // bytes of DER
	maxAttestations    = 16       // of one key
	maxStatementSize   = 64 << 10 // bytes of one attestation's statement
)

//go:embed keyring.schema.json
var schema string

// Schema returns the JSON Schema (2020-12) of keyring.json. What it cannot say
// stands in docs/formats/keyring.md: Parse accepts nothing that it refuses.
func Schema() string { return schema }

// Parse parses a keyring.json; source is its name for messages. All errors are
// fault.KeyringMalformed with the JSON pointer of what is wrong, except for
// fault.InputTooLarge.
func Parse(b []byte, source string) (*Contents, error) {
	if len(b) > MaxSize {
		return nil, fault.New(fault.InputTooLarge, "%s is larger than the limit of %d bytes for a keyring", input.Display(source), MaxSize)
	}
	top, err := strictjson.Document{Source: source, Reason: fault.KeyringMalformed}.Parse(b)
	if err != nil {
		return nil, err
	}
	format := top.Text("format", strictjson.Required, maxNameSize, nil)
	if top.Err() == nil && format != Format {
		return nil, top.Fail("format", "unknown format %q, want %q", format, Format)
	}
	entries := top.Objects("entries", strictjson.Required, MaxEntries)
	if err := top.Close("format", "entries"); err != nil {
		return nil, err
	}
	c := &Contents{}
	for _, o := range entries {
		e, err := readEntry(source, o)
		if err != nil {
			return nil, err
		}
		if err := c.unique(&e, o); err != nil {
			return nil, err
		}
		c.Entries = append(c.Entries, e)
	}
	return c, c.checkSuccessors(top)
}

func (c *Contents) unique(e *Entry, o *strictjson.Object) error {
	if _, err := c.Find(e.Key.Name); err == nil {
		return o.Fail("name", "stands twice: %q", e.Key.Name)
	}
	if other := c.FindKey(e.Key.Public); other != nil {
		return o.Fail("key", "is that of %q", other.Key.Name)
	}
	return nil
}

func (c *Contents) checkSuccessors(top *strictjson.Object) error {
	for i := range c.Entries {
		e := &c.Entries[i]
		if _, err := c.Find(e.Successor); e.Successor != "" && err != nil || e.Successor == e.Key.Name {
			return top.Fail("entries/"+strconv.Itoa(i)+"/successor", "names no other key: %q", e.Successor)
		}
	}
	return nil
}

func readEntry(source string, o *strictjson.Object) (Entry, error) {
	e := Entry{
		State:     State(o.Text("state", strictjson.Required, maxNameSize, isState)),
		Successor: o.Text("successor", strictjson.Optional, maxNameSize, strictjson.IsName),
		Reference: readReference(o),
		History:   readHistory(o),
	}
	e.Certificates = o.Blobs("certificates", strictjson.Optional, keys.MaxChain, maxCertificateSize)
	e.Attestations = readAttestations(o)
	e.Key = keys.ReadEntry(source, o)
	known := append(keys.EntryMembers(), "state", "reference", "successor", "certificates", "attestations", "history")
	if err := o.Close(known...); err != nil {
		return Entry{}, asKeyring(err)
	}
	return e, e.check(o)
}

// asKeyring makes a key of an algorithm that this build lacks an error of the
// keyring: to pass it over would be to forget that it is revoked.
func asKeyring(err error) error {
	if fault.ReasonOf(err) == fault.KeyUnsupported {
		return fault.Wrap(fault.KeyringMalformed, err, "")
	}
	return err
}

func isState(s string) bool {
	return s == string(Active) || s == string(VerifyOnly) || s == string(Revoked)
}

func readReference(o *strictjson.Object) keys.Ref {
	text := o.Text("reference", strictjson.Optional, maxReferenceSize, strictjson.IsText)
	if text == "" {
		return keys.Ref{}
	}
	ref, err := keys.ParseRef(text)
	if err != nil {
		o.Keep(o.Refuse("reference", err))
	}
	if ref.Scheme() == Scheme {
		o.Keep(o.Fail("reference", "names the keyring itself"))
	}
	return ref
}

func readHistory(o *strictjson.Object) []Event {
	var out []Event
	for _, event := range o.Objects("history", strictjson.Required, MaxHistory) {
		out = append(out, Event{
			Time:   event.Time("time", strictjson.Required),
			What:   event.Text("event", strictjson.Required, maxNameSize, strictjson.IsName),
			Detail: event.Text("detail", strictjson.Optional, maxDetailSize, strictjson.IsText),
		})
		o.Keep(event.Close("time", "event", "detail"))
	}
	return out
}

func readAttestations(o *strictjson.Object) []Attestation {
	var out []Attestation
	for _, a := range o.Objects("attestations", strictjson.Optional, maxAttestations) {
		out = append(out, Attestation{
			Attestation: keys.Attestation{
				Format:    a.Text("format", strictjson.Required, maxNameSize, strictjson.IsName),
				Statement: a.Bytes("statement", strictjson.Required, maxStatementSize),
				Chain:     a.Blobs("chain", strictjson.Optional, keys.MaxChain, maxCertificateSize),
			},
			ObtainedAt: a.Time("obtainedAt", strictjson.Required),
		})
		o.Keep(a.Close("format", "statement", "chain", "obtainedAt"))
	}
	return out
}

// check holds together what members say about each other.
func (e *Entry) check(o *strictjson.Object) error {
	switch {
	case (e.State == Revoked) != !e.Key.RevokedAt.IsZero():
		return o.Fail("revokedAt", "goes together with state %q", Revoked)
	case e.State == Active && !e.HasReference():
		return o.Fail("reference", "is missing for an active key")
	case len(e.Certificates) == 0:
		return nil
	}
	chain, err := keys.CheckChain(e.Certificates)
	if err != nil {
		return asKeyring(o.Refuse("certificates", err))
	}
	if !e.isKey(chain[0].PublicKey) {
		return o.Fail("certificates/0", "is of another key")
	}
	return nil
}

// splitNumber tells a name from the number at its end: "release-2" is
// "release" and 2, and a name without one is its first.
func splitNumber(name string) (string, int) {
	i := strings.LastIndexByte(name, '-')
	if i < 1 {
		return name, 1
	}
	number, err := strconv.Atoi(name[i+1:])
	if err != nil || number < 2 || number > MaxEntries || strconv.Itoa(number) != name[i+1:] {
		return name, 1
	}
	return name[:i], number
}

func joinNumber(base string, number int) string {
	end := "-" + strconv.Itoa(number)
	return base[:min(len(base), maxNameSize-len(end))] + end
}
