package endtoend

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// shared is what all tests use: a folder that every user of the machine may
// read, with the program and a few key pairs. TestMain sets it once.
var shared string

// TestMain builds the program as it is released, without cgo.
func TestMain(m *testing.M) {
	if file := os.Getenv(weighVariable); file != "" {
		os.Exit(weigh(file))
	}
	os.Exit(testMain(m))
}

// weighVariable makes this test binary weigh the command in its arguments
// instead of testing.
const weighVariable = "STELLA_ENDTOEND_WEIGH"

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "stella-endtoend-*")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	shared = dir
	if err := prepare(dir); err != nil {
		return complain(err)
	}
	return m.Run()
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "endtoend:", err)
	return 1
}

// keyPairs are the keys that every world has, by the algorithm of each.
func keyPairs() map[string]string {
	return map[string]string{
		"p256.key": "ecdsa-p256", "other.key": "ecdsa-p256", "p384.key": "ecdsa-p384",
		"ed25519.key": "ed25519", "mldsa.key": "ml-dsa-65",
	}
}

func prepare(dir string) error {
	// The program also runs as a user who does not own the folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-o", program(), "github.com/stellaops/stella/cmd/stella")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	for name, algorithm := range keyPairs() {
		cmd := exec.Command(program(), "keys", "generate", "--no-passphrase", "--algorithm", algorithm, "-o", filepath.Join(dir, name))
		cmd.Env = []string{"HOME=" + dir}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, out)
		}
	}
	return nil
}

// program is the path of the built program.
func program() string {
	name := "stella"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(shared, name)
}
