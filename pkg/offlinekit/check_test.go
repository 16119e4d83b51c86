package offlinekit_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json/v2"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify"
)

// stage is a directory in which kits are made.
type stage struct {
	t    *testing.T
	dir  string
	w    *world.World
	plan offlinekit.Plan
}

func newStage(t *testing.T) *stage {
	t.Helper()
	return &stage{t: t, dir: t.TempDir(), w: world.New(t.Name()), plan: offlinekit.Plan{
		Name: "acme", Channel: "stable", Version: 1, CreatedAt: createdAt(),
		CheckPolicy: func([]byte, string) error { return nil },
	}}
}

// now is the world's time.
func (s *stage) now() time.Time { return s.w.Clock.Now() }

func (s *stage) write(name string, content []byte) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	require.NoError(s.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(s.t, os.WriteFile(path, content, 0o600))
	return path
}

// trusting publishes trust in the builder's key, and what else is given.
func (s *stage) trusting(files ...trust.File) {
	s.t.Helper()
	signer, err := dsse.NewSigner(key())
	require.NoError(s.t, err)
	self := keys.TrustedKey{Name: "builder", Public: key().Public(), Holder: "builder", AnyPredicateType: true}
	role := trust.RoleKeys{Threshold: 1, Keys: []keys.TrustedKey{self}}
	p := trust.NewPublisher(filepath.Join(s.dir, "publisher"))
	_, err = p.Init(s.t.Context(), trust.InitOptions{Root: role, Targets: role, Now: s.now()})
	require.NoError(s.t, err)
	_, err = p.AddKeys(s.t.Context(), s.now(), self)
	require.NoError(s.t, err)
	if len(files) > 0 {
		_, err = p.Put(s.t.Context(), s.now(), files...)
		require.NoError(s.t, err)
	}
	_, err = p.Sign(s.t.Context(), []dsse.Signer{signer}, nil)
	require.NoError(s.t, err)
	export, err := p.Export(s.now())
	require.NoError(s.t, err)
	s.plan.Trust = filepath.Join(s.dir, "medium")
	require.NoError(s.t, trust.WriteExport(s.t.Context(), s.plan.Trust, export, false))
}

// layout writes an image with evidence to a directory.
func (s *stage) layout(name string, c world.Carrier) string {
	s.t.Helper()
	files, _ := s.w.Layout(c, world.Options{})
	dir := filepath.Join(s.dir, name)
	require.NoError(s.t, os.CopyFS(dir, files))
	return dir
}

// build builds the kit in memory.
func (s *stage) build() []byte {
	s.t.Helper()
	b, err := offlinekit.NewBuild(s.t.Context(), &s.plan, s.now())
	require.NoError(s.t, err)
	defer b.Close()
	h, err := b.Manifest(nil)
	require.NoError(s.t, err)
	h.Statement = sign(s.t, h)
	var out bytes.Buffer
	w, err := archive.NewWriter(&out, archive.Tar, createdAt())
	require.NoError(s.t, err)
	require.NoError(s.t, b.Write(w, h))
	require.NoError(s.t, w.Close())
	return out.Bytes()
}

func (s *stage) refused() error {
	s.t.Helper()
	b, err := offlinekit.NewBuild(s.t.Context(), &s.plan, s.now())
	require.Nil(s.t, b)
	return err
}

// check checks a kit, without a look at who signed.
func (s *stage) check(packed []byte) (*offlinekit.Verdict, error) {
	s.t.Helper()
	return s.checkAt(packed, s.now())
}

func (s *stage) checkAt(packed []byte, now time.Time) (*offlinekit.Verdict, error) {
	s.t.Helper()
	source := offlinekit.NewSource("kit", io.NopCloser(bytes.NewReader(packed)))
	return offlinekit.Check(context.Background(), source, offlinekit.CheckOptions{Now: now})
}

// gaps are the gaps as lines.
func gaps(v *offlinekit.Verdict) (lines []string) {
	for _, g := range v.Gaps {
		lines = append(lines, strings.TrimSpace(g.Kind+" "+string(g.Reason)))
	}
	return lines
}

