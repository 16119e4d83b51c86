package filelock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/filelock"
)

const holdVariable = "STELLA_TEST_HOLD"

// TestMain makes the test binary a process that takes a lock, says so and
// keeps it until its standard input ends.
func TestMain(m *testing.M) {
	if path := os.Getenv(holdVariable); path != "" {
		if _, err := filelock.Acquire(context.Background(), path, time.Minute); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("locked")
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func hold(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdVariable+"="+path)
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "locked\n", line)
	return cmd
}

func TestAnotherProcessIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	holder := hold(t, path)
	_, err := filelock.Acquire(t.Context(), path, 30*time.Millisecond)
	require.ErrorIs(t, err, filelock.ErrBusy)

	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(stopped) })
	_, err = filelock.Acquire(ctx, path, time.Minute)
	require.ErrorIs(t, err, stopped)

	require.NoError(t, holder.Process.Kill(), "a lock goes with its process")
	lock, err := filelock.Acquire(t.Context(), path, time.Minute)
	require.NoError(t, err)
	require.NoError(t, lock.Release())
	_ = holder.Wait()
}

func TestOneProcessExcludesItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	inside, most := 0, 0
	var counting sync.Mutex
	count := func(by int) {
		counting.Lock()
		defer counting.Unlock()
		inside += by
		most = max(most, inside)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			lock, err := filelock.Acquire(t.Context(), path, time.Minute)
			if !assert.NoError(t, err) {
				return
			}
			count(1)
			time.Sleep(time.Millisecond)
			count(-1)
			assert.NoError(t, lock.Release())
		})
	}
	wg.Wait()
	assert.Equal(t, 1, most)
}

func TestNoLockWithoutItsFile(t *testing.T) {
	_, err := filelock.Acquire(t.Context(), filepath.Join(t.TempDir(), "absent", "lock"), 0)
	require.ErrorIs(t, err, os.ErrNotExist)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = filelock.Acquire(ctx, filepath.Join(t.TempDir(), "lock"), time.Minute)
	require.ErrorIs(t, err, context.Canceled)
}
