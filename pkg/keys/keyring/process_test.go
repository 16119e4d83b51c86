package keyring_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

const (
	ringVariable = "STELLA_TEST_RING"
	nameVariable = "STELLA_TEST_NAME"
	perProcess   = 20
)

// TestMain makes the test binary a process that adds keys to a keyring.
func TestMain(m *testing.M) {
	if dir := os.Getenv(ringVariable); dir != "" {
		if err := addKeys(dir, os.Getenv(nameVariable)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func addKeys(dir, name string) error {
	ring := keyring.New(dir, keyring.Options{})
	for i := range perProcess {
		key, err := keys.Generate(keys.Ed25519)
		if err != nil {
			return err
		}
		e := keyring.Entry{
			Key:   keys.TrustedKey{Name: fmt.Sprintf("%s-%d", name, i), Public: key.Public()},
			State: keyring.VerifyOnly,
		}
		if err := ring.Update(context.Background(), func(c *keyring.Contents) error { return c.Add(e) }); err != nil {
			return err
		}
	}
	return nil
}

// Processes that change one keyring at a time lose nothing.
func TestProcesses(t *testing.T) {
	dir := t.TempDir()
	const processes = 4
	var running []*exec.Cmd
	var outputs [processes]strings.Builder
	for i := range processes {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), ringVariable+"="+dir, fmt.Sprintf("%s=process-%d", nameVariable, i))
		cmd.Stdout = &outputs[i]
		require.NoError(t, cmd.Start())
		running = append(running, cmd)
	}
	for i, cmd := range running {
		require.NoError(t, cmd.Wait(), outputs[i].String())
	}
	assert.Len(t, read(t, keyring.New(dir, keyring.Options{})).Entries, processes*perProcess)
}
