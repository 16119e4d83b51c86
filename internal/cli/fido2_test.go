package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
)

// tokenKey makes a key on a token and writes what is given to those who verify
// beside it.
func tokenKey(t *testing.T, token *authenticator.Device, options string) (reference, public string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "release.fido2")
	pins := filepath.Join(dir, "pin")
	require.NoError(t, os.WriteFile(pins, []byte("1234\n"), 0o600))
	ref, err := keys.ParseRef("fido2:" + path + "?pin-file=" + pins + options)
	require.NoError(t, err)
	driver := fido2.New(fido2.Config{Ask: keys.NoPassphrases, Device: token.Path()})
	made, err := driver.Generate(t.Context(), ref, keys.ECDSAP256)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".pub", made.PublicFile, 0o600))
	return made.Ref.String(), path + ".pub"
}

// run runs a command line with the token as the configured one.
func run(t *testing.T, token *authenticator.Device, want int, args ...string) *world {
	t.Helper()
	w := newWorld("STELLA_FIDO2_DEVICE="+token.Path(), "STELLA_AUDIT_LOG="+filepath.Join(t.TempDir(), "audit.jsonl"))
	require.Equal(t, want, Main(args, w.Env), "%q\n%s%s", args, &w.stdout, &w.stderr)
	return w
}

func example(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "examples", name))
	require.NoError(t, err)
	return path
}

func TestFIDO2Wrapped(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN("1234"))
	key, public := tokenKey(t, token, "")
	out := filepath.Join(t.TempDir(), "s.sigstore.json")
	w := run(t, token, 0, "sign", "statement", example(t, "statement.json"), "--key", key, "-o", out)
	assert.Contains(t, w.stderr.String(), "touch your token")
	run(t, token, 0, "verify", out, "--key", public)
}

func TestFIDO2Assertion(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN("1234"))
	key, public := tokenKey(t, token, "&mode=assertion")
	dir := t.TempDir()
	out := filepath.Join(dir, "s.dsse.json")
	statement := example(t, "statement.json")

	before := len(token.Log())
	w := run(t, token, 2, "sign", "statement", statement, "--key", key, "--envelope", "bundle", "-o", out)
	assert.Contains(t, w.stderr.String(), "--envelope dsse")
	w = run(t, token, 2, "sign", "blob", statement, "--key", key, "-o", out)
	assert.Contains(t, w.stderr.String(), "sign statement")
	assert.Len(t, token.Log(), before, "nobody was asked for a touch in vain")
	assert.NoFileExists(t, out)
	w = run(t, token, 2, "sign", "statement", statement, "--key", key, "-o", strings.TrimSuffix(public, ".pub"), "--force")
	assert.Contains(t, w.stderr.String(), "release.fido2")

	run(t, token, 0, "sign", "statement", statement, "--key", key, "-o", out)
	run(t, token, 0, "verify", out, "--key", public)
	w = run(t, token, 0, "attest", "show", out)
	assert.Contains(t, w.stdout.String(), keys.KindFIDO2)

	other, otherPublic := tokenKey(t, token, "&mode=assertion")
	run(t, token, 3, "verify", out, "--key", otherPublic)
	both := filepath.Join(dir, "both.dsse.json")
	run(t, token, 0, "attest", "add", out, "--trust", public, "--key", other, "-o", both)
	run(t, token, 0, "verify", both, "--key", public)
	run(t, token, 0, "verify", both, "--key", otherPublic)
	w = run(t, token, 2, "attest", "add", both, "--trust", public, "--key", other, "-o", filepath.Join(dir, "third"))
	assert.Contains(t, w.stderr.String(), "already holds a signature")
}

