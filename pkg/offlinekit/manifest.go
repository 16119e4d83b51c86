package offlinekit

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/jsontext"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// Format is the format string of a kit's manifest. It is also the predicate type of
// the statement about it.
const Format = "stella.ops/offlineKit@v1"

// Manifest says what a kit is and of which files it consists.
type Manifest struct {
	// Name says which kit this is, and Channel which line of kits it belongs to: lower
	// case letters, digits, dots, dashes and underlines, 64 at most.
	Name    string
	Channel string
	// Version orders the kits of a channel: from 1 up, never twice. It is a number, so
	// that no two programs can differ in which of two is newer.
	Version int64
	// Label is what people call the version, such as "2026.11 LTS"; it may be empty and
	// orders nothing.
	Label string
	// CreatedAt is when the kit was built, as its builder says, to the second.
	CreatedAt time.Time
	// Entries are the files in the order of the archive: those in trust/, and then the
	// others, each sorted by the bytes of their names.
	Entries []Entry
}

// Entry is a file of a kit.
type Entry struct {
	Name       string
	Size       int64 // in bytes
	SHA256     [sha256.Size]byte
	Executable bool
}

// Digest returns the SHA-256 in hex.
func (e *Entry) Digest() string { return hex.EncodeToString(e.SHA256[:]) }

// Bytes returns the sum of the sizes of all entries.
func (m *Manifest) Bytes() int64 {
	var n int64
	for i := range m.Entries {
		n += m.Entries[i].Size
	}
	return n
}

// Compare orders names as they stand in a kit: what is in trust/ comes first, since
// trust judges the rest.
func Compare(a, b string) int {
	trustA, trustB := strings.HasPrefix(a, TrustDir), strings.HasPrefix(b, TrustDir)
	switch {
	case trustA && !trustB:
		return -1
	case trustB && !trustA:
		return 1
	}
	return strings.Compare(a, b)
}

// Check returns what is wrong with the manifest; the reason is fault.KitMalformed.
func (m *Manifest) Check() error {
	if why := m.wrong(); why != "" {
		return fault.New(fault.KitMalformed, "malformed %s: %s", ManifestName, why).With("file", ManifestName)
	}
	return nil
}

func (m *Manifest) wrong() string {
	switch {
	case !IsWord(m.Name):
		return fmt.Sprintf("the name %.100q is not of a to z, 0 to 9, dots, dashes and underlines", m.Name)
	case !IsWord(m.Channel):
		return fmt.Sprintf("the channel %.100q is not of a to z, 0 to 9, dots, dashes and underlines", m.Channel)
	case m.Version < 1 || m.Version > MaxVersion:
		return fmt.Sprintf("the version %d is not from 1 to %d", m.Version, int64(MaxVersion))
	case utf8.RuneCountInString(m.Label) > maxLabel || !strictjson.IsText(m.Label):
		return fmt.Sprintf("the label has more than %d characters, or control characters", maxLabel)
	case m.CreatedAt.IsZero() || m.CreatedAt.Nanosecond() != 0 || m.CreatedAt.Year() > 9999:
		return "createdAt is not a time to the second"
	case len(m.Entries) == 0:
		return "it lists no files"
	case len(m.Entries) > MaxEntries:
		return fmt.Sprintf("it lists more than %d files", MaxEntries)
	}
	return m.wrongEntries()
}

func (m *Manifest) wrongEntries() string {
	names := newNameSet()
	sum := int64(0)
	for i := range m.Entries {
		e := &m.Entries[i]
		if err := CheckName(e.Name); err != nil {
			return err.Error()
		}
		switch {
		case isReserved(e.Name):
			return fmt.Sprintf("%q is about the kit, and no entry of it", e.Name)
		case e.Size < 0 || e.Size > MaxVersion-sum:
			return fmt.Sprintf("the size of %q is negative, or too much", e.Name)
		case i > 0 && Compare(m.Entries[i-1].Name, e.Name) >= 0:
			return fmt.Sprintf("%q stands behind %q: entries are sorted, those in %s first", e.Name, m.Entries[i-1].Name, TrustDir)
		}
		sum += e.Size
		if err := names.add(e.Name); err != nil {
			return err.Error()
		}
	}
	return m.wrongChecksums()
}

