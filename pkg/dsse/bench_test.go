package dsse_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse"
)

// A payload of the size of a large SBOM, in memory so that only the envelope's
// own work is measured.
const benchmarkSize = 100 << 20

func BenchmarkWrite(b *testing.B) {
	key := testKeys(b)["ecdsa-p256"]
	m := dsse.Bytes(bytes.Repeat([]byte(`{"name":"component","version":"1.0"},`), benchmarkSize/37))
	b.SetBytes(m.Size())
	b.ReportAllocs()
	for b.Loop() {
		_, err := dsse.Write(context.Background(), io.Discard, dsse.NewMessage(dsse.PayloadTypeInToto, m), true, signerOf(b, key))
		require.NoError(b, err)
	}
}

func BenchmarkOpen(b *testing.B) {
	key := testKeys(b)["ecdsa-p256"]
	payload := bytes.Repeat([]byte(`{"name":"component","version":"1.0"},`), benchmarkSize/37)
	sealed := seal(b, payload, key)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		e, err := dsse.ParseEnvelope(bytes.NewReader(sealed), int64(len(sealed)))
		require.NoError(b, err)
		_, err = dsse.Open(e, 1, keyOf(b, "me", key))
		require.NoError(b, err)
	}
}

func BenchmarkOpenSmall(b *testing.B) {
	key := testKeys(b)["ecdsa-p256"]
	sealed := seal(b, []byte(`{"_type":"https://in-toto.io/Statement/v1"}`), key)
	trusted := keyOf(b, "me", key)
	for b.Loop() {
		e, err := dsse.ParseEnvelope(bytes.NewReader(sealed), int64(len(sealed)))
		require.NoError(b, err)
		_, err = dsse.Open(e, 1, trusted)
		require.NoError(b, err)
	}
}
