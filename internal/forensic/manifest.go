package forensic

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// Format names the format of a manifest.
const Format = "stella.ops/snapshot@v1"

const (
	// maxManifest bounds a manifest, in bytes.
	maxManifest = 1 << 30
	// maxCase bounds the id of a case, in bytes.
	maxCase = 256
	// maxMetadata bounds the members of metadata, and maxMetadataValue each value, in
	// bytes.
	maxMetadata      = 256
	maxMetadataValue = 64 << 10
)

// Manifest is a manifest without its entries.
type Manifest struct {
	Format    string    `json:"format"`
	BundleID  string    `json:"bundleId"` // UUID of version 4, without hyphens
	TenantID  string    `json:"tenantId"` // likewise
	Kind      string    `json:"kind"`
	Case      string    `json:"case"`
	CreatedAt time.Time `json:"createdAt"`
	// Metadata says more for people; note.1 and so on are notes on the case.
	Metadata    map[string]string `json:"metadata"`
	Timeline    *TimelineHead     `json:"timeline,omitempty"`
	HashSummary HashSummary       `json:"hashSummary"`
}

// TimelineHead is how far the timeline in a snapshot goes. The manifest's signature
// anchors it.
type TimelineHead struct {
	Events uint64 `json:"events"`
	Head   string `json:"head"` // hash of the last event, in hex
}

// HashSummary says how the Merkle root was made, and what it is.
type HashSummary struct {
	Algorithm     string `json:"algorithm"`
	MerkleRecipe  string `json:"merkleRecipe,omitempty"` // the original has none
	MerkleRoot    string `json:"merkleRoot"`
	ChecksumsPath string `json:"checksumsPath"`
}

// bySection reports whether entries are sorted by section, as those of ours are: those of
// the original are by path alone.
func (m *Manifest) bySection() bool { return m.HashSummary.MerkleRecipe == RecipeRFC6962 }

// order returns how the paths of entries are compared.
func (m *Manifest) order() func(a, b string) int {
	if m.bySection() {
		return compare
	}
	return strings.Compare
}

// kindExport is the kind of what is written, and its number.
const kindExport = "export"

// unknownTenant is the tenant of who has none: a UUID of version 4 in form.
const unknownTenant = "00000000000040008000000000000000"

// isUUID reports whether s is a UUID of version 4 without hyphens (RFC 9562).
func isUUID(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == "" && s[12] == '4' && strings.ContainsRune("89ab", rune(s[16]))
}

// writeManifest writes a manifest, one entry on each line.
func writeManifest(w io.Writer, m *Manifest, entries iter.Seq2[*Entry, error]) error {
	head, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		return err
	}
	if len(head) > maxHead-maxEntry {
		return fault.New(fault.InputTooLarge, "the manifest would have over %d bytes beside its entries", maxHead-maxEntry).
			WithHint("keep long notes in a file of their own")
	}
	if _, err := fmt.Fprintf(w, "%s,\"entries\":[", head[:len(head)-1]); err != nil {
		return err
	}
	separator := "\n"
	for e, err := range entries {
		if err != nil {
			return err
		}
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, separator+string(line)); err != nil {
			return err
		}
		separator = ",\n"
	}
	_, err = io.WriteString(w, "\n]}\n")
	return err
}

// readManifest reads all of a manifest but its entries, of which it returns the place; see, if
// it is set, is shown each, well-formed JSON that is valid until it returns. Members that are
// not known are passed over.
func readManifest(r io.ReaderAt, size int64, see func(entry jsontext.Value)) (m *Manifest, entries int64, err error) {
	in := newMetered(io.NewSectionReader(r, 0, size))
	d := in.d
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, 0, errors.New("it is no JSON object")
	}
	m = &Manifest{}
	fields := map[string]any{
		"format": &m.Format, "bundleId": &m.BundleID, "tenantId": &m.TenantID, "case": &m.Case,
		"metadata": &m.Metadata, "timeline": &m.Timeline, "hashSummary": &m.HashSummary,
	}
	entries = -1
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, 0, asJSON(err)
		}
		switch field := fields[name.String()]; name.String() {
		case "entries":
			entries = d.InputOffset()
			err = in.entries(passOver(d, see))
		case "kind":
			m.Kind, err = readKind(d)
		case "createdAt":
			m.CreatedAt, err = readTime(d)
		default:
			err = readField(d, field)
		}
		if err != nil {
			return nil, 0, asJSON(err)
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, 0, asJSON(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, 0, errors.New("something stands behind the JSON object")
	}
	return m, entries, m.check(entries >= 0)
}

// passOver returns what reads a value and decodes none of it.
func passOver(d *jsontext.Decoder, see func(jsontext.Value)) func() error {
	if see == nil {
		return d.SkipValue
	}
	return func() error {
		value, err := d.ReadValue()
		if err == nil {
			see(value)
		}
		return err
	}
}

