//go:build linux

// Command figures runs whole stella commands and holds their CPU time, memory
// and size to the limits of docs/performance.md. It exits 1 when a figure is
// over its limit.
//
//	go run ./internal/tools/figures [-stella bin/stella] [-runs 5] [-peer .cache/oracles/cosign-v3]
//	go run ./internal/tools/figures -runs 3 -growth docs/growth
//	go run ./internal/tools/figures -runs 3 -case 10000
//
// CPU time is user plus system time of the process, the least of the runs;
// memory is the greatest resident set of any run. Both come from the kernel
// (getrusage), so a busy machine matters little and a timer not at all. MB is
// 1,000,000 bytes.
//
// The limits on CPU time are for a machine of a stated speed. On a slower one, or
// beside busy neighbours, they are multiplied by how much slower it hashes and
// decodes base64, and the table says so on standard error.
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
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	stella := flag.String("stella", "bin/stella", "the binary to measure")
	peer := flag.String("peer", "", "a cosign v3 to measure beside it")
	runs := flag.Int("runs", 5, "runs of each command")
	growth := flag.String("growth", "", "a directory for the table and the plot of how cost grows")
	large := flag.Int64("case", 0, "the size of a snapshot to measure, in MB")
	flag.Parse()
	if err := run(*stella, *peer, *runs, *growth, *large, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

// run measures everything, prints the table and fails when a figure is over.
func run(stella, peer string, runs int, growth string, large int64, out io.Writer) (err error) {
	if runs < 1 {
		return fmt.Errorf("-runs %d: at least one is needed", runs)
	}
	b := &bench{runs: runs}
	if b.stella, err = filepath.Abs(stella); err != nil {
		return err
	}
	if peer != "" {
		if b.peer, err = filepath.Abs(peer); err != nil {
			return err
		}
	}
	if b.dir, err = os.MkdirTemp("", "stella-figures-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()

	if growth != "" {
		return b.growthTo(growth)
	}
	if large > 0 {
		return b.caseTo(out, largeCase(large))
	}
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
