package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// parseAny reads metadata as one role after the other.
func parseAny(raw []byte) (parsed int) {
	for _, role := range topRoles() {
		doc, err := readDocument(role, raw)
		if err == nil {
			parsed++
			_, _ = tally(delegator{}, doc, []string{"x"})
		}
	}
	return parsed
}

func TestHostileMetadata(t *testing.T) {
	const rest = `"spec_version":"1.0.31","version":1,"expires":"2030-01-01T00:00:00Z"`
	role := `{"keyids":["a"],"threshold":1}`
	roles := `"root":` + role + `,"timestamp":` + role + `,"snapshot":` + role + `,"targets":` + role
	root := func(more string) string {
		return `{"signatures":[],"signed":{"_type":"root",` + rest + `,"consistent_snapshot":true,` + more + `}}`
	}
	good := `"keys":{"a":{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"00"}}},"roles":{` + roles + `}`
	_, err := readDocument(metadata.ROOT, []byte(root(good)))
	require.NoError(t, err, "what the cases below are changed from")
	targets := func(more string) string {
		return `{"signatures":[],"signed":{"_type":"targets",` + rest + `,` + more + `}}`
	}
	for name, text := range map[string]string{
		"null for an object":       root(`"keys":{"a":null},"roles":{` + roles + `}`),
		"null role":                root(`"keys":{},"roles":{"root":null,"timestamp":` + role + `,"snapshot":` + role + `,"targets":` + role + `}`),
		"role is missing":          root(`"keys":{},"roles":{"root":` + role + `}`),
		"threshold of zero":        root(strings.Replace(good, `"threshold":1`, `"threshold":0`, 1)),
		"negative threshold":       root(strings.Replace(good, `"threshold":1`, `"threshold":-1`, 1)),
		"member twice":             root(good + `,"version":2`),
		"member in other letters":  root(good + `,"Version":2`),
		"role in other letters":    root(strings.Replace(good, `"threshold"`, `"Threshold"`, 1)),
		"two signatures by one id": strings.Replace(root(good), `[]`, `[{"keyid":"a","sig":"00"},{"keyid":"a","sig":"01"}]`, 1),
		"signature is no hex":      strings.Replace(root(good), `[]`, `[{"keyid":"a","sig":"xy"}]`, 1),
		"null target":              targets(`"targets":{"a":null}`),
		"target without hashes":    targets(`"targets":{"a":{"length":1,"hashes":{}}}`),
		"negative length":          targets(`"targets":{"a":{"length":-1,"hashes":{"sha256":"00"}}}`),
		"delegation to the top":    targets(`"targets":{},"delegations":{"keys":{},"roles":[{"name":"root","keyids":[],"threshold":1,"terminating":false,"paths":[]}]}`),
		"delegation to no name":    targets(`"targets":{},"delegations":{"keys":{},"roles":[{"name":"","keyids":[],"threshold":1,"terminating":false,"paths":[]}]}`),
		"bins without end":         targets(`"targets":{},"delegations":{"keys":{},"succinct_roles":{"keyids":[],"threshold":1,"bit_length":99,"name_prefix":"x"}}`),
		"snapshot of nothing":      `{"signatures":[],"signed":{"_type":"snapshot",` + rest + `,"meta":{}}}`,
		"timestamp of nothing":     `{"signatures":[],"signed":{"_type":"timestamp",` + rest + `,"meta":{"snapshot.json":{"version":0}}}}`,
		"no version":               strings.Replace(root(good), `"version":1,`, ``, 1),
		"version is a fraction":    strings.Replace(root(good), `"version":1,`, `"version":1.5,`, 1),
		"expires with an offset":   strings.Replace(root(good), `00:00Z`, `00:00+01:00`, 1),
		"never expires":            strings.Replace(root(good), `2030-01-01T00:00:00Z`, ``, 1),
		"created in words":         root(good + `,"x-stella-created":"yesterday"`),
		"something follows":        root(good) + `{}`,
		"nested deep":              root(good + `,"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100)),
		"an array":                 `[]`,
		"nothing":                  ``,
		"not UTF-8":                strings.Replace(root(good), `"root"`, "\"ro\xff\"", 1),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Zero(t, parseAny([]byte(text)), "%s", text)
			_, err := readDocument(metadata.ROOT, []byte(text))
			assert.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
		})
	}
}

// Keys that make others panic count for nothing.
func TestHostileKeys(t *testing.T) {
	key := func(kind, scheme, public string) *metadata.Key {
		return &metadata.Key{Type: kind, Scheme: scheme, Value: metadata.KeyVal{PublicKey: public}}
	}
	for name, k := range map[string]*metadata.Key{
		"short Ed25519":       key("ed25519", "ed25519", "00"),
		"no hex":              key("ed25519", "ed25519", "xyz"),
		"no PEM":              key("ecdsa", "ecdsa-sha2-nistp256", "x"),
		"empty PEM":           key("rsa", "rsassa-pss-sha256", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"),
		"unknown type":        key("gpg", "x", ""),
		"token without words": key("ed25519", schemeFIDO2, strings.Repeat("00", 32)),
		"nothing":             {},
	} {
		_, err := verifierOf(k)
		require.Error(t, err, name)
		assert.Equal(t, [32]byte{}, fingerprintOf(nil))
	}
}

// seeds are the files of a repository that stella published, and what tests found.
func seeds(f *testing.F, pattern string) {
	files, err := filepath.Glob(filepath.Join("testdata", "repository", pattern))
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(b)
	}
}

// FuzzMetadata: metadata of any content is refused or understood, and never makes the
// program panic.
func FuzzMetadata(f *testing.F) {
	seeds(f, "metadata/*.json")
	f.Fuzz(func(_ *testing.T, raw []byte) { parseAny(raw) })
}

// FuzzImport: a repository of which one file has any content is refused or taken, and
// what is refused leaves nothing behind that was not signed.
func FuzzImport(f *testing.F) {
	seeds(f, "metadata/*.json")
	good := memory{}
	root, err := os.ReadFile("testdata/repository/metadata/1.root.json")
	require.NoError(f, err)
	for _, name := range []string{"1.root.json", "2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"} {
		if good["metadata/"+name], err = os.ReadFile("testdata/repository/metadata/" + name); err != nil {
			f.Fatal(err)
		}
	}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for name := range good {
			changed := memory{}
			for n, b := range good {
				changed[n] = b
			}
			changed[name] = raw
			seen := &exported{first: root}
			c := &Client{Source: &FileSource{name: "x", files: changed, metadata: "metadata", targets: "targets"}, Store: seen, Now: now}
			err := c.Refresh()
			if err == nil {
				require.Equal(t, int64(2), c.root.version, "only what was published is signed")
				require.Equal(t, string(c.targets["targets"].payload), string(mustPayload(t, good["metadata/2.targets.json"])))
			}
			require.False(t, errors.Is(err, fs.ErrInvalid))
		}
	})
}

func mustPayload(t *testing.T, raw []byte) []byte {
	t.Helper()
	b, err := payloadOf(raw)
	require.NoError(t, err)
	return b
}

// FuzzState: what can be read of a state.json is written as it was read.
func FuzzState(f *testing.F) {
	seeds(f, "state.json")
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := parseState(raw, "state.json")
		if err != nil {
			return
		}
		out, err := s.marshal()
		require.NoError(t, err)
		again, err := parseState(out, "state.json")
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

// FuzzRevocations: what can be read of a revocations.json is written as it was read.
func FuzzRevocations(f *testing.F) {
	seeds(f, "revocations.json")
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := ParseRevocations(raw, "revocations.json")
		if err != nil {
			return
		}
		out, err := MarshalRevocations(list)
		require.NoError(t, err)
		again, err := ParseRevocations(out, "revocations.json")
		require.NoError(t, err)
		require.Equal(t, len(list), len(again))
	})
}
