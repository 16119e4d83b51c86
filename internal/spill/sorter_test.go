package spill_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/spill"
)

func collect(t *testing.T, s *spill.Sorter) []string {
	t.Helper()
	var out []string
	for record, err := range s.Sorted() {
		require.NoError(t, err)
		out = append(out, string(record))
	}
	return out
}

// TestSorted compares with sorting in memory, over sizes with no, one and many
// runs, and more runs than are merged at once; also of records that begin alike.
func TestSorted(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, n := range []int{0, 1, 10, 1000, 30_000} {
		for _, alike := range []string{"", "artifact-\x00"} {
			sorted(t, n, alike)
		}
	}
}

func sorted(t *testing.T, n int, alike string) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(n)))
	s := spill.NewSorter("test", 4<<10)
	want := []string{}
	for range n {
		record := append([]byte(alike), make([]byte, random.IntN(20))...)
		for i := len(alike); i < len(record); i++ {
			record[i] = byte(random.IntN(4))
		}
		require.NoError(t, s.Add(record))
		want = append(want, string(record))
	}
	slices.Sort(want)
	assert.Equal(t, n >= 1000, s.Spilled())
	for range 2 {
		got := collect(t, s)
		if !slices.Equal(want, got) {
			t.Errorf("%d records are not sorted", n)
		}
	}
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left, "the file has no name")
	require.NoError(t, s.Close())
}

func TestStopsEarly(t *testing.T) {
	s := spill.NewSorter("test", 1<<10)
	defer s.Close()
	for i := range 1000 {
		require.NoError(t, s.Add([]byte{byte(i >> 8), byte(i)}))
	}
	n := 0
	for record, err := range s.Sorted() {
		require.NoError(t, err)
		assert.Equal(t, []byte{0, byte(n)}, record)
		if n++; n == 100 {
			break
		}
	}
	assert.Equal(t, 100, n)
}

func TestNoRoomForTheFile(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	s := spill.NewSorter("test", 100)
	var err error
	for range 100 {
		if err = s.Add(bytes.Repeat([]byte("x"), 30)); err != nil {
			break
		}
	}
	assert.Equal(t, fault.InputUnreadable, fault.ReasonOf(err))
	assert.ErrorContains(t, err, "failed to keep test in a temporary file")
	assert.Contains(t, fault.HintOf(err), "TMPDIR")
}

func BenchmarkSorter(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	s := spill.NewSorter("test", 1<<20)
	defer s.Close()
	record := make([]byte, 80)
	for b.Loop() {
		for i := 0; i < 32; i += 8 {
			v := random.Uint64()
			for k := range 8 {
				record[i+k] = byte(v >> (8 * k))
			}
		}
		if err := s.Add(record); err != nil {
			b.Fatal(err)
		}
	}
	for _, err := range s.Sorted() {
		if err != nil {
			b.Fatal(err)
		}
	}
}
