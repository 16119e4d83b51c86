//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what one command cost: the least CPU time of its runs, since other
// jobs on the machine only ever add to it, and the greatest resident set.
type usage struct {
	cpu time.Duration
	rss int64 // bytes

	faults int64 // pages used for the first time without reading a disk, in the run with most
}

// maxOwn bounds the resident set of this program, in bytes. The kernel counts
// the parent's memory at the time of the fork as the child's, so a large parent
// would be measured in place of a small child.
const maxOwn = 20 * megabyte

// measure runs a program several times and returns what it cost.
func (b *bench) measure(path string, args []string) (usage, error) {
	var cost usage
	for i := range b.runs {
		one, err := b.once(path, args)
		if err != nil {
			return usage{}, err
		}
		if i == 0 || one.cpu < cost.cpu {
			cost.cpu = one.cpu
		}
		cost.rss, cost.faults = max(cost.rss, one.rss), max(cost.faults, one.faults)
	}
	return cost, nil
}

// once runs a program to its successful end.
func (b *bench) once(path string, args []string) (usage, error) {
	return b.onceReading(nil, path, args)
}

// onceReading is once with something to read at standard input.
func (b *bench) onceReading(stdin io.Reader, path string, args []string) (usage, error) {
	cmd := exec.Command(path, args...) // #nosec G204 -- the binary under measurement
	cmd.Dir = b.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, "COSIGN_PASSWORD="}
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = stdin, &stderr // stdout is discarded
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%s %q: %w: %s", path, args, err, &stderr)
	}
	own, err := ownRSS()
	if err != nil {
		return usage{}, err
	}
	if own > maxOwn {
		return usage{}, fmt.Errorf("this program takes %s itself, which makes the measurement worthless", megabytes(own))
	}
	state := cmd.ProcessState
	cost := usage{cpu: state.UserTime() + state.SystemTime()}
	if kernel, ok := state.SysUsage().(*syscall.Rusage); ok {
		cost.rss, cost.faults = kernel.Maxrss<<10, kernel.Minflt
	}
	return cost, nil
}

// ownRSS is the greatest resident set of this program so far, in bytes. Its
// getrusage would give that of the program that started it.
func ownRSS() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kib, found := strings.CutPrefix(line, "VmHWM:"); found {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("/proc/self/status names no VmHWM")
}
