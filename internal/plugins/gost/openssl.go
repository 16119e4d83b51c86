package gost

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/gost"
)

// passphraseVariable holds the passphrase of an encrypted key. It never stands
// on a command line.
const passphraseVariable = "GOST_PASSPHRASE"

// passphrase is where openssl takes it from. Without one it takes the empty
// passphrase and does not ask on the terminal.
func passphrase() string {
	if os.Getenv(passphraseVariable) == "" {
		return "pass:"
	}
	return "env:" + passphraseVariable
}

// digest returns the option of the Streebog variant that goes with a key.
func digest(k *gost.PublicKey) string {
	if k.SigningScheme().Name == gost.Name512 {
		return "-md_gost12_512"
	}
	return "-md_gost12_256"
}

// maxOutput bounds what openssl prints, in bytes: a key or a signature.
const maxOutput = 64 << 10

// openssl runs one of openssl's commands with the engine and returns its output.
func openssl(ctx context.Context, stdin io.Reader, command string, args ...string) ([]byte, error) {
	out, err := run(ctx, stdin, command, args...)
	if err == nil && len(out) > maxOutput {
		err = fault.New(fault.Internal, "openssl %s printed too much", command)
	}
	return out, err
}

func run(ctx context.Context, stdin io.Reader, command string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "openssl", append([]string{command, "-engine", "gost"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), fault.New(fault.Internal, "openssl %s failed (%v): %s; it needs the gost engine (Debian: libengine-gost-openssl)",
			command, err, firstLine(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// firstLine returns what openssl says first beside that it has the engine.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line != `Engine "gost" set.` {
			return line
		}
	}
	return "no message"
}

// verify returns nil if openssl says that the signature is good, in words and by
// its status.
func verify(ctx context.Context, k *gost.PublicKey, message io.Reader, sig []byte) error {
	dir, err := os.MkdirTemp("", "gost-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	text, err := keys.MarshalPublic(k)
	if err != nil {
		return err
	}
	public, signature := filepath.Join(dir, "public.pem"), filepath.Join(dir, "signature")
	if err := errors.Join(os.WriteFile(public, text, 0o600), os.WriteFile(signature, sig, 0o600)); err != nil {
		return err
	}
	out, err := run(ctx, message, "dgst", digest(k), "-verify", public, "-signature", signature)
	answer := strings.ToLower(strings.TrimSpace(string(out)))
	switch {
	case err == nil && answer == "verified ok":
		return nil
	case answer == "verification failure":
		return fault.New(fault.SignatureMismatch, "the signature does not fit the key and the message")
	case err == nil:
		return fault.New(fault.Internal, "openssl neither accepted nor refused the signature")
	}
	return err
}
