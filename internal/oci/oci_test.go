package oci_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json/v2"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// image is the image of the samples.
const image = "sha256:22946256260bb441e48d8e409bf0e297cb009ee6d9ad783807e15e130b28e727"

type object = map[string]any

// layout is an image layout while a test fills it.
type layout struct {
	files fstest.MapFS
	index []object
}

func newLayout() *layout {
	l := &layout{files: fstest.MapFS{}}
	l.put("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return l
}

func (l *layout) put(name string, data []byte) {
	l.files[name] = &fstest.MapFile{Data: data, Mode: 0o644}
}

// blob stores a blob and returns its descriptor.
func (l *layout) blob(mediaType string, data []byte) object {
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	l.put("blobs/sha256/"+sum, data)
	return object{"mediaType": mediaType, "digest": "sha256:" + sum, "size": len(data)}
}

func encode(v any) []byte {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(err)
	}
	return b
}

const (
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeEnvelope = "application/vnd.dsse.envelope.v1+json"
	typeSimple   = "application/vnd.dev.cosign.simplesigning.v1+json"
	typeBundle   = "application/vnd.dev.sigstore.bundle.v0.3+json"

	envelope = `{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AAAA"}]}`
	other    = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
)

// manifest stores a manifest and returns its descriptor.
func (l *layout) manifest(members object, layers ...object) object {
	m := object{"schemaVersion": 2, "mediaType": typeManifest, "layers": layers}
	for name, value := range members {
		m[name] = value
	}
	return l.blob(typeManifest, encode(m))
}

// list puts a manifest into the index.
func (l *layout) list(descriptor object, annotations object) {
	entry := object{"annotations": annotations}
	for name, value := range descriptor {
		entry[name] = value
	}
	l.index = append(l.index, entry)
}

func with(descriptor object, name string, value any) object {
	out := object{name: value}
	for n, v := range descriptor {
		if n != name {
			out[n] = v
		}
	}
	return out
}

// write puts the layout on a disk.
func (l *layout) write(t testing.TB) string {
	t.Helper()
	if _, ok := l.files["index.json"]; !ok {
		l.put("index.json", encode(object{"schemaVersion": 2, "manifests": l.index}))
	}
	dir := filepath.Join(t.TempDir(), "layout")
	require.NoError(t, os.CopyFS(dir, l.files))
	return dir
}

// attached is a layout with an attestation that is attached to image, in the way
// of a tag.
func attached() *layout {
	l := newLayout()
	l.list(l.manifest(nil, l.blob(typeEnvelope, []byte(envelope))), tag(image, "att"))
	return l
}

func tag(digest, suffix string) object {
	return object{"org.opencontainers.image.ref.name": "sha256-" + strings.TrimPrefix(digest, "sha256:") + "." + suffix}
}

func evidence(t testing.TB, dir string, about ...string) (*oci.Found, error) {
	t.Helper()
	l, err := oci.Open(dir)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	return l.Evidence(about...)
}

func shapes(f *oci.Found) []string {
	var out []string
	for _, item := range f.Items {
		out = append(out, item.Shape)
	}
	return out
}

// What stock cosign saved verifies against the image's digest, and against no
// other.
func TestCosignSave(t *testing.T) {
	tests := map[string][]string{
		"cosign-v2": {"cosign image signature", "cosign image attestation"},
		"cosign-v3": {"Sigstore bundle v0.3, attached to an image", "Sigstore bundle v0.3, attached to an image"},
	}
	trust, err := keys.LoadTrust("testdata/cosign.pub")
	require.NoError(t, err)
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := evidence(t, filepath.Join("testdata", name), image)
			require.NoError(t, err)
			assert.Equal(t, want, shapes(found))
			for _, item := range found.Items {
				assert.Equal(t, image, item.Attached)
				assert.Equal(t, filepath.Join("testdata", name), item.Source)
			}
			_, err = evidence(t, filepath.Join("testdata", name), other)
			require.ErrorContains(t, err, "attached to "+other)
			assert.Equal(t, fault.SignatureMissing, fault.ReasonOf(err))
			assert.Contains(t, fault.HintOf(err), image)

			l, err := oci.Open(filepath.Join("testdata", name))
			require.NoError(t, err)
			defer l.Close()
			e := &verify.Evidence{}
			require.NoError(t, e.ReadLayout(l)) // all of it, whatever it is attached to
			judge := func(digest string) error {
				_, err := verify.Verify(t.Context(), e, &verify.Policy{
					Trust: trust, Threshold: 1, At: time.Now(),
					Subjects: []verify.Artifact{{Name: "image", Digest: map[string]string{"sha256": strings.TrimPrefix(digest, "sha256:")}}},
				})
				return err
			}
			require.NoError(t, judge(image))
			assert.Equal(t, fault.SubjectMismatch, fault.ReasonOf(judge(other)))
		})
	}
}