// wrongChecksums holds checksums.txt to what the manifest says: what stock tools check
// by it is what stella checks.
func (m *Manifest) wrongChecksums() string {
	e := m.Entry(ChecksumsName)
	if e == nil {
		return fmt.Sprintf("it does not list %s", ChecksumsName)
	}
	if size, sum := m.checksumsDigest(); size != e.Size || sum != e.SHA256 {
		return fmt.Sprintf("%s has another digest than the list of its entries", ChecksumsName)
	}
	return ""
}

// Entry returns the entry called name, or nil.
func (m *Manifest) Entry(name string) *Entry {
	if i, found := m.find(name); found {
		return &m.Entries[i]
	}
	return nil
}

// WriteChecksums writes checksums.txt: a line for each entry but itself, in their
// order, as "sha256sum --check --strict" reads it.
func (m *Manifest) WriteChecksums(w io.Writer) error {
	out := bufio.NewWriter(w)
	for i := range m.Entries {
		if e := &m.Entries[i]; e.Name != ChecksumsName {
			fmt.Fprintf(out, "%x  %s\n", e.SHA256, e.Name)
		}
	}
	return out.Flush()
}

func (m *Manifest) checksumsDigest() (int64, [sha256.Size]byte) {
	h, n := sha256.New(), counter(0)
	_ = m.WriteChecksums(io.MultiWriter(h, &n)) // a hash does not fail
	return int64(n), [sha256.Size]byte(h.Sum(nil))
}

// counter counts what is written to it.
type counter int64

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// WriteTo writes the manifest as manifest.json, an entry a line. The bytes depend on
// nothing but the manifest, which must pass Check.
func (m *Manifest) WriteTo(w io.Writer) (int64, error) {
	var n counter
	out := bufio.NewWriter(io.MultiWriter(w, &n))
	fmt.Fprintf(out, "{\n\"format\": %s,\n\"name\": %s,\n\"channel\": %s,\n\"version\": %d,\n", quoted(Format), quoted(m.Name), quoted(m.Channel), m.Version)
	if m.Label != "" {
		fmt.Fprintf(out, "\"label\": %s,\n", quoted(m.Label))
	}
	fmt.Fprintf(out, "\"createdAt\": %s,\n\"entries\": [", quoted(m.CreatedAt.UTC().Format(time.RFC3339)))
	var line []byte
	for i := range m.Entries {
		e := &m.Entries[i]
		line = append(line[:0], ",\n{\"name\":"...)
		if i == 0 {
			line = line[1:]
		}
		line = e.appendTo(line)
		_, _ = out.Write(line) // its error stays until Flush
	}
	fmt.Fprint(out, "\n]\n}\n")
	err := out.Flush()
	return int64(n), err
}

func (e *Entry) appendTo(line []byte) []byte {
	line = append(line, quoted(e.Name)...)
	line = append(line, `,"size":`...)
	line = strconv.AppendInt(line, e.Size, 10)
	line = append(line, `,"sha256":"`...)
	line = hex.AppendEncode(line, e.SHA256[:])
	line = append(line, '"')
	if e.Executable {
		line = append(line, `,"executable":true`...)
	}
	return append(line, '}')
}

// quoted returns a text as JSON. Texts of a manifest are UTF-8.
func quoted(s string) []byte {
	b, _ := jsontext.AppendQuote(nil, s)
	return b
}

// AddChecksums puts the entry of checksums.txt in its place, made from the others.
func (m *Manifest) AddChecksums() error {
	i, found := m.find(ChecksumsName)
	if found {
		return fault.New(fault.KitMalformed, "%s is listed already", ChecksumsName)
	}
	size, sum := m.checksumsDigest()
	m.Entries = slices.Insert(m.Entries, i, Entry{Name: ChecksumsName, Size: size, SHA256: sum})
	return m.Check()
}