// TestFIDO2Flags: whether a PIN was needed is a matter of trust, not of who signs.
func TestFIDO2Flags(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN("1234"))
	key, public := tokenKey(t, token, "&mode=assertion&uv=discouraged")
	out := filepath.Join(t.TempDir(), "s.dsse.json")
	run(t, token, 0, "sign", "statement", example(t, "statement.json"), "--key", key, "-o", out)
	run(t, token, 0, "verify", out, "--key", public)

	entries, err := keys.LoadTrust(public)
	require.NoError(t, err)
	strict := slices.Clone(entries.Keys())
	strict[0].FIDO2 = &keys.FIDO2{RPID: "stella:release", Flags: []string{keys.FlagUP, keys.FlagUV}}
	text, err := keys.MarshalKeysJSON(strict...)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(public, text, 0o600))
	w := run(t, token, 3, "verify", out, "--key", public, "--format", "json")
	assert.Contains(t, w.stdout.String(), "signature.flags")

	plain, err := keys.MarshalPublic(strict[0].Public)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(public, plain, 0o600))
	w = run(t, token, 3, "verify", out, "--key", public, "--format", "json")
	assert.Contains(t, w.stdout.String(), "signature.scheme", "as an ordinary key it verifies nothing")
}

// TestFIDO2SignsTrust: two tokens hold the root of a trust bundle.
func TestFIDO2SignsTrust(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN("1234"))
	one, onePublic := tokenKey(t, token, "&mode=assertion")
	two, twoPublic := tokenKey(t, token, "&mode=assertion")
	statement := example(t, "statement.json")
	t.Chdir(t.TempDir())
	run(t, token, 0, "keys", "generate", "--no-passphrase", "-o", "team.key")
	run(t, token, 0, "trust", "publish", "init", "acme", "--root-key", onePublic, "--root-key", two, "--root-key", "team.key.pub", "--root-threshold", "2", "--key", "team.key.pub")
	run(t, token, 0, "trust", "publish", "add-key", "acme", twoPublic, "--name", "two")
	run(t, token, 0, "trust", "publish", "sign", "acme", "--key", "team.key")
	w := run(t, token, 0, "trust", "publish", "sign", "acme", "--key", one)
	assert.Contains(t, w.stderr.String(), "touch your token")
	assert.Contains(t, w.stdout.String(), "signed and published")
	run(t, token, 0, "trust", "publish", "rotate-root", "acme")
	run(t, token, 0, "trust", "publish", "sign", "acme", "--key", one, "--key", two)
	run(t, token, 0, "trust", "publish", "export", "acme", "-o", "medium")

	root, err := os.ReadFile("medium/metadata/1.root.json")
	require.NoError(t, err)
	sum := sha256.Sum256(root)
	require.NoError(t, os.Mkdir("state", 0o700))
	run(t, token, 0, "trust", "init", "--state", "state", "--root", "medium/metadata/1.root.json", "--root-sha256", hex.EncodeToString(sum[:]))
	run(t, token, 0, "trust", "import", "medium", "--state", "state")
	run(t, token, 0, "sign", "statement", statement, "--key", two, "-o", "s.dsse.json")
	w = run(t, token, 0, "verify", "s.dsse.json", "--state", "state")
	assert.Contains(t, w.stdout.String(), "root version 2")
}

// screen is a terminal that shows.
type screen struct{ bytes.Buffer }

func (*screen) Close() error                 { return nil }
func (*screen) Raw() (func() error, error)   { return func() error { return nil }, nil }
func (s *screen) open() (ui.Terminal, error) { return s, nil }

// TestFIDO2TouchIsAskedFor: without the request the command only hangs, so it
// comes through whatever else is silenced.
func TestFIDO2TouchIsAskedFor(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN("1234"))
	key, _ := tokenKey(t, token, "&mode=assertion")
	for name, row := range map[string]struct {
		flags          []string
		stderr, screen string
	}{
		"quiet":          {[]string{"-q"}, `^stella: touch your token \(.*\) to sign with .*\n$`, `^$`},
		"json":           {[]string{"--format", "json"}, `^$`, `^stella: touch your token \(.*\) to sign with .*\r\n$`},
		"quiet and json": {[]string{"-q", "--format", "json"}, `^$`, `^stella: touch your token`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := newWorld("STELLA_FIDO2_DEVICE="+token.Path(), "STELLA_AUDIT_LOG="+filepath.Join(dir, "audit.jsonl"))
			terminal := &screen{}
			w.Terminal = terminal.open
			args := append(row.flags, "sign", "statement", example(t, "statement.json"), "--key", key, "-o", filepath.Join(dir, "s"))
			require.Equal(t, 0, Main(args, w.Env), "%s", &w.stderr)
			assert.Regexp(t, row.stderr, w.stderr.String())
			assert.Regexp(t, row.screen, terminal.String())
		})
	}
}
