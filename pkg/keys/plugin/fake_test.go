//go:build unix

package plugin_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// TestMain lets the test binary be a plugin: under the name of one it is one.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), protocol.ProgramPrefix) {
		// Not os.Exit: with the race detector each of hundreds would sleep for a second.
		syscall.Exit(fakePlugin(os.Args))
	}
	os.Exit(m.Run())
}

// install puts the fake plugin into dir under a name.
func install(t testing.TB, dir, name string) string {
	t.Helper()
	own, err := os.Executable()
	require.NoError(t, err)
	content, err := os.ReadFile(own)
	require.NoError(t, err)
	path := filepath.Join(dir, protocol.ProgramPrefix+name)
	require.NoError(t, os.WriteFile(path, content, 0o755))
	return path
}

// fakePlugin misbehaves as the resource says, "BEHAVIOUR:PATH": a real service
// cannot be made to do these things. PATH is a private key in PEM.
func fakePlugin(args []string) int {
	request, err := protocol.ParseArgs(args)
	if err != nil {
		return protocol.Serve(args, os.Stdin, os.Stdout, nil)
	}
	behaviour, path, _ := strings.Cut(request.InitOptions.KeyResourceID, ":")
	signing := request.MethodName == protocol.SignMessage
	switch {
	case behaviour == "hang" && signing:
		child := exec.Command("sleep", "600")
		child.Stdout = os.Stdout // holds the pipe
		_ = child.Start()
		_ = os.WriteFile(path+".pid", fmt.Append(nil, child.Process.Pid), 0o600)
		time.Sleep(time.Hour)
	case behaviour == "orphan" && signing:
		child := exec.Command("sleep", "600")
		child.Stdout = os.Stdout
		_ = child.Start()
	case behaviour == "flood" && signing:
		for {
			_, _ = os.Stdout.WriteString(strings.Repeat("flood ", 1000))
		}
	case behaviour == "chatter":
		_, _ = os.Stderr.WriteString("\x1b[31mred\x1b[0m\u202e\xff \"quoted\"\r\n" + strings.Repeat("long", 1000) + "\n" +
			strings.Repeat("line\n", 1000) + "no end")
	case behaviour == "environment":
		fmt.Printf(`{"errorMessage":%q}`, strings.Join(os.Environ(), " "))
		return 1
	case behaviour == "deaf" && signing:
		os.Stdin.Close()
	case behaviour == "status":
		defer os.Exit(1) // after a good answer
	}
	return protocol.Serve(args, os.Stdin, os.Stdout, func(*protocol.InitOptions) (protocol.Key, error) {
		return openFake(behaviour, path)
	})
}

// fakeKey signs with a key file.
type fakeKey struct {
	behaviour, path string
	private         crypto.Signer
}

func openFake(behaviour, path string) (protocol.Key, error) {
	k := &fakeKey{behaviour: behaviour, path: path}
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	k.private, _, err = keys.ParsePrivate(content, nil)
	return k, err
}

func (k *fakeKey) DefaultAlgorithm() string { return string(keys.ECDSAP256) }

func (k *fakeKey) SupportedAlgorithms() []string { return []string{"ECC_NIST_P256", "ed25519"} }

func (k *fakeKey) CreateKey(ctx context.Context, algorithm string) ([]byte, error) {
	private, err := keys.Generate(map[string]keys.Algorithm{"ECC_NIST_P256": keys.ECDSAP256, "ed25519": keys.Ed25519}[algorithm])
	if err != nil {
		return nil, err
	}
	text, err := keys.MarshalPrivate(private, keys.FormatPKCS8, nil)
	if err != nil {
		return nil, err
	}
	k.private = private
	if err := os.WriteFile(k.path, text, 0o600); err != nil {
		return nil, err
	}
	return k.PublicKey(ctx)
}

func (k *fakeKey) PublicKey(context.Context) ([]byte, error) {
	if k.private == nil {
		return nil, fault.New(fault.KeyNotFound, "no such key")
	}
	return keys.MarshalPublic(k.private.Public())
}

func (k *fakeKey) Sign(_ context.Context, message io.Reader, o protocol.MessageOptions) ([]byte, error) {
	if k.behaviour == "deaf" {
		return []byte("a signature of a message that was not read"), nil
	}
	input, err := io.ReadAll(message)
	if err != nil {
		return nil, err
	}
	private := k.private
	switch k.behaviour {
	case "wrong":
		input = append(input, '!')
	case "turn": // with another key, from the second signature on
		if _, err := os.Stat(k.path + ".signed"); err == nil {
			if private, err = keys.Generate(keys.ECDSAP256); err != nil {
				return nil, err
			}
		}
		if err := os.WriteFile(k.path+".signed", nil, 0o600); err != nil {
			return nil, err
		}
	case "empty":
		return nil, nil
	}
	hash := crypto.Hash(*o.HashFunc)
	if hash != 0 {
		h := hash.New()
		h.Write(input)
		input = h.Sum(nil)
	}
	return private.Sign(rand.Reader, input, hash)
}

func (k *fakeKey) Verify(context.Context, io.Reader, []byte, protocol.MessageOptions) error {
	return protocol.ErrUnsupported
}
