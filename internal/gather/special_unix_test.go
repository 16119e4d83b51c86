//go:build unix

package gather_test

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhatIsNoFile would hang on the pipe and run for ever in the loop.
func TestWhatIsNoFile(t *testing.T) {
	tree(t, map[string]string{"d/file": "F", "d/sub/file": "S", "other/file": "O"})
	require.NoError(t, syscall.Mkfifo("d/pipe", 0o600))
	require.NoError(t, os.Symlink("file", "d/link"))
	require.NoError(t, os.Symlink("../other", "d/elsewhere"))
	require.NoError(t, os.Symlink("..", "d/sub/up"))
	require.NoError(t, os.Symlink("loop", "d/loop"))
	socket, err := net.Listen("unix", "d/socket")
	require.NoError(t, err)
	defer socket.Close()
	const link = ": ignored: a symbolic link, which is not followed"
	both(t, []string{
		"d/elsewhere" + link, "d/file = F", "d/link" + link, "d/loop" + link, "d/pipe: ignored: not a regular file",
		"d/socket: ignored: not a regular file", "d/sub/file = S", "d/sub/up" + link,
	}, "", "d")
	// Nor is a link passed over that is called like evidence.
	require.NoError(t, os.Symlink("../d/file", "other/x.sigstore.json"))
	both(t, []string{"other/file = O", "other/x.sigstore.json: input.not_a_file"}, "", "other")
	require.NoError(t, os.Remove("other/x.sigstore.json"))
	// What is named is followed.
	both(t, []string{"d/link (named) = F", "d/elsewhere/file = O"}, "", "d/link", "d/elsewhere")
	got := list(t, inputs(t, nil, "d/loop"), false)
	assert.Len(t, got, 1)
	assert.NotContains(t, got[0], "ignored")
}

func TestNamedPipe(t *testing.T) {
	tree(t, nil)
	require.NoError(t, syscall.Mkfifo("pipe", 0o600))
	for _, again := range []bool{false, true} {
		go func() { _ = os.WriteFile("pipe", []byte("through"), 0o600) }()
		assert.Equal(t, []string{"pipe (named) = through"}, list(t, inputs(t, nil, "pipe"), again))
	}
}

// TestPipeWithoutEnd gives what would fill a disk.
func TestPipeWithoutEnd(t *testing.T) {
	tree(t, nil)
	require.NoError(t, syscall.Mkfifo("pipe", 0o600))
	const enough = 256 << 20
	for what, endless := range map[string]string{"zeros": "\x00", "text": "text ", "binary": "\x1b\x01"} {
		for _, again := range []bool{false, true} {
			written := make(chan int)
			go func() {
				n := 0
				if f, err := os.OpenFile("pipe", os.O_WRONLY, 0); err == nil {
					for chunk := []byte(strings.Repeat(endless, 4096)); err == nil && n < enough; n += len(chunk) {
						_, err = f.Write(chunk)
					}
					f.Close()
				}
				written <- n
			}()
			assert.Equal(t, []string{"pipe (named): input.not_evidence"}, list(t, inputs(t, nil, "pipe"), again), what)
			assert.Less(t, <-written, 4<<20, what)
		}
	}
}

func TestArchivesThroughPipes(t *testing.T) {
	for name, b := range archives(t, [][2]string{{"b.json", `{"b":1}`}, {"a.json", "{}"}}) {
		tree(t, nil)
		require.NoError(t, syscall.Mkfifo("pipe", 0o600))
		for _, again := range []bool{false, true} {
			go func() { _ = os.WriteFile("pipe", b, 0o600) }()
			assert.Equal(t, []string{`pipe!b.json = {"b":1}`, `pipe!a.json = {}`}, list(t, inputs(t, nil, "pipe"), again), name)
		}
	}
	tree(t, nil)
	require.NoError(t, syscall.Mkfifo("pipe", 0o600))
	layout := archives(t, [][2]string{{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`}, {"index.json", `{"schemaVersion":2,"manifests":[]}`}, {"x.sigstore.json", "{}"}})["a.tar"]
	go func() { _ = os.WriteFile("pipe", layout, 0o600) }()
	assert.Equal(t, []string{"pipe!oci-layout: layout.unread", `pipe!index.json = {"schemaVersion":2,"manifests"`, "pipe!x.sigstore.json = {}"}, list(t, inputs(t, nil, "pipe"), false))
}

// TestPatternsTellWhatTheyCannotRead has directories on the way of a pattern that cannot be
// read, or not be entered: what is in them was not looked at.
func TestPatternsTellWhatTheyCannotRead(t *testing.T) {
	tree(t, map[string]string{"d/x/a.json": "A", "d/y/a.json": "B"})
	require.NoError(t, os.Chmod("d/y/a.json", 0o644)) // #nosec G302 -- for whoever runs the test
	t.Cleanup(func() { _ = os.Chmod("d/x", 0o700) })
	for mode, place := range map[os.FileMode]string{0: "d/x/", 0o111: "d/x/", 0o444: "d/x/a.json"} {
		require.NoError(t, os.Chmod("d/x", mode))
		for _, pattern := range []string{"d/**/*.json", "d/*/*.json"} {
			var got []string
			unprivileged(t, func() { got = list(t, inputs(t, nil, pattern), false) })
			assert.Equal(t, []string{place + ": input.unreadable", "d/y/a.json (named) = B"}, got, "%s, %o", pattern, mode)
		}
	}
}

// unprivileged calls do as somebody to whom permissions apply, whoever runs the test.
func unprivileged(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		const nobody = 65534
		require.NoError(t, syscall.Setreuid(-1, nobody))
		defer func() { require.NoError(t, syscall.Setreuid(-1, 0)) }()
	}
	do()
}