// A tar archive of a layout gives what its directory gives.
func TestArchive(t *testing.T) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	require.NoError(t, w.AddFS(os.DirFS("testdata/cosign-v2")))
	require.NoError(t, w.Close())
	f := input.FromBytes("layout.tar", buf.Bytes())
	l, err := oci.OpenTar(f)
	require.NoError(t, err)
	require.NotNil(t, l)
	found, err := l.Evidence(image)
	require.NoError(t, err)
	assert.Equal(t, []string{"cosign image signature", "cosign image attestation"}, shapes(found))
	assert.Equal(t, "layout.tar", found.Items[0].Source)
	require.NoError(t, l.Close())
}

func TestNotAnArchive(t *testing.T) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "x", Typeflag: tar.TypeReg, Mode: 0o600}))
	require.NoError(t, w.Close())
	for name, b := range map[string][]byte{"other archive": buf.Bytes(), "text": []byte("text"), "zeros": make([]byte, 4096)} {
		l, err := oci.OpenTar(input.FromBytes("f", b))
		assert.NoError(t, err, name)
		assert.Nil(t, l, name)
	}
}

func TestHostileArchives(t *testing.T) {
	file := func(name, data string) (tar.Header, string) {
		return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(data))}, data
	}
	tests := map[string]func(add func(tar.Header, string)){
		"traversal":   func(add func(tar.Header, string)) { add(file("../index.json", "{}")) },
		"absolute":    func(add func(tar.Header, string)) { add(file("/index.json", "{}")) },
		"backslashes": func(add func(tar.Header, string)) { add(file(`blobs\sha256`, "{}")) },
		"twice":       func(add func(tar.Header, string)) { add(file("./oci-layout", "{}")) },
		"link": func(add func(tar.Header, string)) {
			add(tar.Header{Name: "index.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, "")
		},
		"hard link": func(add func(tar.Header, string)) {
			add(tar.Header{Name: "index.json", Typeflag: tar.TypeLink, Linkname: "oci-layout"}, "")
		},
		"device": func(add func(tar.Header, string)) { add(tar.Header{Name: "index.json", Typeflag: tar.TypeChar}, "") },
	}
	for name, fill := range tests {
		t.Run(name, func(t *testing.T) {
			var buf bytes.Buffer
			w := tar.NewWriter(&buf)
			add := func(h tar.Header, data string) {
				require.NoError(t, w.WriteHeader(&h))
				_, err := w.Write([]byte(data))
				require.NoError(t, err)
			}
			add(file("oci-layout", `{"imageLayoutVersion":"1.0.0"}`))
			fill(add)
			require.NoError(t, w.Close())
			_, err := oci.OpenTar(input.FromBytes("f.tar", buf.Bytes()))
			require.Error(t, err)
			assert.Equal(t, fault.LayoutMalformed, fault.ReasonOf(err), err)
		})
	}
	t.Run("second archive behind it", func(t *testing.T) {
		var buf bytes.Buffer
		for range 2 {
			w := tar.NewWriter(&buf)
			require.NoError(t, w.AddFS(os.DirFS("testdata/cosign-v2")))
			require.NoError(t, w.Close())
		}
		_, err := oci.OpenTar(input.FromBytes("f.tar", buf.Bytes()))
		require.ErrorContains(t, err, "behind the end")
		assert.Equal(t, fault.LayoutMalformed, fault.ReasonOf(err))
	})
	t.Run("truncated", func(t *testing.T) {
		var buf bytes.Buffer
		w := tar.NewWriter(&buf)
		require.NoError(t, w.AddFS(os.DirFS("testdata/cosign-v2")))
		_, err := oci.OpenTar(input.FromBytes("f.tar", buf.Bytes()[:700]))
		require.Error(t, err)
		assert.Equal(t, fault.LayoutMalformed, fault.ReasonOf(err))
		require.NoError(t, w.Flush())
		for _, end := range []int{0, 512} { // what came after the last member may be missing
			_, err = oci.OpenTar(input.FromBytes("f.tar", append(bytes.Clone(buf.Bytes()), make([]byte, end)...)))
			require.ErrorContains(t, err, "the archive ends early", "%d", end)
			assert.Equal(t, fault.LayoutMalformed, fault.ReasonOf(err))
		}
	})
}

// Every way in which a layout says what is attached to what.
func TestAttached(t *testing.T) {
	tests := map[string]func(l *layout, manifest func(object) object){
		"tag": func(l *layout, manifest func(object) object) { l.list(manifest(nil), tag(image, "att")) },
		"tag with a repository": func(l *layout, manifest func(object) object) {
			l.list(manifest(nil), object{"org.opencontainers.image.ref.name": "example.com/app:sha256-" + image[7:] + ".sig"})
		},
		"subject, listed": func(l *layout, manifest func(object) object) {
			l.list(manifest(object{"subject": object{"mediaType": typeManifest, "digest": image, "size": 1}}), nil)
		},
		"subject, loose": func(_ *layout, manifest func(object) object) {
			manifest(object{"subject": object{"mediaType": typeManifest, "digest": image, "size": 1}})
		},
		"cosign save": func(l *layout, manifest func(object) object) {
			l.list(object{"mediaType": typeManifest, "digest": image, "size": 1}, object{"kind": "dev.cosignproject.cosign/image"})
			l.list(manifest(nil), object{"kind": "dev.cosignproject.cosign/atts"})
		},
		"index within the index": func(l *layout, manifest func(object) object) {
			inner := with(manifest(nil), "annotations", tag(image, "att"))
			l.list(l.blob(typeIndex, encode(object{"schemaVersion": 2, "mediaType": typeIndex, "manifests": []object{inner}})), nil)
		},
		"nothing says": func(l *layout, manifest func(object) object) { l.list(manifest(nil), nil) },
	}
	for name, fill := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLayout()
			fill(l, func(members object) object { return l.manifest(members, l.blob(typeEnvelope, []byte(envelope))) })
			dir := l.write(t)
			found, err := evidence(t, dir)
			require.NoError(t, err)
			require.Len(t, found.Items, 1)
			want := image
			if name == "nothing says" {
				want = ""
			}
			assert.Equal(t, want, found.Items[0].Attached)

			_, err = evidence(t, dir, image)
			require.NoError(t, err)
			_, err = evidence(t, dir, other)
			if name == "nothing says" {
				assert.NoError(t, err, "it may be about the image")
				return
			}
			assert.Equal(t, fault.SignatureMissing, fault.ReasonOf(err))
		})
	}
}

