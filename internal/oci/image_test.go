package oci_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/oci"
)

// TestImage finds the one image of a layout, whatever is attached to it.
func TestImage(t *testing.T) {
	const name = "io.containerd.image.name"
	app := func(l *layout) object {
		return l.manifest(nil, l.blob("application/vnd.oci.image.layer.v1.tar", []byte("layer")))
	}
	for what, tt := range map[string]struct {
		fill   func(l *layout) (digest any)
		name   string
		reason fault.Reason
	}{
		"alone": {fill: func(l *layout) any { d := app(l); l.list(d, nil); return d["digest"] }},
		"named": {fill: func(l *layout) any {
			d := app(l)
			l.list(d, object{name: "registry.example:5000/app:1.0"})
			return d["digest"]
		}, name: "registry.example:5000/app"},
		"with evidence": {fill: func(l *layout) any {
			d := app(l)
			l.list(d, object{name: "app@sha256:0"})
			l.list(l.manifest(nil, l.blob(typeEnvelope, []byte(envelope))), tag(image, "att"))
			l.list(l.manifest(object{"subject": object{"mediaType": typeManifest, "digest": image, "size": 1}}, l.blob(typeBundle, []byte(`{}`))), nil)
			return d["digest"]
		}, name: "app"},
		"under two names": {fill: func(l *layout) any {
			d := app(l)
			l.list(d, object{name: "a:1"})
			l.list(d, object{name: "a:2"})
			return d["digest"]
		}, name: "a"},
		"none": {fill: func(*layout) any { return nil }, reason: fault.LayoutMalformed},
		"two": {fill: func(l *layout) any {
			l.list(app(l), nil)
			l.list(l.manifest(nil), nil)
			return nil
		}, reason: fault.LayoutMalformed},
		"absent": {fill: func(l *layout) any {
			l.list(object{"mediaType": typeManifest, "digest": other, "size": 1}, nil)
			return nil
		}, reason: fault.LayoutMalformed},
		"changed": {fill: func(l *layout) any {
			d := app(l)
			l.put("blobs/sha256/"+other[7:], []byte(`{}`))
			l.list(with(d, "digest", other), nil)
			return nil
		}, reason: fault.LayoutDigest},
	} {
		t.Run(what, func(t *testing.T) {
			l := newLayout()
			want := tt.fill(l)
			opened, err := oci.Open(l.write(t))
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, opened.Close()) })
			got, digest, err := opened.Image()
			if tt.reason != "" {
				assert.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, digest)
			assert.Equal(t, tt.name, got)
		})
	}
}
