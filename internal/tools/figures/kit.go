//go:build linux

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	// kitShare is the rate at which a kit must be built and verified, as a share of that
	// of the slower of SHA-256 and zstd alone.
	kitShare = 0.7
	// kitMemory bounds the resident set of all work on kits, in bytes.
	kitMemory = 100 * megabyte
)

// kitImage is the name of the layout that a large kit holds.
const kitImage = "layout"

// publish makes the trust that judges kits, and the auditor's pin of it.
func (b *bench) publish() error {
	for _, args := range [][]string{
		{"trust", "publish", "init", "acme", "--root-key", "key.pub", "--key", "key.pub"},
		{"trust", "publish", "add-key", "acme", "key.pub", "--type", "stella.ops/offlineKit@v1"},
		{"trust", "publish", "sign", "acme", "--key", "key"},
		{"trust", "publish", "export", "acme", "-o", "medium"},
	} {
		if _, err := b.once(b.stella, args); err != nil {
			return err
		}
	}
	root := filepath.Join("medium", "metadata", "1.root.json")
	text, err := os.ReadFile(filepath.Join(b.dir, root)) // #nosec G304 -- in a directory of our own
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	_, err = b.once(b.stella, []string{"trust", "init", "--root", root, "--root-sha256", hex.EncodeToString(sum[:])})
	return err
}

// The work on kits.
func building(kit, version string, inputs ...string) []string {
	return append([]string{
		"offline-kit", "build", "--name", "acme", "--channel", "stable", "--kit-version", version,
		"--key", "key", "--trust", "medium", "--force", "-o", kit,
	}, inputs...)
}

func checking(kit string) []string { return []string{"offline-kit", "verify", kit, "--key", "key.pub"} }

// importing unpacks a kit also if it is active already.
func importing(kit string) []string {
	return []string{"offline-kit", "import", kit, "--force-activate", "--force-reason", "measured"}
}

// timed is what one command cost, and how long it took.
type timed struct {
	name  string
	bytes int64 // of content that it went through
	took  time.Duration
	usage
}

// rate is in bytes a second.
func (t *timed) rate() float64 { return float64(t.bytes) / t.took.Seconds() }

// time runs a program once.
func (b *bench) time(name string, bytes int64, path string, args ...string) (timed, error) {
	fmt.Fprintf(os.Stderr, "figures: %s\n", name)
	start := time.Now()
	cost, err := b.once(path, args)
	return timed{name, bytes, time.Since(start), cost}, err
}

// kitRun is what was measured of one kit.
type kitRun struct {
	hash, compress, decompress  timed // the primitives
	build, verify, take, status timed
	packed, added               int64 // bytes of the archive, and on the auditor's disk
}

// largeKit builds, verifies and imports a kit with an image of size bytes.
func (b *bench) largeKit(size int64) (r kitRun, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	fmt.Fprintf(os.Stderr, "figures: writing %s\n", megabytes(size))
	if err := writeLayout(filepath.Join(b.dir, kitImage), size); err != nil {
		return r, err
	}
	blobs, err := filepath.Glob(filepath.Join(b.dir, kitImage, "blobs", "sha256", "*"))
	if err != nil {
		return r, err
	}
	const kit = "kit.tar.zst"
	for _, step := range []struct {
		to   *timed
		name string
		path string
		args []string
	}{
		{&r.hash, "SHA-256 alone", self, append([]string{"-primitive", "sha256"}, blobs...)},
		{&r.compress, "zstd alone, compressing", self, append([]string{"-primitive", "compress"}, blobs...)},
		{&r.build, "build", b.stella, building(kit, "1", "--image", kitImage)},
		{&r.decompress, "zstd alone, decompressing", self, []string{"-primitive", "decompress", kit}},
		{&r.verify, "verify", b.stella, checking(kit)},
		{&r.take, "import", b.stella, importing(kit)},
		{&r.status, "status", b.stella, []string{"offline-kit", "status"}},
	} {
		if *step.to, err = b.time(step.name, size, step.path, step.args...); err != nil {
			return r, err
		}
	}
	if r.packed, err = bytesBelow(filepath.Join(b.dir, kit)); err != nil {
		return r, err
	}
	r.added, err = bytesBelow(filepath.Join(b.dir, ".local", "share", "stella", "kits"))
	return r, err
}

// bytesBelow is how much the files at a path hold.
func bytesBelow(path string) (int64, error) {
	var n int64
	err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}

// kitTo measures a large kit and prints it. A kit that is built or verified too slowly,
// or with too much memory, is an error.
func (b *bench) kitTo(out io.Writer, size int64) error {
	if err := b.makeKey(); err != nil {
		return err
	}
	if err := b.publish(); err != nil {
		return err
	}
	r, err := b.largeKit(size)
	if err != nil {
		return err
	}
	return r.report(out)
}

// report prints what was measured and judges it.
func (r *kitRun) report(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "work\ttime\tCPU\trate\tmemory\tof the slower primitive")
	var over []string
	for _, row := range []struct {
		*timed
		of []*timed
	}{
		{&r.hash, nil}, {&r.compress, nil}, {&r.decompress, nil},
		{&r.build, []*timed{&r.hash, &r.compress}}, {&r.verify, []*timed{&r.hash, &r.decompress}},
		{&r.take, []*timed{&r.hash, &r.decompress}}, {&r.status, nil},
	} {
		share := "-"
		if row.of != nil {
			s := row.rate() / min(row.of[0].rate(), row.of[1].rate())
			share = fmt.Sprintf("%.0f %%", 100*s)
			if s < kitShare && row.timed != &r.take {
				over = append(over, row.name+" is too slow")
			}
			if row.rss > kitMemory {
				over = append(over, row.name+" takes too much memory")
			}
		}
		rate := "-"
		if row.timed != &r.status {
			rate = fmt.Sprintf("%.0f MB/s", row.rate()/megabyte)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", row.name, seconds(row.took), seconds(row.cpu), rate, megabytes(row.rss), share)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "kit %s packed, %s on the auditor's disk, of %s\n", megabytes(r.packed), megabytes(r.added), megabytes(r.build.bytes))
	if len(over) > 0 {
		return errors.New(strings.Join(over, ", "))
	}
	return nil
}

// filesTo measures kits of small files, by tens up to n, and prints them.
func (b *bench) filesTo(out io.Writer, n int) error {
	if err := b.makeKey(); err != nil {
		return err
	}
	if err := b.publish(); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "files\twork\ttime\tCPU\ta file\tmemory")
	for files, version := 1000, 1; files <= n; files, version = files*10, version+1 {
		dir := fmt.Sprintf("files-%d", files)
		if err := writeFiles(filepath.Join(b.dir, dir), files); err != nil {
			return err
		}
		kit := dir + ".tar.zst"
		for _, step := range []struct {
			name string
			args []string
		}{{"build", building(kit, fmt.Sprint(version), "--document", dir)}, {"verify", checking(kit)}, {"import", importing(kit)}} {
			t, err := b.time(fmt.Sprintf("%s %d files", step.name, files), 0, b.stella, step.args...)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%.0f µs\t%s\n", files, step.name, seconds(t.took), seconds(t.cpu),
				float64(t.cpu.Microseconds())/float64(files), megabytes(t.rss))
		}
	}
	return w.Flush()
}
