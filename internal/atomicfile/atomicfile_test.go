//go:build !windows

package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// contents returns the names in dir and what is in them.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Type().IsRegular() {
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if errors.Is(err, fs.ErrNotExist) { // removed since it was listed
				continue
			}
			require.NoError(t, err)
			all[e.Name()] = string(text)
		}
	}
	return all
}

func put(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

func requireFault(t *testing.T, err error, reason fault.Reason) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, reason, fault.ReasonOf(err), "%v", err)
}

func TestNothingIsThereBeforeCommit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	out, err := Create(t.Context(), path, Options{})
	require.NoError(t, err)
	_, err = out.Write([]byte("content"))
	require.NoError(t, err)
	assert.NoFileExists(t, path)
	for name := range contents(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), "while it is written nobody else can read it")
	}
	require.NoError(t, out.Commit())
	out.Abort()
	assert.Equal(t, map[string]string{"out": "content"}, contents(t, dir))
}

func TestModeAndUmask(t *testing.T) {
	for name, test := range map[string]struct{ mode, umask, want fs.FileMode }{
		"default":      {0, 0o022, 0o644},
		"strict umask": {0, 0o077, 0o600},
		"secret":       {0o600, 0, 0o600},
		"executable":   {0o755, 0o022, 0o755},
	} {
		t.Run(name, func(t *testing.T) {
			old := syscall.Umask(int(test.umask))
			defer syscall.Umask(old)
			path := filepath.Join(t.TempDir(), "out")
			require.NoError(t, WriteFile(t.Context(), path, nil, Options{Mode: test.mode}))
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, test.want, info.Mode().Perm())
		})
	}
}

func TestExistingOutput(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	put(t, path, "old")
	err := WriteFile(t.Context(), path, []byte("new"), Options{})
	requireFault(t, err, fault.OutputExists)
	assert.Contains(t, fault.HintOf(err), "--force")
	assert.Equal(t, map[string]string{"out": "old"}, contents(t, dir))

	require.NoError(t, WriteFile(t.Context(), path, []byte("new"), Options{Force: true}))
	assert.Equal(t, map[string]string{"out": "new"}, contents(t, dir))
}

func TestOutputThatAppearsMeanwhileSurvives(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	out, err := Create(t.Context(), path, Options{})
	require.NoError(t, err)
	_, err = out.Write([]byte("ours"))
	require.NoError(t, err)
	put(t, path, "theirs")
	requireFault(t, out.Commit(), fault.OutputExists)
	assert.Equal(t, map[string]string{"out": "theirs"}, contents(t, dir))
}

func TestWithoutHardLinksTheNameIsReserved(t *testing.T) {
	dir := t.TempDir()
	temp, path := filepath.Join(dir, "temp"), filepath.Join(dir, "out")
	put(t, temp, "ours")
	require.NoError(t, reserveAndRename(OS(), temp, path))
	assert.Equal(t, map[string]string{"out": "ours"}, contents(t, dir))

	put(t, temp, "second")
	require.ErrorIs(t, reserveAndRename(OS(), temp, path), fs.ErrExist)
	assert.Equal(t, "ours", contents(t, dir)["out"])

	require.Error(t, reserveAndRename(OS(), filepath.Join(dir, "absent"), filepath.Join(dir, "other")))
	assert.NoFileExists(t, filepath.Join(dir, "other"), "the reservation is taken back")
}

func TestSymbolicLinkIsReplacedAndNotFollowed(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	put(t, target, "precious")
	require.NoError(t, os.Symlink(target, link))
	requireFault(t, WriteFile(t.Context(), link, []byte("new"), Options{}), fault.OutputExists)

	require.NoError(t, WriteFile(t.Context(), link, []byte("new"), Options{Force: true}))
	assert.Equal(t, map[string]string{"target": "precious", "link": "new"}, contents(t, dir))
}

func TestDanglingLinkIsAnExistingOutput(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink("nowhere", link))
	requireFault(t, WriteFile(t.Context(), link, nil, Options{}), fault.OutputExists)
}

func TestInputIsNeverReplaced(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	put(t, in, "input")
	require.NoError(t, os.Link(in, filepath.Join(dir, "hard")))
	require.NoError(t, os.Symlink(in, filepath.Join(dir, "soft")))
	for _, name := range []string{"in", "./in", "hard", "soft"} {
		err := WriteFile(t.Context(), dir+"/"+name, []byte("x"), Options{Force: true, Inputs: []string{"absent", in}})
		requireFault(t, err, fault.UsageInvalid)
		assert.ErrorContains(t, err, "is the input")
	}
	assert.Equal(t, "input", contents(t, dir)["in"])
}