func TestGaps(t *testing.T) {
	root := func(s *stage) trust.File {
		return trust.File{Name: trust.TrustedRootName, Content: s.w.Evidence(world.Options{}).TrustedRoot}
	}
	for what, test := range map[string]struct {
		prepare func(s *stage)
		want    []string
	}{
		"nothing is missing": {func(s *stage) {
			s.trusting(root(s))
			s.plan.Evidence = []string{s.write("e.sigstore.json", s.w.Bundle(world.Options{}))}
			s.plan.Documents = []string{s.write("app", []byte(world.DefaultArtifact))}
		}, nil},
		"what it is about": {func(s *stage) {
			s.trusting(root(s))
			s.plan.Evidence = []string{s.write("e.sigstore.json", s.w.Bundle(world.Options{}))}
		}, []string{"subject"}},
		"the authority": {func(s *stage) {
			s.trusting()
			s.plan.Evidence = []string{s.write("e.sigstore.json", s.w.Bundle(world.Options{}))}
		}, []string{"evidence signature.untrusted"}},
		"the key": {func(s *stage) {
			s.trusting()
			s.plan.Evidence = []string{s.write("e.sigstore.json", s.w.Bundle(world.Options{Signer: world.Key}))}
		}, []string{"evidence signature.untrusted"}},
		"a key that is not revoked, which is one thing": {func(s *stage) {
			id, err := dsse.KeyID(key().Public())
			require.NoError(s.t, err)
			revoked, err := trust.MarshalRevocations([]trust.Revocation{{KeyID: id, RevokedAt: createdAt(), Reason: "keyCompromise"}})
			require.NoError(s.t, err)
			s.trusting(trust.File{Name: "revocations.json", Content: revoked})
			s.plan.Evidence = []string{s.write("e.dsse.json", sign(s.t, small().header(s.t)))}
		}, []string{"evidence key.revoked"}},
		"trust": {func(s *stage) {
			s.plan.Evidence = []string{s.write("e.sigstore.json", s.w.Bundle(world.Options{}))}
		}, []string{"trust", "evidence trust.required"}},
		"the file that is signed": {func(s *stage) {
			s.trusting(root(s))
			s.plan.Evidence = []string{s.write("e.sigstore.json", s.w.Bundle(world.Options{Content: world.Message}))}
		}, []string{"subject subject.required"}},
		"nothing, of a file that is signed": {func(s *stage) {
			s.trusting(root(s))
			s.plan.Evidence = []string{s.write("e.sigstore.json", s.w.Bundle(world.Options{Content: world.Message}))}
			s.plan.Documents = []string{s.write("app", []byte(world.DefaultArtifact))}
		}, nil},
		"the revocation list": {func(s *stage) {
			e := s.w.Evidence(world.Options{Signer: world.PrivateCA, Log: world.NoLog, NoTimestamp: true})
			s.trusting(trust.File{Name: "ca/own.pem", Content: e.CA})
			s.plan.Evidence = []string{s.write("e.sigstore.json", e.Bundle)}
			s.plan.Documents = []string{s.write("app", []byte(world.DefaultArtifact))}
		}, []string{"revocation revocation.unknown"}},
		"a trusted root beside evidence is no evidence": {func(s *stage) {
			s.trusting(root(s))
			s.write("gh/trusted_root.jsonl", root(s).Content)
			s.write("gh/sha256:00.jsonl", s.w.Bundle(world.Options{}))
			s.plan.Evidence = []string{filepath.Join(s.dir, "gh")}
			s.plan.Documents = []string{s.write("app", []byte(world.DefaultArtifact))}
		}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStage(t)
			s.plan.Documents = []string{s.write("readme", []byte("read me"))}
			test.prepare(s)
			v, err := s.check(s.build())
			require.NoError(t, err)
			conforms(t, v)
			assert.Equal(t, test.want, gaps(v), "%+v", v.Gaps)
			assert.True(t, v.Verified)
			for _, g := range v.Gaps {
				assert.NotEmpty(t, g.Add)
				assert.NotEmpty(t, g.File)
			}
		})
	}
}

// TestTrustThatExpires is told before the kit leaves, and refused afterwards.
func TestTrustThatExpires(t *testing.T) {
	s := newStage(t)
	s.trusting()
	s.plan.Documents = []string{s.write("readme", []byte("read me"))}
	packed := s.build()
	v, err := s.checkAt(packed, s.now().AddDate(0, 0, 80))
	require.NoError(t, err)
	assert.Equal(t, []string{"trust trust.expired"}, gaps(v))
	v, err = s.checkAt(packed, s.now().AddDate(0, 0, 100))
	assert.Equal(t, fault.TrustExpired, fault.ReasonOf(err))
	conforms(t, v)
	assert.False(t, v.Verified)
	assert.Equal(t, fault.ExitMissing, v.Exit)
	s.w.Clock.Advance(100 * 24 * time.Hour)
	assert.Equal(t, fault.TrustExpired, fault.ReasonOf(s.refused()))
}

