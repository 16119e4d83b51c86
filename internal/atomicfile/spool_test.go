//go:build !windows

package atomicfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

func TestStdoutGetsAllOrNothing(t *testing.T) {
	for name, size := range map[string]int{"empty": 0, "small": 10, "at the limit": 100, "over the limit": 101, "far over": 100_000} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			want := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
			for _, commit := range []bool{true, false} {
				var out bytes.Buffer
				s := Stdout(t.Context(), &out)
				s.limit = 100
				_, err := io.Copy(s, bytes.NewReader(want))
				require.NoError(t, err)
				assert.Empty(t, out.Bytes(), "nothing before Commit")
				assert.Empty(t, contents(t, os.TempDir()), "the temporary file has no name")
				if !commit {
					s.Abort()
					requireFault(t, s.Commit(), fault.Internal)
					assert.Empty(t, out.Bytes())
					continue
				}
				require.NoError(t, s.Commit())
				s.Abort()
				assert.True(t, bytes.Equal(want, out.Bytes()))
			}
		})
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestStdoutThatTakesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"closed pipe": {syscall.EPIPE, "failed to write to standard output: the reader closed the pipe"},
		"full disk":   {&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}, "failed to write to standard output: no space left"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Stdout(t.Context(), broken{test.err})
			_, err := s.Write([]byte("x"))
			require.NoError(t, err)
			err = s.Commit()
			requireFault(t, err, fault.OutputFailed)
			assert.Equal(t, test.want, err.Error())
		})
	}
}

func TestSpoolHonoursInterrupt(t *testing.T) {
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	var out bytes.Buffer
	s := Stdout(ctx, &out)
	_, err := s.Write([]byte("x"))
	require.NoError(t, err)
	cancel(interrupted)
	require.ErrorIs(t, s.Commit(), interrupted)
	assert.Empty(t, out.String())
}

func TestSpoolWithoutRoomForItsTemporaryFile(t *testing.T) {
	t.Setenv("TMPDIR", "/nonexistent/directory")
	s := Stdout(t.Context(), io.Discard)
	s.limit = 1
	_, err := io.Copy(s, strings.NewReader("long"))
	requireFault(t, err, fault.OutputFailed)
	assert.ErrorContains(t, err, `in a temporary file in "/nonexistent/directory": the directory does not exist`)
	assert.Contains(t, fault.HintOf(err), "TMPDIR")
	requireFault(t, s.Commit(), fault.OutputFailed)
}
