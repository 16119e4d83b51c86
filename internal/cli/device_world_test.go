package cli

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/internal/testkit/swtpm"
)

// deviceWorld is what examples about a device need beside the files of all
// examples: the variables that lead to the device, and commands to run before.
type deviceWorld struct{ environ, setup []string }

// plugIn gives the examples of a command, in dir, the device that they need. Its
// PIN is what the examples' askpass program gives.
func plugIn(t *testing.T, command, dir string) deviceWorld {
	t.Helper()
	switch command {
	case "stella keys pin set":
		_, environ := fido2Token(t)
		return deviceWorld{environ: environ}
	case "stella keys pin change":
		_, environ := fido2Token(t, authenticator.WithPIN(examplePIN(t)))
		return deviceWorld{environ: environ}
	case "stella keys attest":
		token, environ := fido2Token(t, authenticator.WithPIN(examplePIN(t)))
		writeRoot(t, token, dir)
		return deviceWorld{environ, []string{"stella keys generate -o 'fido2:release.fido2?mode=assertion' --name release"}}
	}
	if step, enrols := strings.CutPrefix(command, "stella keys enrol "); enrols {
		return deviceWorld{certifiedTPM(t, dir), enrolledUntil(step)}
	}
	return deviceWorld{}
}

// examplePIN is the one secret of the examples.
func examplePIN(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "examples", "pass.txt"))
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

func fido2Token(t *testing.T, options ...authenticator.Option) (token *authenticator.Device, environ []string) {
	t.Helper()
	token = authenticator.Start(t, options...)
	return token, []string{"STELLA_FIDO2_DEVICE=" + token.Path()}
}

// writeRoot writes the certificate of a token's maker to dir.
func writeRoot(t *testing.T, token *authenticator.Device, dir string) {
	t.Helper()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: token.AttestationRoot().Raw})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "maker.pem"), root, 0o600))
}

// certifiedTPM starts a TPM that its maker has certified, and writes the maker's
// certificates to dir.
func certifiedTPM(t *testing.T, dir string) (environ []string) {
	t.Helper()
	maker := swtpm.NewMaker(t)
	tpm := maker.Make(t)
	roots := slices.Concat(maker.Root(t), maker.Issuer(t))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tpm-maker.pem"), roots, 0o600))
	return append(tpm.Environ(), "STELLA_TPM_DEVICE="+tpm.Socket)
}

// enrolledUntil are the steps of an enrolment before one.
func enrolledUntil(step string) []string {
	steps := []string{
		"stella keys enrol start -o machine.enrolment.json",
		"stella keys enrol challenge machine.enrolment.json --roots tpm-maker.pem --expect kept.json -o challenge.json",
		"stella keys enrol answer challenge.json -o answer.json",
	}
	at := max(0, slices.Index([]string{"start", "challenge", "answer", "accept"}, step))
	return steps[:at]
}
