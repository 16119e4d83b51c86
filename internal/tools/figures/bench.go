//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// predicateType is the type of the small predicate: a URI that nobody knows.
const predicateType = "https://example.com/predicate"

// bench is one session of measuring in a directory of its own.
type bench struct {
	stella string
	peer   string // empty for none
	dir    string
	runs   int
}

// measured is everything that the table shows.
type measured struct {
	figures []result
	binary  int64 // size in bytes
}

// prepare makes the files that the figures name.
func (b *bench) prepare() error {
	small := `{"text":"` + strings.Repeat("a", 1000) + `"}`
	if err := os.WriteFile(filepath.Join(b.dir, "small.json"), []byte(small), 0o600); err != nil {
		return err
	}
	if err := writeSBOM(filepath.Join(b.dir, "large.cdx.json"), largeSize); err != nil {
		return err
	}
	if err := writeKeyless(b.dir); err != nil {
		return err
	}
	if err := b.makeKey(); err != nil {
		return err
	}
	if err := b.writeBundles("evidence", bulkSize); err != nil {
		return err
	}
	if err := writeStatements(filepath.Join(b.dir, "batch.jsonl"), batchSize); err != nil {
		return err
	}
	if err := b.writeCase(smallCase()); err != nil {
		return err
	}
	if err := b.prepareKits(); err != nil {
		return err
	}
	if b.peer == "" {
		return nil
	}
	_, err := b.once(b.peer, []string{"generate-key-pair"})
	return err
}

// prepareKits makes what kits are built of.
func (b *bench) prepareKits() error {
	if err := b.publish(); err != nil {
		return err
	}
	return errors.Join(
		writeLayout(filepath.Join(b.dir, kitImage), 100*megabyte),
		writeFiles(filepath.Join(b.dir, "files"), smallFiles))
}

// smallFiles is how many small files are in a kit.
const smallFiles = 10_000

// makeKey makes the key that signs everything.
func (b *bench) makeKey() error {
	_, err := b.once(b.stella, []string{"keys", "generate", "--algorithm", "ecdsa-p256", "--no-passphrase", "-o", "key"})
	return err
}

// bulkSize is how many bundles are verified at once.
const bulkSize = 10_000

// measureAll measures every figure, in their order: some read what an earlier
// one wrote.
func (b *bench) measureAll() (measured, error) {
	info, err := os.Stat(b.stella)
	if err != nil {
		return measured{}, err
	}
	m := measured{binary: info.Size()}
	for _, f := range figures() {
		fmt.Fprintf(os.Stderr, "figures: %s\n", f.name)
		r := result{figure: f}
		if err := b.attempt(&r, f.limit.cpu); err != nil {
			return measured{}, err
		}
		if b.peer != "" && f.cosign != nil {
			if r.peer, err = b.measure(b.peer, f.cosign); err != nil {
				return measured{}, err
			}
		}
		for tried := 0; r.stella.cpu > r.limit.cpu && tried < patience; tried++ {
			if err := b.attempt(&r, f.limit.cpu); err != nil {
				return measured{}, err
			}
		}
		m.figures = append(m.figures, r)
	}
	return m, nil
}

// patience is how often a figure that is over its limit on CPU time is measured
// again: a busy minute passes.
const patience = 4

// attempt measures a figure, and the pace of the machine before and behind it, which makes
// the limit out of the stated one. An attempt behind others counts by itself, with its own
// pace, if it keeps its limit; else the least of all counts, and the limit of the first.
func (b *bench) attempt(r *result, stated time.Duration) error {
	before, err := pace(b.runs)
	if err != nil {
		return err
	}
	found, err := b.measure(b.stella, r.args)
	if err != nil {
		return err
	}
	after, err := pace(b.runs)
	if err != nil {
		return err
	}
	limit := stated
	if slower := max(before, after); slower > 1 {
		fmt.Fprintf(os.Stderr, "figures: this machine is %.2f times as slow as the stated one\n", slower)
		limit = time.Duration(float64(stated) * slower)
	}
	more, err := memoryTime(found.faults)
	if err != nil {
		return err
	}
	limit += more
	first := r.stella == usage{}
	r.stella.rss = max(r.stella.rss, found.rss)
	if first || found.cpu <= limit {
		r.stella.cpu, r.limit.cpu = found.cpu, limit
	} else {
		r.stella.cpu = min(r.stella.cpu, found.cpu)
	}
	return nil
}

// batchSize is how many statements are signed at once.
const batchSize = 20_000

// writeStatements writes n small statements as JSON lines, piece by piece: what
// this program holds itself would count as a command's.
func writeStatements(path string, n int) error {
	f, err := os.Create(path) // #nosec G304 -- in a directory of our own
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for i := range n {
		_, _ = fmt.Fprintf(w, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"artifact-%[1]d.tar.gz","digest":{"sha256":"%064[1]x"}}],`+
			`"predicateType":%[2]q,"predicate":{"version":"1.%[1]d.0","channel":"stable","tests":{"passed":412,"failed":0}}}`+"\n", i, predicateType)
	}
	return errors.Join(w.Flush(), f.Close())
}
