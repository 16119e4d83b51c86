//go:build interop

package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plantedDial names the environment variable that makes this test binary a
// program that uses the network, to prove that the proof sees one.
const plantedDial = "STELLA_PLANTED_DIAL"

func TestMain(m *testing.M) {
	switch os.Getenv(plantedDial) {
	case "":
		os.Exit(m.Run())
	case "address":
		if conn, err := net.DialTimeout("tcp", "127.0.0.1:9", time.Second); err == nil {
			_ = conn.Close()
		}
	case "address6":
		if conn, err := net.DialTimeout("udp", "[::1]:9", time.Second); err == nil {
			_ = conn.Close()
		}
	case "name":
		_, _ = net.LookupHost("stella.invalid")
	case "unix":
		if conn, err := net.DialTimeout("unix", "nobody.sock", time.Second); err == nil {
			_ = conn.Close()
		}
	}
	// The dial failed in the empty namespace, and the program "succeeds".
}

// trace runs a program in an empty network namespace under strace and returns
// its result and the network calls it made. The namespace alone would prove
// nothing: a program may try, fail and still exit 0.
func trace(t *testing.T, dir string, environment []string, path string, args ...string) (result, string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "strace.log")
	strace := []string{"-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o", log}
	for _, variable := range environment {
		strace = append(strace, "-E", variable)
	}
	r := run(t, dir, command(t, "strace"), append(append(strace, "--", path), args...)...)
	calls, err := os.ReadFile(log)
	require.NoError(t, err, "strace wrote nothing: %s", r.stderr)
	return r, string(calls)
}

// internetCalls are the lines of a trace that touch the internet families:
// sockets of them, and addresses of them in any call.
func internetCalls(trace string) []string {
	internet := regexp.MustCompile(`\b(AF|PF)_INET6?\b`)
	var found []string
	for line := range strings.Lines(trace) {
		if internet.MatchString(line) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// TestPlantedDial is the test of the proof itself: what dials is caught, and a
// socket that stays on the machine is not mistaken for it.
func TestPlantedDial(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for what, caught := range map[string]bool{"address": true, "address6": true, "name": true, "unix": false} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			r, calls := trace(t, dir, []string{plantedDial + "=" + what}, self)
			require.Zero(t, r.status, r.stderr)
			if caught {
				assert.NotEmpty(t, internetCalls(calls), "the dial was not seen: %s", calls)
				return
			}
			assert.Empty(t, internetCalls(calls))
			assert.Contains(t, calls, "AF_UNIX", "strace saw nothing at all")
		})
	}
}

// An offlineVerb is one command that has to work without a network.
type offlineVerb struct {
	args   []string
	status int
}

