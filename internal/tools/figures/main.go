//go:build linux

// Command figures runs whole stella commands and holds their CPU time, memory
// and size to the limits of docs/performance.md. It exits 1 when a figure is
// over its limit.
//
//	go run ./internal/tools/figures [-stella bin/stella] [-runs 5] [-peer .cache/oracles/cosign-v3]
//	go run ./internal/tools/figures -runs 3 -growth docs/growth
//	go run ./internal/tools/figures -runs 3 -case 10000
//	go run ./internal/tools/figures -runs 1 -entries 2000000
//	go run ./internal/tools/figures -kit 1000
//	go run ./internal/tools/figures -kit-files 10000
//
// CPU time is user plus system time of the process, the least of the runs;
// memory is the greatest resident set of any run. Both come from the kernel
// (getrusage), so a busy machine matters little and a timer not at all. MB is
// 1,000,000 bytes.
//
// The limits on CPU time are for a machine of a stated speed. On a slower one, or
// beside busy neighbours, they are multiplied by how much slower it hashes and
// decodes base64, and the table says so on standard error. Where a page of memory takes long
// to find, as in some virtual machines, so much is added as the pages of the process take.
//
// With -peer, the same work is done with cosign where it can do it, for
// comparison; its figures are held to nothing.
//
// With -growth, it measures instead how the cost of verification grows, from one
// bundle to a million and from a kilobyte to a gigabyte, and writes a table and a
// plot into that directory. That takes some minutes and 10 GB of disk.
//
// With -case, it measures instead a snapshot of so many megabytes, with ten entries and an
// attestation for each, and a timeline of a million events, and holds the rate to that of
// SHA-256 and P-256 alone in the same run. That takes so many megabytes of disk.
//
// With -entries, it measures instead a snapshot of so many entries of a few bytes each, out of a
// file and through standard input, and holds its memory to that of any case. That takes 2 GB of
// disk for a million.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	o := options{}
	flag.StringVar(&o.stella, "stella", "bin/stella", "the binary to measure")
	flag.StringVar(&o.peer, "peer", "", "a cosign v3 to measure beside it")
	flag.IntVar(&o.runs, "runs", 5, "runs of each command")
	flag.StringVar(&o.growth, "growth", "", "a directory for the table and the plot of how cost grows")
	flag.Int64Var(&o.snapshot, "case", 0, "measure a snapshot of so many `MB`, instead")
	flag.IntVar(&o.entries, "entries", 0, "measure a snapshot of so many entries, instead")
	flag.Int64Var(&o.kit, "kit", 0, "measure a kit with an image of so many `MB`, instead")
	flag.IntVar(&o.files, "kit-files", 0, "measure kits of small files, up to so many, instead")
	flag.StringVar(&o.tmp, "tmp", "", "the directory to make all files in")
	flag.StringVar(&o.primitive, "primitive", "", "do nothing but sha256, compress or decompress the files that are named")
	flag.Parse()
	var err error
	if o.primitive != "" {
		err = primitive(o.primitive, flag.Args())
	} else {
		err = run(&o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	stella, peer, growth, tmp, primitive string
	runs, files, entries                 int
	kit, snapshot                        int64 // MB
}

// run measures what is asked for, prints the table and fails when a figure is over.
func run(o *options, out io.Writer) (err error) {
	if o.runs < 1 {
		return fmt.Errorf("-runs %d: at least one is needed", o.runs)
	}
	b := &bench{runs: o.runs}
	if b.stella, err = filepath.Abs(o.stella); err != nil {
		return err
	}
	if o.peer != "" {
		if b.peer, err = filepath.Abs(o.peer); err != nil {
			return err
		}
	}
	if b.dir, err = os.MkdirTemp(o.tmp, "stella-figures-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()

	switch {
	case o.growth != "":
		return b.growthTo(o.growth)
	case o.snapshot > 0:
		return b.caseTo(out, largeCase(o.snapshot))
	case o.entries > 0:
		return b.entriesTo(out, o.entries)
	case o.kit > 0:
		return b.kitTo(out, o.kit*megabyte)
	case o.files > 0:
		return b.filesTo(out, o.files)
	}
	return b.limits(out)
}

// limits measures every figure against its limit.
func (b *bench) limits(out io.Writer) error {
	if err := b.prepare(); err != nil {
		return err
	}
	results, err := b.measureAll()
	if err != nil {
		return err
	}
	over, err := report(out, results)
	if err != nil {
		return err
	}
	if over > 0 {
		return fmt.Errorf("%d figures are over their limits", over)
	}
	return nil
}