// TestTrustThatImportRefuses is refused by build, and found by verify: what says
// nothing, and what has a policy that cannot be read.
func TestTrustThatImportRefuses(t *testing.T) {
	refuse := func(text []byte, source string) error {
		return fault.New(fault.PolicyMalformed, "malformed %s: %s", source, text)
	}
	policy := newStage(t)
	policy.trusting(trust.File{Name: trust.PolicyName, Content: []byte("format: other")})
	packed := policy.build()
	policy.plan.CheckPolicy = refuse

	empty := newStage(t)
	signer, err := dsse.NewSigner(key())
	require.NoError(t, err)
	role := trust.RoleKeys{Threshold: 1, Keys: []keys.TrustedKey{{Name: "builder", Public: key().Public()}}}
	p := trust.NewPublisher(filepath.Join(empty.dir, "publisher"))
	_, err = p.Init(t.Context(), trust.InitOptions{Root: role, Targets: role, Now: empty.now()})
	require.NoError(t, err)
	_, err = p.Sign(t.Context(), []dsse.Signer{signer}, nil)
	require.NoError(t, err)
	export, err := p.Export(empty.now())
	require.NoError(t, err)
	empty.plan.Trust = filepath.Join(empty.dir, "medium")
	require.NoError(t, trust.WriteExport(t.Context(), empty.plan.Trust, export, false))
	files := kit{}
	for _, f := range export {
		files[offlinekit.TrustDir+f.Name] = string(f.Content)
	}

	for reason, c := range map[fault.Reason]struct {
		stage *stage
		kit   []byte
	}{fault.PolicyMalformed: {policy, packed}, fault.TrustMalformed: {empty, files.pack(t, archive.Tar)}} {
		assert.Equal(t, reason, fault.ReasonOf(c.stage.refused()))
		source := offlinekit.NewSource("kit", io.NopCloser(bytes.NewReader(c.kit)))
		v, err := offlinekit.Check(t.Context(), source, offlinekit.CheckOptions{Now: c.stage.now(), CheckPolicy: refuse})
		assert.Equal(t, reason, fault.ReasonOf(err))
		assert.ErrorContains(t, err, "the trust in the kit cannot be imported")
		assert.False(t, v.Verified)
		assert.Nil(t, v.Trust)
	}
}

// TestEvidenceThatIsTooLarge is never kept aside.
func TestEvidenceThatIsTooLarge(t *testing.T) {
	const name = "payload/evidence/large.json"
	m := &offlinekit.Manifest{Name: "acme", Channel: "stable", Version: 1, CreatedAt: createdAt(), Entries: []offlinekit.Entry{{Name: name, Size: input.MaxEvidence + 1}}}
	require.NoError(t, m.AddChecksums())
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: offlinekit.ManifestName, Mode: 0o644, Size: int64(len(text(t, m)))}))
	_, err := w.Write(text(t, m))
	require.NoError(t, err)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: input.MaxEvidence + 1}))
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "nothing"))
	source := offlinekit.NewSource("kit", io.NopCloser(bytes.NewReader(b.Bytes())))
	v, err := offlinekit.Check(t.Context(), source, offlinekit.CheckOptions{Now: createdAt()})
	assert.Equal(t, fault.KitIncomplete, fault.ReasonOf(err), "%v", err) // after what was looked at
	assert.Contains(t, gaps(v), "evidence input.too_large")
}

// TestImages merges layouts of all kinds, also those whose index leaves referrers out,
// into one that go-containerregistry and we find the same evidence in.
func TestImages(t *testing.T) {
	s := newStage(t)
	s.trusting(trust.File{Name: trust.TrustedRootName, Content: s.w.Evidence(world.Options{}).TrustedRoot})
	for _, c := range carriers() {
		s.plan.Images = append(s.plan.Images, s.layout(string(rune('a'+int(c))), c))
	}
	v, err := s.check(s.build())
	require.NoError(t, err)
	assert.Equal(t, v.Evidence.Pieces, v.Evidence.Verifiable, "%+v", v.Gaps)
	assert.GreaterOrEqual(t, v.Evidence.Pieces, len(carriers()))

	other := slices.Clone(s.plan.Images)
	slices.Reverse(other)
	first := s.build()
	s.plan.Images = other
	assert.Equal(t, first, s.build(), "the order of the layouts means nothing")
}

