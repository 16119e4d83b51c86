package material_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify/material"
)

// BenchmarkJudge judges what stands beside one keyless signature of the public
// instances: certificate, SCT, log entry and, with Rekor v2, time stamp.
func BenchmarkJudge(b *testing.B) {
	cases := conformance(b)
	for name, e := range map[string]*world.Evidence{
		"rekor v1":              cases["happy-path-v0.3-new-mediaType"],
		"rekor v2 and RFC 3161": cases["rekor2-timestamp-without-embedded-cert"],
	} {
		b.Run(name, func(b *testing.B) {
			root, err := trust(e)
			require.NoError(b, err)
			item, signed := read(b, e)
			b.ReportAllocs()
			for b.Loop() {
				leaf, err := material.ParseLeaf(item.Material.Certificates)
				require.NoError(b, err)
				signed.Leaf = leaf
				entries := root.LogEntries(item.Material.LogEntries, signed, item.Version, e.At)
				stamps := root.Timestamps(item.Material.Timestamps, signed.Signature, e.At)
				at := entries[0].Time
				if at.IsZero() {
					at = stamps[0].Time
				}
				chain, err := root.Chain(leaf, at)
				require.NoError(b, err)
				require.NoError(b, root.SCTs(chain)[0].Err)
			}
		})
	}
}

// BenchmarkParseRoot reads the public-good root, which every verification does
// once.
func BenchmarkParseRoot(b *testing.B) {
	data := conformance(b)["happy-path-v0.3-new-mediaType"].TrustedRoot
	b.ReportAllocs()
	for b.Loop() {
		_, err := material.ParseRoot("trusted_root.json", data)
		require.NoError(b, err)
	}
}