// What is attached to another image is listed and does not stand in the way.
func TestEvidenceOfOtherImages(t *testing.T) {
	l := attached()
	l.list(l.manifest(object{"x": 1}, l.blob(typeEnvelope, []byte("broken"))), tag(other, "att"))
	found, err := evidence(t, l.write(t), image)
	require.NoError(t, err)
	assert.Len(t, found.Items, 1)
	require.Len(t, found.Ignored, 1)
	assert.Contains(t, found.Ignored[0].Reason, "attached to "+other)
}

// A statement that nobody signed, as buildkit attaches it, is no evidence.
func TestUnsignedStatement(t *testing.T) {
	l := attached()
	l.list(l.manifest(object{"x": 1}, l.blob("application/vnd.in-toto+json", []byte(`{"_type":"https://in-toto.io/Statement/v0.1"}`))), nil)
	found, err := evidence(t, l.write(t))
	require.NoError(t, err)
	assert.Len(t, found.Items, 1)
	require.Len(t, found.Ignored, 1)
	assert.Equal(t, "a statement that nobody signed", found.Ignored[0].Reason)
}

// A manifest of the index that the layout lacks, as in a copy of one platform, is
// listed.
func TestSparseLayout(t *testing.T) {
	l := attached()
	l.list(object{"mediaType": typeManifest, "digest": other, "size": 1}, nil)
	found, err := evidence(t, l.write(t))
	require.NoError(t, err)
	assert.Equal(t, []oci.Ignored{{Part: "manifest " + other, Reason: "the index names it and it is not in the layout"}}, found.Ignored)
}

// An attestation that is too large for memory is read in place.
func TestLargeLayer(t *testing.T) {
	payload := bytes.Repeat([]byte("x"), 3<<20)
	l := newLayout()
	l.list(l.manifest(nil, l.blob(typeEnvelope, []byte(`{"payload":"`+base64.StdEncoding.EncodeToString(payload)+
		`","payloadType":"t","signatures":[{"sig":"AAAA"}]}`))), nil)
	found, err := evidence(t, l.write(t))
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = found.Items[0].Envelope.UnverifiedMessage().WriteTo(&out)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(payload, out.Bytes()))
}

