package forensic

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/mldsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// TestSignedFiles has signatures over bare bytes beside, and without, the files they are
// over.
func TestSignedFiles(t *testing.T) {
	d := newDesk(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	signer, err := dsse.NewSigner(key)
	require.NoError(t, err)
	latticeKey, err := mldsa.GenerateKey(mldsa.MLDSA65())
	require.NoError(t, err)
	lattice, err := dsse.NewSigner(latticeKey)
	require.NoError(t, err)
	d.policy.Trust, err = keys.NewTrust(
		keys.TrustedKey{Name: "lattice", Public: latticeKey.Public(), AnyPredicateType: true},
		keys.TrustedKey{Name: "lab", Public: d.signer.Public(), AnyPredicateType: true},
		keys.TrustedKey{Name: "build", Public: key.Public(), AnyPredicateType: true},
	)
	require.NoError(t, err)
	blob := func(content string, signer dsse.Signer) []byte {
		var b bytes.Buffer
		require.NoError(t, bundle.WriteBlob(t.Context(), &b, dsse.Bytes(content), signer))
		return b.Bytes()
	}
	const place = "attestations/evidence/app.sigstore.json"
	for name, tt := range map[string]struct {
		bundle []byte
		want   []string
	}{
		"beside":                  {blob("the app", signer), nil},
		"without":                 {blob("another app", signer), []string{place + " reference subject.required"}},
		"another digest":          {bytes.Replace(blob("another app", signer), digest64("another app"), digest64("the app"), 1), []string{place + " signature signature.untrusted"}},
		"Ed25519":                 {blob("the app", d.signer), nil},
		"ML-DSA":                  {blob("the app", lattice), nil},
		"Ed25519, without":        {blob("another app", d.signer), []string{place + " signature subject.required"}},
		"Ed25519, another digest": {bytes.Replace(blob("another app", d.signer), digest64("another app"), digest64("the app"), 1), []string{place + " signature signature.untrusted"}},
	} {
		t.Run(name, func(t *testing.T) {
			inputs, _ := d.aCase()
			d.write("evidence/app.sigstore.json", string(tt.bundle))
			v, s, err := d.judge(t.Context(), d.snapshot(d.options(""), inputs...).tar(), "")
			require.NoError(t, err)
			assert.Equal(t, tt.want, s.failures())
			assert.Equal(t, tt.want == nil, v.Whole.Verified)
		})
	}
}

func digest64(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return []byte(base64.StdEncoding.EncodeToString(sum[:]))
}

// TestNotCompared has subjects with other digests than SHA-256. Nothing is said to hold that
// was not compared.
func TestNotCompared(t *testing.T) {
	const place, holds = "attestations/evidence/x.dsse.json", "what evidence says of other evidence in the snapshot holds"
	other := map[string]string{"sha512": strings.Repeat("0", 128)}
	right := map[string]string{"sha256": fmt.Sprintf("%x", sha256.Sum256([]byte("second")))}
	d := newDesk(t)
	inputs, _ := d.aCase()
	for name, tt := range map[string]struct {
		subjects []intoto.Subject
		open     int
		pass     string
	}{
		"one of two":     {[]intoto.Subject{{Name: "c d.txt", Digest: other}, {Name: "b.txt", Digest: right}}, 1, holds + "; not compared, for want of a SHA-256: 1"},
		"two":            {[]intoto.Subject{{Name: "c d.txt", Digest: other}, {Name: "/evidence/b.txt", Digest: other}}, 2, holds + "; not compared, for want of a SHA-256: 2"},
		"of no entry":    {[]intoto.Subject{{Name: "image", Digest: other}}, 0, holds},
		"of another one": {[]intoto.Subject{{Name: "elsewhere/b.txt", Digest: other}}, 0, holds},
		"both":           {[]intoto.Subject{{Name: "b.txt", Digest: map[string]string{"sha256": right["sha256"], "sha512": other["sha512"]}}}, 0, holds},
	} {
		t.Run(name, func(t *testing.T) {
			d.attestAll("evidence/x.dsse.json", tt.subjects...)
			v, s, err := d.judge(t.Context(), d.snapshot(d.options(""), inputs...).tar(), "")
			require.NoError(t, err)
			assert.True(t, v.Whole.Verified, "that something was not compared is no failure")
			open := 0
			for _, r := range s.results {
				for _, c := range r.Checks {
					switch {
					case c.Name != checkReference:
					case c.Status == verify.Passed:
						assert.Equal(t, tt.pass, c.Message)
					default:
						open++
						assert.Equal(t, verify.NotDemanded, c.Status)
						assert.Contains(t, c.Message, "not established: it is about ")
						assert.Equal(t, place, r.Evidence[0].Member)
						assert.False(t, r.Established())
					}
				}
			}
			assert.Equal(t, tt.open, open)
		})
	}
}

// TestManyClaims is about more of them than are held: equal ones count once, and too many
// different ones are a failure and not the end.
func TestManyClaims(t *testing.T) {
	for name, tt := range map[string]struct {
		sum  func(i int) string
		want []string
	}{
		"equal":     {func(int) string { return fmt.Sprintf("%x", sha256.Sum256([]byte("the app"))) }, nil},
		"different": {func(i int) string { return fmt.Sprintf("%064x", i) }, []string{"reference input.too_large"}},
	} {
		v := &verification{ctx: t.Context(), o: &VerifyOptions{}, references: newReferences()}
		s := &seen{}
		v.to = s
		for i := range maxClaims + 2 {
			require.NoError(t, v.references.add("other/app", aSubject, tt.sum(i), fmt.Sprintf("attestations/%d", i)))
		}
		require.NoError(t, v.references.add("app", anEntry, fmt.Sprintf("%x", sha256.Sum256([]byte("the app"))), "files/app"))
		require.NoError(t, v.references.judge(v), name)
		assert.Equal(t, tt.want, s.failures(), name)
	}
}

// TestClaimsMeet is about which entries a claim is about.
func TestClaimsMeet(t *testing.T) {
	for name, tt := range map[string]struct {
		claim, entry, place string
		met                 bool
	}{
		"the same":                     {"p/q/x", "p/q/x", "files/p/q/x", true},
		"the last part":                {"x", "p/q/x", "files/p/q/x", true},
		"the end":                      {"q/x", "p/q/x", "files/p/q/x", true},
		"the end, from the root":       {"/q/x", "p/q/x", "files/p/q/x", true},
		"the last part, from the root": {"/x", "p/q/x", "files/p/q/x", true},
		"the path in the snapshot":     {"files/p/q/x", "p/q/x", "files/p/q/x", true},
		"a name from the root":         {"/p/q/x", "/p/q/x", "files/_x2fp/q/x", true},
		"half a part":                  {"/x", "p/qx", "files/p/qx", false},
		"another directory":            {"r/x", "p/q/x", "files/p/q/x", false},
		"a longer one":                 {"o/p/q/x", "p/q/x", "files/p/q/x", false},
		"half a directory":             {"q/x", "p/pq/x", "files/p/pq/x", false},
		"another file":                 {"y", "p/q/x", "files/p/q/x", false},
	} {
		t.Run(name, func(t *testing.T) {
			v := &verification{ctx: t.Context(), o: &VerifyOptions{}, references: newReferences()}
			s := &seen{}
			v.to = s
			defer v.references.close()
			require.NoError(t, v.references.add(tt.claim, aSubject, strings.Repeat("a", 64), "attestations/a"))
			require.NoError(t, v.references.entry(&Entry{Path: tt.place, Name: tt.entry}, &Entry{SHA256: strings.Repeat("b", 64)}))
			require.NoError(t, v.references.judge(v))
			if !tt.met {
				assert.Empty(t, s.failures())
				return
			}
			assert.Equal(t, []string{"attestations/a reference snapshot.reference"}, s.failures())
			assert.Contains(t, s.results[0].Checks[0].Message, tt.place+" in the snapshot is another one")
		})
	}
}

// BenchmarkReferences has as many claims about files of one name as are held, each about
// another directory, and many files of the name.
func BenchmarkReferences(b *testing.B) {
	const entries = 20_000
	for b.Loop() {
		r := newReferences()
		for i := range maxClaims {
			require.NoError(b, r.add(fmt.Sprintf("claimed/%d/x", i), aSubject, strings.Repeat("0", 64), "attestations/a"))
		}
		for i := range entries {
			require.NoError(b, r.entry(&Entry{Path: fmt.Sprintf("files/%d/q/x", i)}, &Entry{SHA256: strings.Repeat("1", 64)}))
		}
		v := &verification{ctx: b.Context(), o: &VerifyOptions{}, references: r, to: &seen{}}
		require.NoError(b, r.judge(v))
		r.close()
	}
	b.ReportMetric(float64(entries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