func TestNothingThatIsReadIsReplaced(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "d", "deep"), 0o755))
	in := filepath.Join(dir, "d", "deep", "in")
	put(t, in, "input")
	put(t, filepath.Join(dir, "other"), "other")
	require.NoError(t, os.Link(in, filepath.Join(dir, "hard")))
	require.NoError(t, os.Symlink(in, filepath.Join(dir, "soft")))
	require.NoError(t, os.Symlink("d", filepath.Join(dir, "link")))
	put(t, filepath.Join(dir, "far"), "far")
	require.NoError(t, os.Symlink("../far", filepath.Join(dir, "d", "near")))
	for _, below := range []string{"d", "link", "d/deep/in", "soft"} {
		opts := Options{Force: true, Below: []string{"absent", filepath.Join(dir, below)}}
		for _, name := range []string{"d/deep/in", "hard", "soft", "link/deep/in"} {
			err := Check(filepath.Join(dir, name), opts)
			requireFault(t, err, fault.UsageInvalid)
			assert.ErrorContains(t, err, "is the input")
		}
		require.NoError(t, Check(filepath.Join(dir, "other"), opts))
		require.NoError(t, Check(filepath.Join(dir, "d", "new"), opts))
	}
	requireFault(t, Check(filepath.Join(dir, "far"), Options{Force: true, Below: []string{filepath.Join(dir, "d")}}), fault.UsageInvalid)
	requireFault(t, Check(in, Options{Below: []string{dir}}), fault.OutputExists)
}

func TestOutputsThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "file"), "")
	for name, test := range map[string]struct {
		path   string
		reason fault.Reason
		text   string
	}{
		"directory":            {dir, fault.OutputExists, "is a directory"},
		"no directory":         {filepath.Join(dir, "absent", "out"), fault.OutputFailed, "the directory does not exist"},
		"file as directory":    {filepath.Join(dir, "file", "out"), fault.OutputFailed, "not a directory"},
		"name too long":        {filepath.Join(dir, strings.Repeat("n", 300)), fault.OutputFailed, "name too long"},
		"no permission device": {"/proc/self/mem/x", fault.OutputFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := WriteFile(t.Context(), test.path, []byte("x"), Options{Force: true})
			requireFault(t, err, test.reason)
			assert.ErrorContains(t, err, test.text)
			assert.NotContains(t, err.Error(), ".tmp", "the temporary name means nothing to the user")
		})
	}
	assert.Equal(t, map[string]string{"file": ""}, contents(t, dir))
}

func TestLongestNameFits(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	require.NoError(t, WriteFile(t.Context(), path, []byte("x"), Options{}))
}

func TestInterruptAborts(t *testing.T) {
	dir := t.TempDir()
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	out, err := Create(ctx, filepath.Join(dir, "out"), Options{})
	require.NoError(t, err)
	_, err = out.Write([]byte("half"))
	require.NoError(t, err)
	cancel(interrupted)
	require.Eventually(t, func() bool { return len(contents(t, dir)) == 0 }, time.Second, time.Millisecond,
		"the file goes although nobody calls Abort")
	_, err = out.Write([]byte("more"))
	require.ErrorIs(t, err, interrupted)
	require.ErrorIs(t, out.Commit(), interrupted)
	assert.Empty(t, contents(t, dir))
}

func TestAbortTwiceAndLate(t *testing.T) {
	dir := t.TempDir()
	out, err := Create(t.Context(), filepath.Join(dir, "out"), Options{})
	require.NoError(t, err)
	out.Abort()
	out.Abort()
	requireFault(t, out.Commit(), fault.Internal)
	assert.Empty(t, contents(t, dir))
}

func TestDevices(t *testing.T) {
	require.NoError(t, WriteFile(t.Context(), "/dev/null", []byte("x"), Options{}))
	info, err := os.Stat("/dev/null")
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&fs.ModeCharDevice, "a device stays a device")

	err = WriteFile(t.Context(), "/dev/full", []byte("x"), Options{})
	requireFault(t, err, fault.OutputFailed)
	assert.ErrorContains(t, err, "no space left")
}

func TestDescriptorIsWrittenThrough(t *testing.T) {
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip("no /dev/fd here")
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	require.NoError(t, WriteFile(t.Context(), fmt.Sprintf("/dev/fd/%d", file.Fd()), []byte("x"), Options{Force: true}))
	text, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	assert.Equal(t, "x", string(text))
}

// An interrupt may come before the output is there: Abort then runs while
// Create has not returned.
func TestCreateAfterTheEnd(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 200 {
		out, err := Create(ctx, filepath.Join(dir, "x"), Options{})
		require.NoError(t, err)
		require.ErrorIs(t, out.Commit(), context.Canceled)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