// offlineVerbs is every verb that stella has, on the files of offlineWorld.
func offlineVerbs() map[string]offlineVerb {
	return map[string]offlineVerb{
		"version":         {args: []string{"version"}},
		"version json":    {args: []string{"version", "--format", "json"}},
		"help":            {args: []string{"--help"}},
		"completion":      {args: []string{"completion", "bash"}},
		"doctor":          {args: []string{"doctor"}},
		"config show":     {args: []string{"config", "show"}},
		"predicate list":  {args: []string{"predicate", "list"}},
		"predicate show":  {args: []string{"predicate", "show", "promotion", "--schema"}},
		"predicate check": {args: []string{"predicate", "validate", "sbom.json", "--type", "cyclonedx"}},
		"keys generate":   {args: []string{"keys", "generate", "--algorithm", "ed25519", "--no-passphrase", "-o", "new"}},
		"keys show":       {args: []string{"keys", "show", "key.pub"}},
		"keys export":     {args: []string{"keys", "export", "--public", "key"}},
		"sign sbom":       {args: []string{"sign", "sbom", "sbom.json", "--key", "key", "-o", "new.sigstore.json"}},
		"sign statement":  {args: []string{"sign", "statement", "statement.json", "--key", "key", "-o", "new.sigstore.json"}},
		"sign blob":       {args: []string{"sign", "blob", "artifact", "--key", "key", "-o", "new.sigstore.json"}},
		"sign report":     {args: append(signings()["report"].sign, "--key", "key", "-o", "new.sigstore.json")},
		"attest show":     {args: []string{"attest", "show", "att.sigstore.json"}},
		"attest add":      {args: []string{"attest", "add", "att.dsse.json", "--key", "second", "--trust", "key.pub", "-o", "new.dsse.json"}},
		"verify":          {args: []string{"verify", "att.sigstore.json", "--key", "key.pub", "--subject", "sbom.json"}},
		"verify json":     {args: []string{"verify", "att.sigstore.json", "--key", "key.pub", "--format", "json"}},
		"verify envelope": {args: []string{"verify", "att.dsse.json", "--key", "key.pub", "--subject", "sbom.json"}},
		"verify blob":     {args: []string{"verify", "blob.sigstore.json", "--key", "key.pub", "--subject", "artifact"}},
		"verify refuses":  {args: []string{"verify", "att.sigstore.json", "--key", "second.pub"}, status: 3},
		"verify no trust": {args: []string{"verify", "att.sigstore.json"}, status: 4},

		"promotion attest": {args: []string{"promotion", "attest", "--image", "app@sha256:" + strings.Repeat("1", 64), "--sbom", "image.sigstore.json", "--trust", "key.pub", "--from", "dev", "--to", "prod", "--actor", "release", "--key", "second", "-o", "new.sigstore.json"}},
		"promotion verify": {args: []string{"promotion", "verify", "promotion.sigstore.json", "image.sigstore.json", "--trust", "key.pub", "--trust", "second.pub", "--chain"}, status: 3}, // no holder is named

		"sign export":   {args: []string{"sign", "export", "export", "--key", "key", "--force"}},
		"verify export": {args: []string{"verify", "export/export.json", "--key", "key.pub"}},

		"trust init":   {args: []string{"trust", "init", "--name", "new", "--root", "medium/metadata/1.root.json", "--root-sha256", strings.Repeat("0", 64)}, status: 3},
		"trust import": {args: []string{"trust", "import", "medium", "--state", "state"}},
		"trust show":   {args: []string{"trust", "show", "--state", "state"}},
		"trust status": {args: []string{"trust", "status", "--state", "state"}},
		"verify trust": {args: []string{"verify", "att.sigstore.json", "--state", "state"}},
		"trust sign":   {args: []string{"trust", "publish", "sign", "trust", "--renew", "--key", "second"}},
		"trust export": {args: []string{"trust", "publish", "export", "trust", "-o", "new.tar.gz"}},

		"timeline add":    {args: []string{"forensic", "timeline", "add", "case.ndjson", "--kind", "scan.completed"}},
		"timeline show":   {args: []string{"forensic", "timeline", "show", "case.ndjson"}},
		"timeline verify": {args: []string{"forensic", "timeline", "verify", "case.ndjson"}},
		"snapshot create": {args: []string{"forensic", "snapshot", "create", "att.sigstore.json", "--case", "c", "--key", "key", "-o", "new.tar.zst"}},
		"forensic verify": {args: []string{"forensic", "verify", "case.tar.zst", "--key", "key.pub"}},
		"forensic report": {args: []string{"forensic", "report", "case.tar.zst", "--key", "key.pub", "--html", "-o", "case.html"}},
		"forensic prove":  {args: []string{"forensic", "prove", "case.tar.zst", "attestations/att.sigstore.json", "-o", "new.json"}},
		"verify proof":    {args: []string{"forensic", "verify", "proof.json", "--key", "key.pub"}},
		"forensic diff":   {args: []string{"forensic", "diff", "case.tar.zst", "case.tar.zst"}},
		"show judged":     {args: []string{"forensic", "attest", "show", "att.sigstore.json", "--key", "key.pub"}},

		"kit build":         {args: []string{"offline-kit", "build", "--name", "a", "--channel", "b", "--kit-version", "1", "--trust", "medium", "--evidence", "att.sigstore.json", "--key", "key", "-o", "new.tar.zst"}},
		"kit build from":    {args: []string{"offline-kit", "build", "--from", "kit.tar", "-o", "new"}},
		"kit verify":        {args: []string{"offline-kit", "verify", "kit.tar", "--key", "key.pub"}},
		"kit verify trust":  {args: []string{"offline-kit", "verify", "kit.tar", "--state", "state"}},
		"kit verify refuse": {args: []string{"offline-kit", "verify", "kit.tar", "--key", "second.pub"}, status: 3},
		"kit import":        {args: []string{"offline-kit", "import", "kit-3.tar.zst", "--state", "state"}},
		"kit refused":       {args: []string{"offline-kit", "import", "bad.tar.zst", "--state", "state"}, status: 3},
		"kit status":        {args: []string{"offline-kit", "status", "--state", "state"}},
		"kit rollback":      {args: []string{"offline-kit", "rollback", "--reason", "proof", "--state", "state"}},
	}
}

