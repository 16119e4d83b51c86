//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// caseSize is how large the case is that a snapshot is made of.
type caseSize struct {
	bytes                         int64
	entries, attestations, events int
}

// The small case of the table, a fiftieth of the one that the limits name.
func smallCase() caseSize {
	return caseSize{bytes: 200 * megabyte, entries: 2000, attestations: 200, events: 100_000}
}

// largeCase is the case of size megabytes: as many entries and attestations for each as the limits
// name, 100,000 and 10,000 for 10 GB, and a million events.
func largeCase(megabytes int64) caseSize {
	return caseSize{megabytes * megabyte, int(megabytes * 10), int(megabytes), 1_000_000}
}

const (
	// caseShare is the rate of verification, by the clock, as a share of that of SHA-256, over the
	// same file, and P-256 alone on all cores.
	caseShare = 0.7
	// caseMemory bounds its resident set, in bytes.
	caseMemory = 150 * megabyte
	// caseEvents bounds the time of verifying a million events.
	caseEvents = 4 * time.Second
)

// writeCase makes snapshot.tar of a case, and events.ndjson.
func (b *bench) writeCase(c caseSize) error {
	const dir = "case"
	if err := writeHoles(filepath.Join(b.dir, dir, "files"), c.entries, c.bytes/int64(max(1, c.entries))); err != nil {
		return err
	}
	if err := b.writeBundles(filepath.Join(dir, "att"), c.attestations); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(b.dir, dir, "att.jsonl")); err != nil {
		return err
	}
	_, err := b.once(b.stella, []string{"forensic", "snapshot", "create", dir, "--case", "CASE-7", "--key", "key", "--audit-log", "none", "-o", "snapshot.tar"})
	if err := errors.Join(err, os.RemoveAll(filepath.Join(b.dir, dir))); err != nil {
		return err
	}
	return b.writeEvents(c.events)
}

// writeEvents makes a timeline of n events.
func (b *bench) writeEvents(n int) error {
	f, err := os.Create(filepath.Join(b.dir, "new.ndjson")) // #nosec G304 -- in a directory of our own
	if err != nil {
		return err
	}
	for i := range n {
		if _, err := fmt.Fprintf(f, `{"category":"scanner","kind":"scan.completed","details":{"image":"registry.example/app@sha256:%064x","findings":%d}}`+"\n", i, i%100); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	_, err = b.once(b.stella, []string{"forensic", "timeline", "add", "events.ndjson", "--events", "new.ndjson"})
	return errors.Join(err, os.Remove(f.Name()))
}

// writeHoles writes n different files of size bytes that no program takes for anything. They take
// next to no disk.
func writeHoles(dir string, n int, size int64) error {
	for i := range n {
		below := filepath.Join(dir, fmt.Sprint(i%1000))
		if i < 1000 {
			if err := os.MkdirAll(below, 0o700); err != nil {
				return err
			}
		}
		name := filepath.Join(below, fmt.Sprint(i))
		if err := errors.Join(os.WriteFile(name, fmt.Appendf(nil, "\x80%d", i), 0o600), os.Truncate(name, size)); err != nil {
			return err
		}
	}
	return nil
}

// The work on a case.
func judgingCase() []string {
	return []string{"forensic", "verify", "snapshot.tar", "--key", "key.pub"}
}

func judgingEvents() []string { return []string{"forensic", "timeline", "verify", "events.ndjson"} }

// caseRun is what was measured of a large case.
type caseRun struct {
	size             caseSize
	hash, signatures pacer         // of what is in the snapshot, and of one signature over and over
	memory           pacer         // SHA-256 of what is in a core's cache
	snapshot, events time.Duration // by the clock, the least
	cost, eventsCost usage
}

// alone is what the primitives alone take for the case, by the clock and of processor time.
func (r *caseRun) alone() (clock, cpu time.Duration) {
	b, n := float64(r.size.bytes), float64(r.size.attestations)
	clock = time.Duration((b/r.hash.clock + n/r.signatures.clock) * float64(time.Second))
	cpu = time.Duration((b/r.hash.cpu + n/r.signatures.cpu) * float64(time.Second))
	return clock, cpu
}

// shares are the rates of verification as shares of those of the primitives. That by the clock is
// judged; on a busy machine it says nothing, and that by processor time says how much of the
// difference is work.
func (r *caseRun) shares() (clock, cpu float64) {
	aloneClock, aloneCPU := r.alone()
	return aloneClock.Seconds() / r.snapshot.Seconds(), aloneCPU.Seconds() / r.cost.cpu.Seconds()
}

// caseTo measures a large case and prints it. One that is judged too slowly, or with too
// much memory, is an error.
func (b *bench) caseTo(out io.Writer, c caseSize) error {
	if err := b.makeKey(); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "figures: making a snapshot of %s\n", megabytes(c.bytes))
	if err := b.writeCase(c); err != nil {
		return err
	}
	r := caseRun{size: c}
	for range b.runs {
		memory, signatures, err := primitives()
		if err != nil {
			return err
		}
		hash, err := hashOf(filepath.Join(b.dir, "snapshot.tar"))
		if err != nil {
			return err
		}
		r.hash, r.memory, r.signatures = r.hash.better(hash), r.memory.better(memory), r.signatures.better(signatures)
		for _, work := range []struct {
			args []string
			took *time.Duration
			cost *usage
		}{{judgingCase(), &r.snapshot, &r.cost}, {judgingEvents(), &r.events, &r.eventsCost}} {
			start := time.Now()
			cost, err := b.once(b.stella, work.args)
			if err != nil {
				return err
			}
			if took := time.Since(start); *work.took == 0 || took < *work.took {
				*work.took = took
			}
			if work.cost.cpu == 0 || cost.cpu < work.cost.cpu {
				work.cost.cpu = cost.cpu
			}
			work.cost.rss = max(work.cost.rss, cost.rss)
		}
	}
	return r.report(out)
}

// report prints what was measured and judges it.
func (r *caseRun) report(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	aloneClock, aloneCPU := r.alone()
	clock, cpu := r.shares()
	fmt.Fprintln(w, "work\ttime\tCPU\tmemory\tof the primitives' rate, by time\tby CPU")
	fmt.Fprintf(w, "SHA-256 of the snapshot at %.0f MB/s (of a cache %.0f) and P-256 at %.0f/s on %d cores\t%s\t%s\t\t\t\n",
		r.hash.clock/megabyte, r.memory.clock/megabyte, r.signatures.clock, runtime.NumCPU(), seconds(aloneClock), seconds(aloneCPU))
	fmt.Fprintf(w, "forensic verify, %s, %d entries, %d attestations\t%s\t%s\t%s\t%.0f %%\t%.0f %%\n",
		megabytes(r.size.bytes), r.size.entries, r.size.attestations, seconds(r.snapshot), seconds(r.cost.cpu), megabytes(r.cost.rss), 100*clock, 100*cpu)
	fmt.Fprintf(w, "forensic timeline verify, %d events\t%s\t%s\t%s\t\t\n", r.size.events, seconds(r.events), seconds(r.eventsCost.cpu), megabytes(r.eventsCost.rss))
	if err := w.Flush(); err != nil {
		return err
	}
	var over []string
	for words, is := range map[string]bool{
		"forensic verify is too slow": clock < caseShare, "forensic verify takes too much memory": r.cost.rss > caseMemory,
		"forensic timeline verify is too slow": min(r.events, r.eventsCost.cpu) > caseEvents,
	} {
		if is {
			over = append(over, words)
		}
	}
	if len(over) > 0 {
		return errors.New(strings.Join(over, ", "))
	}
	return nil
}