func TestHostileLayouts(t *testing.T) {
	tests := []struct {
		name string
		make func(*layout)
		want fault.Reason
		says string
	}{
		{"no evidence", func(l *layout) { l.index = nil; l.files = newLayout().files }, fault.SignatureMissing, "holds no signature"},
		{"no index", func(l *layout) { l.put("index.json", nil); l.files["index.json"].Mode = os.ModeDir | 0o755 }, fault.LayoutMalformed, "index.json"},
		{"index is no index", func(l *layout) { l.put("index.json", []byte(`{"schemaVersion":1}`)) }, fault.LayoutMalformed, "schemaVersion"},
		{"index with members twice", func(l *layout) { l.put("index.json", []byte(`{"schemaVersion":2,"manifests":[],"manifests":[]}`)) }, fault.LayoutMalformed, "duplicate"},
		{"index with another case", func(l *layout) { l.put("index.json", []byte(`{"schemaVersion":2,"Manifests":[]}`)) }, fault.LayoutMalformed, `must be spelled "manifests"`},
		{"huge index", func(l *layout) { l.put("index.json", make([]byte, 5<<20)) }, fault.LayoutMalformed, "limit"},
		{"another version", func(l *layout) { l.put("oci-layout", []byte(`{"imageLayoutVersion":"2.0.0"}`)) }, fault.LayoutMalformed, "version"},
		{"digest of another kind", func(l *layout) { l.index[0]["digest"] = "sha512:abc" }, fault.LayoutMalformed, "not sha256"},
		{"digest that leads elsewhere", func(l *layout) { l.index[0]["digest"] = "sha256:../../index.json" }, fault.LayoutMalformed, "not sha256"},
		{"negative size", func(l *layout) { l.index[0]["size"] = -1 }, fault.LayoutMalformed, "missing"},
		{"changed manifest", func(l *layout) { l.alter(l.index[0], ` `) }, fault.LayoutDigest, "has the digest"},
		{"changed layer", func(l *layout) { l.alter(l.blob(typeEnvelope, []byte(envelope)), ` `) }, fault.LayoutDigest, "has the digest"},
		{"layer of another length", func(l *layout) {
			l.list(l.manifest(nil, with(l.blob(typeEnvelope, []byte(envelope)), "size", 1)), nil)
		}, fault.LayoutDigest, "bytes; its descriptor says 1"},
		{"changed layer of the same length", func(l *layout) {
			d := l.blob(typeEnvelope, []byte(envelope))
			l.put("blobs/sha256/"+d["digest"].(string)[7:], bytes.Replace([]byte(envelope), []byte("AAAA"), []byte("BBBB"), 1))
		}, fault.LayoutDigest, "has the digest"},
		{"missing layer", func(l *layout) {
			delete(l.files, "blobs/sha256/"+l.blob(typeEnvelope, []byte(envelope))["digest"].(string)[7:])
		}, fault.LayoutMalformed, "missing"},
		{"changed loose manifest", func(l *layout) {
			l.alter(l.manifest(object{"subject": object{"mediaType": typeManifest, "digest": image, "size": 1}}), "\n")
		}, fault.LayoutDigest, "has the digest"},
		{"broken envelope", func(l *layout) { l.list(l.manifest(nil, l.blob(typeEnvelope, []byte(`{"payload":`))), nil) }, fault.EnvelopeMalformed, "layer 1"},
		{"broken bundle", func(l *layout) { l.list(l.manifest(nil, l.blob(typeBundle, []byte(`{"mediaType":"x"}`))), nil) }, fault.BundleVersion, "layer 1"},
		{"bundle that is none", func(l *layout) { l.list(l.manifest(nil, l.blob(typeBundle, []byte(`{}`))), nil) }, fault.NotEvidence, "layer 1"},
		{"image signature without a signature", func(l *layout) { l.list(l.manifest(nil, l.blob(typeSimple, []byte(`{}`))), nil) }, fault.SignatureMissing, "signature"},
		{"image signature that is not base64", func(l *layout) {
			l.list(l.manifest(nil, with(l.blob(typeSimple, []byte(`{}`)), "annotations", object{"dev.cosignproject.cosign/signature": "*"})), nil)
		}, fault.BundleMalformed, "not a signature in base64"},
		{"broken annotation", func(l *layout) {
			l.list(l.manifest(nil, with(l.blob(typeEnvelope, []byte(envelope)), "annotations", object{"dev.sigstore.cosign/bundle": "{}"})), nil)
		}, fault.BundleMalformed, `annotation "dev.sigstore.cosign/bundle"`},
		{"chain without a certificate", func(l *layout) {
			l.list(l.manifest(nil, with(l.blob(typeEnvelope, []byte(envelope)), "annotations", object{"dev.sigstore.cosign/chain": "x"})), nil)
		}, fault.BundleMalformed, "chain and no certificate"},
		{"annotations that are not text", func(l *layout) { l.index[0]["annotations"] = object{"a": 1} }, fault.LayoutMalformed, "not a string"},
		{"too many layers", func(l *layout) {
			many := make([]object, 5000)
			for i := range many {
				many[i] = object{"mediaType": "x", "digest": other, "size": 1}
			}
			l.list(l.manifest(nil, many...), nil)
		}, fault.LayoutMalformed, "more than 4096"},
		{"indexes within indexes", func(l *layout) {
			d := l.index[0]
			for range 20 {
				d = l.blob(typeIndex, encode(object{"schemaVersion": 2, "manifests": []object{d}}))
			}
			l.index = []object{d}
		}, fault.LayoutMalformed, "deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := attached()
			tt.make(l)
			_, err := evidence(t, l.write(t))
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, tt.want, fault.ReasonOf(err), err)
		})
	}
}

