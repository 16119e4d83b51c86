//go:build linux

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGrowthIsDrawn: slower is higher up, and the table has every point.
func TestGrowthIsDrawn(t *testing.T) {
	points := []point{
		{byCount, 1, usage{cpu: 10 * time.Millisecond, rss: 20 * megabyte}},
		{byCount, 1000, usage{cpu: time.Second, rss: 40 * megabyte}},
		{bySize, 1000, usage{cpu: time.Millisecond, rss: megabyte}},
	}
	var table, plot strings.Builder
	require.NoError(t, writePoints(&table, points))
	assert.Equal(t, "series,n,cpu_s,rss_bytes\nbundles in a directory,1,0.010,20000000\nbundles in a directory,1000,1.000,40000000\n"+
		"bytes in the attestation,1000,0.001,1000000\n", table.String())

	require.NoError(t, writePlot(&plot, points))
	curves := 0
	for d := xml.NewDecoder(strings.NewReader(plot.String())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "polyline" {
			curves++
		}
	}
	assert.Equal(t, 4, curves)
	assert.Contains(t, plot.String(), `points="60.0,230.0 360.0,150.0 "`, "10 ms is one decade up, 1 s three of six")
	assert.Contains(t, plot.String(), ">1k</text>")
}
