//go:build libfido2 && cgo && linux

package libfido2_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// goSpan is how far around one of its addresses Go's heap and stacks may lie:
	// all are in one piece of the address space, and C's are a terabyte away.
	goSpan = 256 << 30
	// maxRegion is larger than any region of C, and smaller than the race detector's.
	maxRegion = 1 << 30
	chunk     = 1 << 20
)

// region is a piece of this process's memory that can be written.
type region struct{ from, to uint64 }

// regionsOfC are all but those of Go.
func regionsOfC(t *testing.T) []region {
	t.Helper()
	maps, err := os.Open("/proc/self/maps")
	require.NoError(t, err)
	defer maps.Close()
	heap := uint64(uintptr(unsafe.Pointer(maps))) // where Go's things are, in this run
	var out []region
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var r region
		var mode string
		_, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &r.from, &r.to, &mode)
		require.NoError(t, err)
		if strings.HasPrefix(mode, "rw") && (r.to+goSpan <= heap || r.from >= heap+goSpan) && r.to-r.from < maxRegion {
			out = append(out, r)
		}
	}
	return out
}

// memoryOfCHolds returns the first of the secrets that stands anywhere in the memory
// that is not Go's, in what malloc gave or in the stacks of C, and nil for none.
func memoryOfCHolds(t *testing.T, secrets ...[]byte) []byte {
	t.Helper()
	mem, err := os.Open("/proc/self/mem")
	require.NoError(t, err)
	defer mem.Close()
	const overlap = 256 // longer than any secret
	b := make([]byte, chunk+overlap)
	for _, r := range regionsOfC(t) {
		for _, run := range touched(t, r) {
			for at := run.from; at < run.to; at += chunk {
				n, _ := mem.ReadAt(b[:min(uint64(len(b)), run.to-at)], int64(at)) // what cannot be read, such as a device, holds nothing
				for _, secret := range secrets {
					if bytes.Contains(b[:n], secret) {
						return secret
					}
				}
			}
		}
	}
	return nil
}

// touched are the parts of a region that were ever used: the others are reserved
// address space, and there is much of that.
func touched(t *testing.T, r region) []region {
	t.Helper()
	pagemap, err := os.Open("/proc/self/pagemap")
	require.NoError(t, err)
	defer pagemap.Close()
	page := uint64(os.Getpagesize())
	entries := make([]byte, 8*(r.to-r.from)/page)
	_, err = pagemap.ReadAt(entries, int64(8*r.from/page))
	require.NoError(t, err)
	var out []region
	for i := range uint64(len(entries) / 8) {
		const presentOrSwapped = 3 << 62
		if binary.NativeEndian.Uint64(entries[8*i:])&presentOrSwapped == 0 {
			continue
		}
		from := r.from + i*page
		if last := len(out) - 1; last >= 0 && out[last].to == from {
			out[last].to += page
			continue
		}
		out = append(out, region{from, from + page})
	}
	return out
}

// TestMemoryOfCIsSearched: what the search is for, it finds.
func TestMemoryOfCIsSearched(t *testing.T) {
	secret := []byte(rand.Text())
	require.Empty(t, memoryOfCHolds(t, secret), "Go's own copies do not count")
	foreign, err := syscall.Mmap(-1, 0, 3*os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	defer func() { assert.NoError(t, syscall.Munmap(foreign)) }()
	copy(foreign[2*os.Getpagesize()-5:], secret)
	require.NotEmpty(t, memoryOfCHolds(t, secret))
	clear(foreign)
	require.Empty(t, memoryOfCHolds(t, secret))
}