// TestLayoutIsOneForOthers has go-containerregistry read the layout of a kit, and
// validate the image in it.
func TestLayoutIsOneForOthers(t *testing.T) {
	s := newStage(t)
	s.plan.Images = []string{s.layout("loose", world.LooseReferrers), s.layout("tags", world.Tags)}
	k, _, err := read(t, s.build())
	require.NoError(t, err)
	dir := unpack(t, k.files)
	index, err := layout.ImageIndexFromPath(filepath.Join(dir, "oci"))
	require.NoError(t, err)
	all, err := index.IndexManifest()
	require.NoError(t, err)
	images := 0
	for _, d := range all.Manifests {
		image, err := index.Image(d.Digest)
		require.NoError(t, err)
		m, err := image.Manifest()
		require.NoError(t, err)
		if m.Subject == nil && len(d.Annotations) == 0 || strings.HasSuffix(d.Annotations["org.opencontainers.image.ref.name"], "latest") {
			images++
			require.NoError(t, validate.Image(image))
		}
	}
	assert.Positive(t, images)
	assert.GreaterOrEqual(t, len(all.Manifests), 5)
}

// TestReferrersThatNoIndexLists are in the index of the kit.
func TestReferrersThatNoIndexLists(t *testing.T) {
	s := newStage(t)
	s.plan.Images = []string{filepath.Join("..", "..", "internal", "oci", "testdata", "cosign-v3")}
	k, _, err := read(t, s.build())
	require.NoError(t, err)
	for name := range k.files {
		digest, is := strings.CutPrefix(name, "oci/blobs/sha256/")
		if is && strings.Contains(k.files[name], `"subject":`) && strings.HasPrefix(k.files[name], "{") {
			assert.Contains(t, k.files["oci/index.json"], digest)
		}
	}
	assert.Contains(t, k.files["oci/index.json"], "manifests")
}

func TestImagesWithHoles(t *testing.T) {
	s := newStage(t)
	dir := s.layout("image", world.Tags)
	s.plan.Images = []string{dir}
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
	require.NoError(t, err)
	removed := ""
	for _, b := range blobs {
		if content, err := os.ReadFile(b); err == nil && !bytes.HasPrefix(content, []byte("{")) {
			require.NoError(t, os.Remove(b))
			removed = filepath.Base(b)
			break
		}
	}
	require.NotEmpty(t, removed)
	v, err := s.check(s.build())
	require.NoError(t, err)
	assert.Contains(t, gaps(v), "blob")
	i := slices.IndexFunc(v.Gaps, func(g offlinekit.Gap) bool { return g.Kind == offlinekit.GapBlob })
	assert.Equal(t, "oci/blobs/sha256/"+removed, v.Gaps[i].File)
}

// TestDamagedBlob has another digest than its name: that is seen when the kit is checked.
func TestDamagedBlob(t *testing.T) {
	s := newStage(t)
	dir := s.layout("image", world.Tags)
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
	require.NoError(t, err)
	for _, b := range blobs {
		content, err := os.ReadFile(b)
		require.NoError(t, err)
		if !bytes.HasPrefix(content, []byte("{")) {
			content[0] ^= 1
			require.NoError(t, os.WriteFile(b, content, 0o600))
			break
		}
	}
	s.plan.Images = []string{dir}
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(s.writes(s.archived, func() {})))
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(s.writes(s.unpacked, func() {})))
}

// written has write write a kit somewhere, and returns it to be read.
type written func(write func(offlinekit.Target) error) (*offlinekit.Source, error)

// forms are the forms of a kit.
func forms() map[string]func(*stage) written {
	return map[string]func(*stage) written{
		"archive":   func(s *stage) written { return s.archived },
		"directory": func(s *stage) written { return s.unpacked },
	}
}

// archived writes a kit to an archive.
func (s *stage) archived(write func(offlinekit.Target) error) (*offlinekit.Source, error) {
	s.t.Helper()
	var packed bytes.Buffer
	w, err := archive.NewWriter(&packed, archive.Tar, createdAt())
	require.NoError(s.t, err)
	if err := write(w); err != nil {
		return nil, err
	}
	require.NoError(s.t, w.Close())
	return offlinekit.NewSource("kit", io.NopCloser(&packed)), nil
}

// unpacked writes a kit to a directory, which stays without its name.
func (s *stage) unpacked(write func(offlinekit.Target) error) (*offlinekit.Source, error) {
	s.t.Helper()
	d, err := atomicfile.NewDirectory(nil, filepath.Join(s.t.TempDir(), "kit"))
	require.NoError(s.t, err)
	s.t.Cleanup(d.Abort)
	if err := write(d); err != nil {
		return nil, err
	}
	return offlinekit.Open(d.Path(), nil)
}