func readField(d *jsontext.Decoder, into any) error {
	if into == nil {
		return d.SkipValue()
	}
	return json.UnmarshalDecode(d, into)
}

// readKind reads a kind by its name or, as the original also has it, by its number.
func readKind(d *jsontext.Decoder) (string, error) {
	t, err := d.ReadToken()
	if err != nil {
		return "", err
	}
	if kinds := []string{"evaluation", "job", kindExport}; t.Kind() == '0' {
		i := slices.Index([]string{"1", "2", "3"}, t.String())
		if i < 0 {
			return "", errors.New("its kind is unknown")
		}
		return kinds[i], nil
	}
	return t.String(), nil
}

func readTime(d *jsontext.Decoder) (time.Time, error) {
	t, err := d.ReadToken()
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, t.String())
	if err != nil || !strings.HasSuffix(t.String(), "Z") {
		return time.Time{}, errors.New("createdAt is no time like 2006-01-02T15:04:05Z")
	}
	return at, nil
}

// asJSON takes what a reader of JSON says without the content it may quote.
func asJSON(err error) error {
	if errors.Is(err, errMeter) {
		return errMeter
	}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("it is not well-formed JSON at byte %d", syntax.ByteOffset)
	}
	if _, ok := errors.AsType[*json.SemanticError](err); ok {
		return errors.New("a member of it is of another kind than it should be")
	}
	return err
}

// check judges what the form does not.
func (m *Manifest) check(entries bool) error {
	switch h := &m.HashSummary; {
	case !entries:
		return errors.New("it has no entries")
	case m.Format != "" && m.Format != Format:
		return fmt.Errorf("it has the format %.100q, and this stella reads %s", m.Format, Format)
	case !isUUID(m.BundleID):
		return errors.New("bundleId is no UUID of version 4 without hyphens")
	case !isUUID(m.TenantID):
		return errors.New("tenantId is no UUID of version 4 without hyphens")
	case !slices.Contains([]string{"evaluation", "job", kindExport}, m.Kind):
		return errors.New("its kind is unknown")
	case m.CreatedAt.IsZero():
		return errors.New("it does not say when it was created")
	case m.Metadata == nil:
		return errors.New("it has no metadata")
	case len(m.Metadata) > maxMetadata:
		return fmt.Errorf("its metadata have over %d members", maxMetadata)
	case slices.ContainsFunc(slices.Collect(maps.Values(m.Metadata)), func(s string) bool { return len(s) > maxMetadataValue }):
		return fmt.Errorf("a value in its metadata has over %d bytes", maxMetadataValue)
	case h.Algorithm != "sha256" || !strictjson.IsSHA256(h.MerkleRoot):
		return errors.New("its hashSummary names no SHA-256 root")
	case h.ChecksumsPath != "" && h.ChecksumsPath != ChecksumsName:
		return fmt.Errorf("its checksums are not in %s", ChecksumsName)
	case m.Timeline != nil && !strictjson.IsSHA256(m.Timeline.Head):
		return errors.New("its timeline has no head")
	}
	if m.Case != "" || m.Format != "" {
		if err := CheckCase(m.Case); err != nil {
			return err
		}
	}
	_, err := newTree(m.HashSummary.MerkleRecipe)
	return err
}

// IsTenant reports whether an id is one of a tenant: a UUID of version 4 without hyphens.
func IsTenant(id string) bool { return isUUID(id) }

// CheckCase returns why an id is none of a case.
func CheckCase(id string) error {
	if id == "" || len(id) > maxCase || !strictjson.IsText(id) {
		return fmt.Errorf("the id of a case has 1 to %d bytes without control characters", maxCase)
	}
	return nil
}

// manifestEntries yields the entries of a manifest that readManifest has read. A
// malformed one is an element with an error, after which nothing follows.
func manifestEntries(r io.ReaderAt, size, at int64) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		// The place is behind the name, before the colon.
		skip := &skipColon{r: io.NewSectionReader(r, at, size-at)}
		in := newMetered(skip)
		n := 0
		err := in.entries(func() error {
			n++
			e := &Entry{}
			err := json.UnmarshalDecode(in.d, e)
			if err != nil {
				err = asJSON(err)
			} else {
				err = e.check()
			}
			switch {
			case n > maxEntries:
				return fmt.Errorf("it has more than %d entries", maxEntries)
			case err != nil:
				return fmt.Errorf("entry %d is malformed: %w", n, err)
			case !yield(e, nil):
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, asJSON(err))
		}
	}
}

// errStop ends a reading whose results nobody wants any more.
var errStop = errors.New("stopped")

// skipColon reads on behind the colon that separates a name from its value.
type skipColon struct {
	r    io.Reader
	done bool
}

// Read implements io.Reader.
func (s *skipColon) Read(p []byte) (int, error) {
	for !s.done {
		var b [1]byte
		if _, err := io.ReadFull(s.r, b[:]); err != nil {
			return 0, err
		}
		s.done = b[0] == ':'
	}
	return s.r.Read(p)
}
