package offlinekit_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/offlinekit"
)

func createdAt() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

// kit is the files of a kit as a test has them.
type kit map[string]string

// small is a kit with a file in every section.
func small() kit {
	return kit{
		"trust/metadata/timestamp.json": "{}", "trust/targets/ä.json": "[]", "START-HERE.txt": "begin",
		"bin/stella": "#!stella", "oci/index.json": "{}", "payload/documents/a/b.txt": "b", "payload/documents/empty": "",
	}
}

// header returns the header of a kit of these files, with checksums.txt among them.
func (k kit) header(t testing.TB) *offlinekit.Header {
	t.Helper()
	m := &offlinekit.Manifest{Name: "acme", Channel: "stable", Version: 7, Label: "2026.11 LTS", CreatedAt: createdAt()}
	for _, name := range slices.SortedFunc(maps.Keys(k), offlinekit.Compare) {
		if name == offlinekit.ChecksumsName {
			continue
		}
		m.Entries = append(m.Entries, offlinekit.Entry{
			Name: name, Size: int64(len(k[name])), SHA256: sha256.Sum256([]byte(k[name])), Executable: name == "bin/stella",
		})
	}
	require.NoError(t, m.AddChecksums())
	var sums bytes.Buffer
	require.NoError(t, m.WriteChecksums(&sums))
	k[offlinekit.ChecksumsName] = sums.String()
	h := offlinekit.NewHeader(m, text(t, m))
	h.Statement = sign(t, h)
	return h
}

// key is the same for all kits, so that they are the same each time.
func key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

func sign(t testing.TB, h *offlinekit.Header) []byte {
	t.Helper()
	m, err := h.NewStatement()
	require.NoError(t, err)
	signer, err := dsse.NewSigner(key())
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = dsse.Write(t.Context(), &b, m, false, signer)
	require.NoError(t, err)
	return b.Bytes()
}

// opened is the payload of the statement, if key signed it.
func opened(h *offlinekit.Header) ([]byte, error) {
	e, err := dsse.ParseEnvelope(bytes.NewReader(h.Statement), int64(len(h.Statement)))
	if err != nil {
		return nil, err
	}
	v, err := dsse.NewVerifier(key().Public())
	if err != nil {
		return nil, err
	}
	o, err := dsse.Open(e, 1, dsse.Key{Holder: "builder", Verifier: v})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = o.Message.WriteTo(&b)
	return b.Bytes(), err
}

// judge is a Sink that wants to know who signed.
type judge struct{ keeper }

func (j *judge) Header(h *offlinekit.Header) error {
	payload, err := opened(h)
	if err != nil {
		return err
	}
	if err := h.CheckStatement(payload); err != nil {
		return err
	}
	return j.keeper.Header(h)
}

func text(t testing.TB, m *offlinekit.Manifest) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := m.WriteTo(&b)
	require.NoError(t, err)
	return b.Bytes()
}

func (k kit) open(e *offlinekit.Entry) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader([]byte(k[e.Name]))), nil
}

// pack writes a kit as an archive.
func (k kit) pack(t testing.TB, f archive.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := archive.NewWriter(&b, f, createdAt())
	require.NoError(t, err)
	require.NoError(t, offlinekit.Write(t.Context(), w, k.header(t), k.open, func(e *offlinekit.Entry) string { return e.Name }))
	require.NoError(t, w.Close())
	return b.Bytes()
}

// keeper is a Sink that keeps what it is given.
type keeper struct {
	header  *offlinekit.Header
	files   kit
	refused error // by Entry
}

func (s *keeper) Header(h *offlinekit.Header) error { s.header = h; return nil }

func (s *keeper) Entry(e *offlinekit.Entry, content io.Reader) error {
	if s.refused != nil {
		return s.refused
	}
	b, err := io.ReadAll(content)
	if err == nil {
		s.files[e.Name] = string(b)
	}
	return err
}

// read reads a kit from a stream.
func read(t testing.TB, b []byte) (*keeper, *offlinekit.Contents, error) {
	t.Helper()
	return readFrom(t, "-", bytes.NewReader(b))
}

func readFrom(t testing.TB, name string, stdin io.Reader) (*keeper, *offlinekit.Contents, error) {
	t.Helper()
	source, err := offlinekit.Open(name, stdin)
	require.NoError(t, err)
	defer source.Close()
	s := &keeper{files: kit{}}
	c, err := offlinekit.Read(context.Background(), source, s)
	return s, c, err
}

// member is a file of an archive that a test makes by hand.
type member struct {
	name, content string
	kind          byte
}

// members are the files of a kit in their order.
func (k kit) members(t testing.TB) []member {
	t.Helper()
	h := k.header(t)
	list := []member{{name: offlinekit.ManifestName, content: string(h.ManifestText())}, {name: offlinekit.StatementName, content: string(h.Statement)}}
	for _, e := range h.Manifest.Entries {
		list = append(list, member{name: e.Name, content: k[e.Name]})
	}
	return list
}

// tarOf makes an archive of anything.
func tarOf(t testing.TB, members []member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: 0o644, Typeflag: tar.TypeReg, Size: int64(len(m.content))}
		if m.kind != 0 {
			h.Typeflag, h.Linkname, h.Size = m.kind, "/etc/passwd", 0
		}
		require.NoError(t, w.WriteHeader(h))
		if m.kind == 0 {
			_, err := io.WriteString(w, m.content)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// found are the findings as lines.
func found(c *offlinekit.Contents) (lines []string) {
	for _, f := range c.Findings {
		lines = append(lines, fmt.Sprintf("%s %s", f.Reason, f.File))
	}
	return lines
}
