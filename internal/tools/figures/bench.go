//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	keys := []string{"keys", "generate", "--algorithm", "ecdsa-p256", "--no-passphrase", "-o", "key"}
	if _, err := b.once(b.stella, keys); err != nil {
		return err
	}
	if b.peer == "" {
		return nil
	}
	_, err := b.once(b.peer, []string{"generate-key-pair"})
	return err
}

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
		if r.stella, err = b.measure(b.stella, f.args); err != nil {
			return measured{}, err
		}
		if b.peer != "" && f.cosign != nil {
			if r.peer, err = b.measure(b.peer, f.cosign); err != nil {
				return measured{}, err
			}
		}
		m.figures = append(m.figures, r)
	}
	return m, nil
}