// offlineWorld makes a directory with everything that offlineVerbs name.
func offlineWorld(t *testing.T) string {
	t.Helper()
	dir := prepare(t)
	stellaKey(t, dir, "key", "ecdsa-p256")
	stellaKey(t, dir, "second", "ed25519")
	stella(t, dir, "sign", "sbom", "sbom.json", "--key", "key", "-o", "att.sigstore.json")
	stella(t, dir, "sign", "sbom", "sbom.json", "--key", "key", "--envelope", "dsse", "-o", "att.dsse.json")
	stella(t, dir, "sign", "blob", "artifact", "--key", "key", "-o", "blob.sigstore.json")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "export"), 0o750))
	write(t, filepath.Join(dir, "export"), "artifact", read(t, dir, "artifact"))
	stella(t, dir, "sign", "export", "export", "--key", "key")
	image := "app@sha256:" + strings.Repeat("1", 64)
	stella(t, dir, "sign", "sbom", "sbom.json", "--subject", image, "--key", "key", "-o", "image.sigstore.json")
	stella(t, dir, "promotion", "attest", "--image", image, "--sbom", "image.sigstore.json", "--trust", "key.pub",
		"--from", "dev", "--to", "prod", "--actor", "release", "--key", "second", "-o", "promotion.sigstore.json")
	stella(t, dir, "trust", "publish", "init", "trust", "--root-key", "second.pub", "--key", "second.pub")
	stella(t, dir, "trust", "publish", "add-key", "trust", "key.pub", "--type", "*")
	stella(t, dir, "trust", "publish", "sign", "trust", "--key", "second")
	stella(t, dir, "trust", "publish", "export", "trust", "-o", "medium")
	root := filepath.Join("medium", "metadata", "1.root.json")
	sum := sha256.Sum256(read(t, dir, root))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "state"), 0o700))
	stella(t, dir, "trust", "init", "--state", "state", "--root", root, "--root-sha256", hex.EncodeToString(sum[:]))
	stella(t, dir, "trust", "import", "medium", "--state", "state")
	stella(t, dir, "forensic", "timeline", "add", "case.ndjson", "--kind", "scan.completed")
	stella(t, dir, "forensic", "snapshot", "create", "att.sigstore.json", "--case", "c", "--key", "key", "-o", "case.tar.zst")
	stella(t, dir, "forensic", "prove", "case.tar.zst", "attestations/att.sigstore.json", "-o", "proof.json")
	stella(t, dir, "offline-kit", "build", "--name", "a", "--channel", "b", "--kit-version", "1", "--trust", "medium", "--evidence", "att.sigstore.json", "--key", "key", "-o", "kit.tar")
	for _, kit := range []struct{ name, version, key string }{{"kit-1", "1", "key"}, {"kit-2", "2", "key"}, {"kit-3", "3", "key"}, {"bad", "4", "second"}} {
		stella(t, dir, "offline-kit", "build", "--name", "kit", "--channel", "stable", "--kit-version", kit.version, "--key", kit.key,
			"--trust", "medium", "--sbom", "sbom.json", "-o", kit.name+".tar.zst")
	}
	stella(t, dir, "offline-kit", "import", "kit-1.tar.zst", "--state", "state")
	stella(t, dir, "offline-kit", "import", "kit-2.tar.zst", "--state", "state")
	return dir
}

// TestOffline proves for every verb that it opens no internet socket.
func TestOffline(t *testing.T) {
	for name, verb := range offlineVerbs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := offlineWorld(t)
			r, calls := trace(t, dir, nil, program(t, "bin", "stella"), verb.args...)
			require.Equal(t, verb.status, r.status, "%s%s", r.stdout, r.stderr)
			assert.Empty(t, internetCalls(calls))
		})
	}
}