// writes builds, writes and checks a kit, with something done before it is written.
func (s *stage) writes(to written, meanwhile func()) error {
	s.t.Helper()
	b, err := offlinekit.NewBuild(s.t.Context(), &s.plan, s.now())
	require.NoError(s.t, err)
	defer b.Close()
	h, err := b.Manifest(nil)
	require.NoError(s.t, err)
	meanwhile()
	source, err := to(func(t offlinekit.Target) error { return b.Write(t, h) })
	if err != nil {
		return err
	}
	defer source.Close()
	v, err := offlinekit.Check(s.t.Context(), source, offlinekit.CheckOptions{Now: s.now()})
	return b.Changed(err, v)
}

// TestInputsThatChange are caught, however they change.
func TestInputsThatChange(t *testing.T) {
	for what, change := range map[string]func(path string) error{
		"other content": func(path string) error { return os.WriteFile(path, []byte("other"), 0o600) },
		"longer":        func(path string) error { return os.WriteFile(path, []byte("some more"), 0o600) },
		"shorter":       func(path string) error { return os.Truncate(path, 2) },
		"gone":          os.Remove,
	} {
		for form, to := range forms() {
			s := newStage(t)
			path := s.write("file", []byte("some."))
			s.plan.Documents = []string{path}
			err := s.writes(to(s), func() { require.NoError(t, change(path)) })
			assert.Equal(t, fault.InputChanged, fault.ReasonOf(err), "%s in a %s: %v", what, form, err)
			assert.ErrorContains(t, err, path, "%s in a %s", what, form)
		}
	}
}

// endless is an input that goes on, and fails a test that follows it for long.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left -= len(p); e.left < 0 {
		return 0, errors.New("it is read on and on")
	}
	clear(p)
	return len(p), nil
}

// TestInputWithoutEnd is given up as soon as it is longer than it was.
func TestInputWithoutEnd(t *testing.T) {
	k := small()
	h := k.header(t)
	for form, to := range forms() {
		_, err := to(newStage(t))(func(target offlinekit.Target) error {
			open := func(*offlinekit.Entry) (io.ReadCloser, error) { return io.NopCloser(&endless{1 << 20}), nil }
			return offlinekit.Write(t.Context(), target, h, open, func(e *offlinekit.Entry) string { return e.Name })
		})
		assert.Equal(t, fault.InputChanged, fault.ReasonOf(err), "%s: %v", form, err)
	}
}

// TestSignatureComesFirst: after one that does not count nothing is read.
func TestSignatureComesFirst(t *testing.T) {
	s := newStage(t)
	s.trusting()
	s.plan.Documents = []string{s.write("readme", []byte("read me"))}
	packed := s.build()
	source := offlinekit.NewSource("kit", io.NopCloser(bytes.NewReader(packed)))
	v, err := offlinekit.Check(t.Context(), source, offlinekit.CheckOptions{Now: s.now(), Policy: stranger(t, s.now())})
	assert.Equal(t, fault.SignatureUntrusted, fault.ReasonOf(err))
	conforms(t, v)
	assert.Equal(t, offlinekit.SignatureFailed, v.Signature)
	assert.False(t, v.Whole)
	assert.Nil(t, v.Trust)
	assert.Equal(t, fault.ExitRejected, v.Exit)
}

// stranger is a policy that trusts somebody else.
func stranger(t *testing.T, at time.Time) *verify.Policy {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	trusted, err := keys.NewTrust(keys.TrustedKey{Name: "stranger", Public: public, Holder: "stranger", AnyPredicateType: true})
	require.NoError(t, err)
	return &verify.Policy{Threshold: 1, At: at, Trust: trusted}
}

// carriers are all ways in which a layout holds evidence.
func carriers() []world.Carrier {
	return []world.Carrier{world.Tags, world.CosignSave, world.Referrers, world.LooseReferrers}
}

// conforms holds a verdict to its published schema.
func conforms(t *testing.T, v *offlinekit.Verdict) {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	assert.NoError(t, schematest.Compile(t, offlinekit.VerdictJSONSchema()).Validate(doc), "%s", text)
}

// TestVerdictOnADamagedKit names every file, in its JSON as well.
func TestVerdictOnADamagedKit(t *testing.T) {
	list := small().members(t)
	list[len(list)-2].content += "x"
	v, err := newStage(t).check(tarOf(t, list[:len(list)-1]))
	assert.Equal(t, fault.ExitRejected, v.Exit)
	assert.Equal(t, fault.KitMismatch, fault.ReasonOf(err))
	assert.Len(t, v.Findings, 2)
	conforms(t, v)
}
