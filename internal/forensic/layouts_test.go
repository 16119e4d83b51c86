package forensic

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// inWorld has the desk trust a world: its authorities, its key, and whom it gives
// certificates to.
func (d *desk) inWorld(w *world.World) {
	d.t.Helper()
	root, err := material.ParseRoot("trusted_root.json", w.TrustedRoot())
	require.NoError(d.t, err)
	trust, err := keys.NewTrust(append(d.policy.Trust.Keys()[:1], keys.TrustedKey{Name: "world", Public: w.PublicKey(), AnyPredicateType: true})...)
	require.NoError(d.t, err)
	d.policy = &verify.Policy{
		Trust: trust, Threshold: 1, At: w.Clock.Now(), Root: root,
		Identities: []verify.Identity{{SubjectAlternativeName: verify.Exactly(world.DefaultIdentity), Issuer: verify.Exactly(world.DefaultIssuer)}},
	}
}

// layout writes an image layout into a directory of the case.
func (d *desk) layout(name string, w *world.World, c world.Carrier, o world.Options) {
	d.t.Helper()
	files, _ := w.Layout(c, o)
	require.NoError(d.t, os.CopyFS(d.path(name), files))
}

// shapes are those of the results below a path.
func (s *seen) shapes(below string) []string {
	var out []string
	for _, r := range s.results {
		for _, e := range r.Evidence {
			if strings.HasPrefix(e.Member, below) {
				out = append(out, e.Shape)
			}
		}
	}
	return out
}

// TestImageSignatures judges what is attached to the images in a snapshot, in every way
// in which layouts hold it, beside an envelope that no manifest leads to.
func TestImageSignatures(t *testing.T) {
	carriers := map[world.Carrier][]string{
		world.Tags:           {"cosign image signature", "cosign image attestation"},
		world.CosignSave:     {"cosign image signature", "cosign image attestation"},
		world.Referrers:      {"Sigstore bundle v0.3, attached to an image", "Sigstore bundle v0.3, attached to an image"},
		world.LooseReferrers: {"Sigstore bundle v0.3, attached to an image", "Sigstore bundle v0.3, attached to an image"},
	}
	for carrier, shapes := range carriers {
		for _, signer := range []world.Signer{world.Key, world.Keyless} {
			w := world.New(t.Name())
			d := newDesk(t)
			d.inWorld(w)
			d.layout("evidence/image", w, carrier, world.Options{Signer: signer})
			d.attest("evidence/image/blobs/sha256/"+strings.Repeat("ab", 32), "app", "the app")
			m := d.snapshot(Options{Case: "CASE-7", At: testTime}, d.path("evidence"))
			v, s, err := d.judge(t.Context(), m.tar(), "")
			require.NoError(t, err)
			assert.Empty(t, s.failures())
			assert.True(t, v.Whole.Verified)
			assert.ElementsMatch(t, append(shapes, "DSSE envelope"), s.shapes("files/evidence/image"))

			d.inWorld(world.New("another"))
			_, s, err = d.judge(t.Context(), m.tar(), "")
			require.NoError(t, err)
			assert.Len(t, s.failures(), 2, "both are by nobody who is trusted: %v", s.failures())
		}
	}
}

// TestBrokenLayout says of a layout that is not what it should be where it is.
func TestBrokenLayout(t *testing.T) {
	w := world.New(t.Name())
	d := newDesk(t)
	d.inWorld(w)
	d.layout("evidence/image", w, world.Tags, world.Options{Signer: world.Key})
	index := d.path("evidence/image/index.json")
	text, err := os.ReadFile(index)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(index, text[:len(text)/2], 0o600))
	m := d.snapshot(Options{Case: "CASE-7", At: testTime}, d.path("evidence"))
	_, s, err := d.judge(t.Context(), m.tar(), "")
	require.NoError(t, err)
	assert.Equal(t, []string{"files/evidence/image evidence layout.malformed"}, s.failures())
}

// TestLayoutWithoutChecksums is judged as one all the same: the manifest says that it is.
func TestLayoutWithoutChecksums(t *testing.T) {
	for name, change := range map[string]func(manifest string) string{
		"as written": func(s string) string { return s },
		"escaped": func(s string) string {
			return strings.ReplaceAll(s, `image/oci-layout"`, `image\u002foci\u002dlayout"`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t.Name())
			d := newDesk(t)
			d.inWorld(w)
			d.layout("evidence/image", w, world.Tags, world.Options{Signer: world.Key})
			m := d.snapshot(Options{Case: "CASE-7", At: testTime}, d.path("evidence")).with(ManifestName, change)
			_, s, err := d.judge(t.Context(), m.without(ChecksumsName).tar(), "")
			require.NoError(t, err)
			assert.Contains(t, s.failures(), "checksums.txt checksum snapshot.missing")
			assert.ElementsMatch(t, []string{"cosign image signature", "cosign image attestation"}, s.shapes("files/evidence/image"))
		})
	}
}
