//go:build linux

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/jsontext"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	f := figure{name: "work", limit: budget{time.Second, 10 * megabyte}, aim: time.Second / 2}
	tests := map[string]struct {
		stella usage
		binary int64
		want   string
		over   int
	}{
		"at the limits": {usage{cpu: time.Second, rss: 10 * megabyte}, binaryLimit, "ok, aim is 0.500 s", 0},
		"at the aim":    {usage{cpu: time.Second / 2, rss: megabyte}, megabyte, "ok\n", 0},
		"slow":          {usage{cpu: time.Second + 1, rss: megabyte}, megabyte, "OVER: CPU\n", 1},
		"large":         {usage{cpu: time.Millisecond, rss: 10*megabyte + 1}, megabyte, "OVER: memory\n", 1},
		"both":          {usage{cpu: 2 * time.Second, rss: 11 * megabyte}, megabyte, "OVER: CPU and memory\n", 1},
		"large binary":  {usage{cpu: time.Millisecond, rss: 1}, binaryLimit + 1, "OVER: size\n", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			over, err := report(&out, measured{figures: []result{{figure: f, stella: tt.stella}}, binary: tt.binary})
			require.NoError(t, err)
			assert.Equal(t, tt.over, over)
			assert.Contains(t, out.String(), tt.want)
		})
	}
}

func TestMeasure(t *testing.T) {
	b := &bench{dir: t.TempDir(), runs: 3}
	got, err := b.measure("/bin/sh", []string{"-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"})
	if err != nil { // under the race detector this program is large itself
		require.ErrorContains(t, err, "makes the measurement worthless")
	} else {
		assert.Positive(t, got.cpu)
		assert.Positive(t, got.rss)
	}

	_, err = b.measure("/bin/sh", []string{"-c", "echo broken >&2; exit 3"})
	require.ErrorContains(t, err, "exit status 3: broken", "a failed run must not count as a fast one")
}

// TestWriteSBOM pins the document, so that figures of different days compare.
func TestWriteSBOM(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.json")
	require.NoError(t, writeSBOM(path, megabyte))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.InDelta(t, megabyte, len(data), 2000)
	assert.True(t, jsontext.Value(data).IsValid())
	digest := sha256.Sum256(data)
	assert.Equal(t, "5ef104921af52af9a2b97c652fdb858407a4f627377990ebbd5814ba0f4862fb", hex.EncodeToString(digest[:]))
}
