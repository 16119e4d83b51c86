package verify_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// TestSubjectNamesTheArtifact demands artifacts in every way of a signature over bare
// bytes, and of a statement: the finding says of the former, which alone does not say it
// itself, with what it was verified.
func TestSubjectNamesTheArtifact(t *testing.T) {
	ann, wide, pure := newKey(t, "ann", keys.ECDSAP256), newKey(t, "wide", keys.ECDSAP384), newKey(t, "pure", keys.Ed25519)
	content := func(name, text string) verify.Artifact {
		return verify.Artifact{Name: name, Digest: map[string]string{"sha256": sum256(text)}, Content: dsse.Bytes(text)}
	}
	digest := func(name string, digests ...string) verify.Artifact {
		a := verify.Artifact{Name: name, Digest: make(map[string]string)}
		for i := 0; i < len(digests); i += 2 {
			a.Digest[digests[i]] = digests[i+1]
		}
		return a
	}
	sum384 := sha512.Sum384([]byte("app"))
	app, lib, as384 := "(sha256:"+sum256("app")+")", content("lib", "lib"), hex.EncodeToString(sum384[:])
	lying := verify.Artifact{Name: "app", Digest: map[string]string{"sha512": "00"}, Content: dsse.Bytes("app")}
	for _, row := range []struct {
		name     string
		evidence []byte
		demanded []verify.Artifact
		want     string
	}{
		{"content", sealedBlob(t, "app", ann), []verify.Artifact{content("dist/app", "app")}, `the signature is over "dist/app" ` + app},
		{"content without a digest", sealedBlob(t, "app", ann), []verify.Artifact{{Name: "app", Content: dsse.Bytes("app")}}, `the signature is over "app" ` + app},
		{"content with a digest that is not compared", sealedBlob(t, "app", ann), []verify.Artifact{lying}, `the signature is over "app" ` + app},
		{"a file", sealedBlob(t, "app", ann), []verify.Artifact{pinned(t, "app")}, `the signature is over "app" ` + app},
		{"a key that signs all of it", sealedBlob(t, "app", pure), []verify.Artifact{content("app", "app")}, `the signature is over "app" ` + app},
		{"a key that signs a longer digest", sealedBlob(t, "app", wide), []verify.Artifact{content("app", "app")}, `the signature is over "app" ` + app},
		{"a digest", sealedBlob(t, "app", ann), []verify.Artifact{digest("app", "sha256", sum256("app"))}, `the signature is over "app" ` + app},
		{"the longer digest", detached(t, "app", ann), []verify.Artifact{digest("app", "sha256", sum256("app"), "sha512", "00")}, `the signature is over "app" ` + app},
		{"the digest that the key signs, of two", sealedBlob(t, "app", wide), []verify.Artifact{digest("app", "sha256", sum256("app"), "sha384", as384)}, `the signature is over "app" (sha384:` + as384 + ")"},
		{"one of two", sealedBlob(t, "app", ann), []verify.Artifact{lib, content("app", "app")}, `the signature is over 1 of 2 demanded artifacts: "app" ` + app},
		{"two names", sealedBlob(t, "app", ann), []verify.Artifact{content("app", "app"), digest("it", "sha256", sum256("app"))}, `the signature is over "app", "it" ` + app},
		{"one name twice", sealedBlob(t, "app", ann), []verify.Artifact{content("app", "app"), content("app", "app")}, `the signature is over "app" ` + app},
		{"a hostile name", sealedBlob(t, "app", ann), []verify.Artifact{content("a\x1b[31m\"\n", "app")}, `the signature is over "a\x1b[31m\"\n" ` + app},
		{"statement", sealed(t, statement(t, appSubject()), ann), []verify.Artifact{content("app", "app")}, "about 1 of 1 demanded artifacts"},
		{"statement, one of two", sealed(t, statement(t, appSubject()), ann), []verify.Artifact{lib, content("app", "app")}, "about 1 of 2 demanded artifacts"},
		{"statement, one name twice", sealed(t, statement(t, appSubject()), ann), []verify.Artifact{content("app", "app"), content("app", "app")}, "about 1 of 1 demanded artifacts"},
	} {
		t.Run(row.name, func(t *testing.T) {
			policy := &verify.Policy{Trust: trust(t, ann, wide, pure), Threshold: 1, At: now(), Subjects: row.demanded}
			r, err := verify.Verify(t.Context(), evidence(t, row.evidence), policy)
			require.NotNil(t, r, "%v", err)
			c := r.Results[0].Checks[2]
			assert.Equal(t, "subject", c.Name)
			assert.Equal(t, verify.Passed, c.Status, c.Message)
			assert.Equal(t, row.want, c.Message)
		})
	}
}

// pinned is an artifact as the command line opens it.
func pinned(t testing.TB, text string) verify.Artifact {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	f, err := input.Open(path, bytes.NewReader(nil), input.MaxArtifact)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	c, err := f.Content()
	require.NoError(t, err)
	return verify.Artifact{Name: "app", Content: c}
}

// TestDoubleDemandIsOneFinding demands twice what nothing is about.
func TestDoubleDemandIsOneFinding(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	lib := verify.Artifact{Name: "lib", Digest: map[string]string{"sha256": sum256("lib")}, Content: dsse.Bytes("lib")}
	policy := &verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now(), Subjects: []verify.Artifact{artifact("app"), lib, lib}}
	r, err := verify.Verify(t.Context(), evidence(t, sealed(t, statement(t, appSubject()), ann)), policy)
	require.Error(t, err)
	require.Len(t, r.Checks, 1)
	assert.Equal(t, `no evidence is about "lib" (sha256:`+sum256("lib")+")", r.Checks[0].Message)
	policy.Subjects = policy.Subjects[1:]
	r, err = verify.Verify(t.Context(), evidence(t, sealed(t, statement(t, appSubject()), ann)), policy)
	require.Error(t, err)
	assert.Equal(t, `the statement is not about "lib" (sha256:`+sum256("lib")+")", r.Results[0].Checks[2].Message)
}
