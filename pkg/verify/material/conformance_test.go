package material_test

import (
	"crypto"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// A vector is one case of the conformance suite.
type vector struct {
	dir      string
	item     bundle.Item
	root     *material.Root
	artifact []byte
	key      crypto.PublicKey
}

func readVector(t testing.TB, dir string) (vector, error) {
	v := vector{dir: dir}
	data, err := os.ReadFile(filepath.Join(dir, "bundle.sigstore.json"))
	require.NoError(t, err)
	items, _, err := bundle.Read(input.FromReaderAt("bundle", strings.NewReader(string(data)), int64(len(data))))
	if err != nil {
		return v, err
	}
	v.item = items[0]
	v.artifact = readOr(t, filepath.Join(dir, "artifact"), filepath.Join(dir, "..", "a.txt"))
	trust := readOr(t, filepath.Join(dir, "trusted_root.json"), filepath.Join(dir, "..", "..", "trusted_root.public-good.json"))
	if v.root, err = material.ParseRoot("trusted_root.json", trust); err != nil {
		return v, err
	}
	if pem, err := os.ReadFile(filepath.Join(dir, "key.pub")); err == nil {
		key, err := keys.ParsePublic(pem)
		require.NoError(t, err)
		v.key = key[0].Key
	}
	return v, nil
}

func readOr(t testing.TB, path, other string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		data, err = os.ReadFile(other)
	}
	require.NoError(t, err)
	return data
}

// signed describes the vector's signature.
func (v vector) signed(leaf *material.Leaf) material.Signed {
	s := material.Signed{Leaf: leaf, Key: v.key}
	if v.item.Blob != nil {
		s.Signature, s.Digest = v.item.Blob.Signature, dsse.NewBlob(dsse.Bytes(v.artifact)).Digest
		return s
	}
	m := v.item.Envelope.UnverifiedMessage()
	s.Signature, s.Digest = v.item.Envelope.Signatures()[0].Sig, m.Digest
	s.PayloadSHA256 = func() ([]byte, error) {
		h := sha256.New()
		_, err := m.WriteTo(h)
		return h.Sum(nil), err
	}
	return s
}

// TestConformance judges the material of every case that must be accepted.
func TestConformance(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(testkit.SharedData(t, "sigstore/bundle-verify"), "*", "bundle.sigstore.json"))
	require.NoError(t, err)
	require.NotEmpty(t, cases)
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for _, c := range cases {
		dir := filepath.Dir(c)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			v, err := readVector(t, dir)
			fail := strings.HasSuffix(dir, "_fail")
			if err != nil {
				require.True(t, fail, "%v", err)
				t.Log(err)
				return
			}
			judge(t, v, at, fail)
		})
	}
}

func judge(t *testing.T, v vector, at time.Time, fail bool) {
	var leaf *material.Leaf
	if len(v.item.Material.Certificates) > 0 {
		var err error
		if leaf, err = material.ParseLeaf(v.item.Material.Certificates); err != nil {
			require.True(t, fail, "%v", err)
			t.Log(err)
			return
		}
	}
	var proven []time.Time
	entries := v.root.LogEntries(v.item.Material.LogEntries, v.signed(leaf), v.item.Version, at)
	for _, e := range entries {
		t.Logf("%+v", e)
		if !fail {
			require.NoError(t, e.Err)
		}
		if !e.Time.IsZero() {
			proven = append(proven, e.Time)
		}
	}
	for _, s := range v.root.Timestamps(v.item.Material.Timestamps, v.signed(leaf).Signature, at) {
		t.Logf("%+v", s)
		if !fail {
			require.NoError(t, s.Err)
		}
		if s.Err == nil {
			proven = append(proven, s.Time)
		}
	}
	if leaf == nil {
		return
	}
	if !fail {
		require.NotEmpty(t, proven)
	}
	for _, p := range proven {
		chain, err := v.root.Chain(leaf, p)
		if !fail {
			require.NoError(t, err)
		}
		if err != nil {
			t.Log(err)
			return
		}
		for _, s := range v.root.SCTs(chain) {
			t.Logf("%+v", s)
			if !fail {
				require.NoError(t, s.Err)
			}
		}
	}
}