// alter changes a blob and leaves its name.
func (l *layout) alter(descriptor object, more string) {
	name := "blobs/sha256/" + strings.TrimPrefix(descriptor["digest"].(string), "sha256:")
	l.put(name, append(bytes.Clone(l.files[name].Data), more...))
}

// An index that names itself ends.
func TestCycle(t *testing.T) {
	l := attached()
	l.index = append(l.index, l.index[0], l.index[0])
	found, err := evidence(t, l.write(t))
	require.NoError(t, err)
	assert.Len(t, found.Items, 1)
}

func TestLinksLeadNowhere(t *testing.T) {
	for name, target := range map[string]string{"index.json": "/etc/passwd", "blobs": "/tmp"} {
		l := attached()
		dir := l.write(t)
		require.NoError(t, os.RemoveAll(filepath.Join(dir, name)))
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
		_, err := evidence(t, dir)
		require.Error(t, err, name)
		assert.Equal(t, fault.LayoutMalformed, fault.ReasonOf(err), "%s: %v", name, err)
	}
}

func TestIsLayout(t *testing.T) {
	assert.True(t, oci.IsLayout("testdata/cosign-v2"))
	assert.False(t, oci.IsLayout("testdata"))
	assert.False(t, oci.IsLayout("testdata/cosign.pub"))
	assert.False(t, oci.IsLayout("testdata/none"))
}

// FuzzArchive reads whatever a tar archive holds.
func FuzzArchive(f *testing.F) {
	for _, dir := range []string{"cosign-v2", "cosign-v3"} {
		var buf bytes.Buffer
		w := tar.NewWriter(&buf)
		require.NoError(f, w.AddFS(os.DirFS(filepath.Join("testdata", dir))))
		require.NoError(f, w.Close())
		f.Add(buf.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := oci.OpenTar(input.FromBytes("f.tar", b))
		if err == nil && l != nil {
			_, err = l.Evidence()
		}
		if err != nil {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), err)
		}
	})
}

// FuzzManifest reads whatever a manifest of the index says, with its right digest.
func FuzzManifest(f *testing.F) {
	l := attached()
	f.Add(encode(object{"schemaVersion": 2, "layers": []object{l.blob(typeEnvelope, []byte(envelope))}}))
	f.Add(encode(object{"schemaVersion": 2, "manifests": []object{{"mediaType": typeManifest, "digest": image, "size": 1}}}))
	f.Add(encode(object{"schemaVersion": 2, "subject": object{"mediaType": typeManifest, "digest": image, "size": 1}, "layers": []object{
		with(l.blob(typeSimple, []byte(`{}`)), "annotations", object{"dev.cosignproject.cosign/signature": "AAAA", "dev.sigstore.cosign/rfc3161timestamp": `{"SignedRFC3161Timestamp":"AAAA"}`}),
	}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := attached()
		l.blob(typeSimple, []byte(`{}`))
		l.list(l.blob(typeManifest, b), nil)
		found, err := evidence(t, l.write(t))
		if err != nil {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), err)
			return
		}
		assert.NotEmpty(t, found.Items)
	})
}
