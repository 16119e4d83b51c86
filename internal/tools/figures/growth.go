//go:build linux

package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// A point is one measurement of how cost grows.
type point struct {
	series string
	x      int64 // bundles, or bytes of the artifact
	cost   usage
}

// gigabyte is 1,000,000,000 bytes.
const gigabyte = 1000 * megabyte

// The series.
const (
	byCount = "bundles in a directory"
	bySize  = "bytes in the attestation"
)

// growth measures how verification grows with the number of bundles, up to count,
// and with the size of one, up to size bytes, both by tens.
func (b *bench) growth(count int, size int64) ([]point, error) {
	var points []point
	for n := 1; n <= count; n *= 10 {
		p, err := b.counted(n)
		if err != nil {
			return nil, err
		}
		points = append(points, p)
	}
	for n := int64(1000); n <= size; n *= 10 {
		p, err := b.sized(n)
		if err != nil {
			return nil, err
		}
		points = append(points, p)
	}
	return points, nil
}

// counted verifies n small bundles in one directory.
func (b *bench) counted(n int) (point, error) {
	fmt.Fprintf(os.Stderr, "figures: %d %s\n", n, byCount)
	defer os.RemoveAll(filepath.Join(b.dir, "many"))
	if err := b.writeBundles("many", n); err != nil {
		return point{}, err
	}
	cost, err := b.measure(b.stella, []string{"verify", "many", "--key", "key.pub", "--expect", strconv.Itoa(n)})
	return point{byCount, int64(n), cost}, err
}

// writeBundles signs n small statements into a directory.
func (b *bench) writeBundles(dir string, n int) error {
	if err := writeStatements(filepath.Join(b.dir, dir+".jsonl"), n); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(b.dir, dir), 0o700); err != nil {
		return err
	}
	_, err := b.once(b.stella, []string{"sign", "statement", "--batch", dir + ".jsonl", "--key", "key", "--output-dir", dir, "--audit-log", "none"})
	return err
}

// sized verifies an attestation of an SBOM of n bytes against the SBOM.
func (b *bench) sized(n int64) (point, error) {
	fmt.Fprintf(os.Stderr, "figures: %d %s\n", n, bySize)
	if err := writeSBOM(filepath.Join(b.dir, "sized.cdx.json"), int(n)); err != nil {
		return point{}, err
	}
	if _, err := b.once(b.stella, signing("sized.sigstore.json", "sign", "sbom", "sized.cdx.json", "--preserve")); err != nil {
		return point{}, err
	}
	cost, err := b.measure(b.stella, []string{"verify", "sized.sigstore.json", "--key", "key.pub", "--subject", "sized.cdx.json"})
	return point{bySize, n, cost}, err
}

// writePoints writes what was measured as a table for programs.
func writePoints(out io.Writer, points []point) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"series", "n", "cpu_s", "rss_bytes"}}
	for _, p := range points {
		rows = append(rows, []string{p.series, strconv.FormatInt(p.x, 10), fmt.Sprintf("%.3f", p.cost.cpu.Seconds()), strconv.FormatInt(p.cost.rss, 10)})
	}
	return w.WriteAll(rows)
}

// growthTo measures growth and writes the table and the plot into dir.
func (b *bench) growthTo(dir string) error {
	if err := b.makeKey(); err != nil {
		return err
	}
	points, err := b.growth(1_000_000, gigabyte)
	if err != nil {
		return err
	}
	table, err := os.Create(filepath.Join(dir, "growth.csv")) // #nosec G304 -- named by who runs this
	if err != nil {
		return err
	}
	if err := errors.Join(writePoints(table, points), table.Close()); err != nil {
		return err
	}
	plot, err := os.Create(filepath.Join(dir, "growth.svg")) // #nosec G304 -- as above
	if err != nil {
		return err
	}
	return errors.Join(writePlot(plot, points), plot.Close())
}
