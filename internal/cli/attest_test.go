package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/internal/testkit/swtpm"
)

// desk is a directory with a keyring where somebody types commands.
type desk struct {
	t       *testing.T
	dir     string
	environ []string
}

func newDesk(t *testing.T, environ ...string) *desk {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	return &desk{t, dir, append(environ, "HOME="+dir)}
}

// run runs a command line, without quotes, and wants an exit status.
func (d *desk) run(status int, line string) (stdout, stderr string) {
	d.t.Helper()
	w := newWorld(d.environ...)
	w.Now = time.Now
	require.Equal(d.t, status, Main(strings.Fields(line), w.Env), "%s\n%s%s", line, &w.stdout, &w.stderr)
	return w.stdout.String(), w.stderr.String()
}

func (d *desk) write(name string, texts ...[]byte) {
	d.t.Helper()
	require.NoError(d.t, os.WriteFile(filepath.Join(d.dir, name), slices.Concat(texts...), 0o600))
}

// TestFIDO2Attest: the token's maker vouches for a key that signs in a token.
func TestFIDO2Attest(t *testing.T) {
	token, environ := fido2Token(t, authenticator.WithPIN("1234"))
	d := newDesk(t, environ...)
	d.write("pin", []byte("1234"))
	writeRoot(t, token, d.dir)
	require.NoError(t, os.Rename("maker.pem", "right.pem"))
	writeRoot(t, authenticator.Start(t), d.dir)

	d.run(0, "keys generate -o fido2:release.fido2?mode=assertion&pin-file=pin --name release")
	_, stderr := d.run(3, "keys attest release --roots maker.pem --format json")
	assert.Contains(t, stderr, `"attestation.untrusted"`)
	stdout, _ := d.run(0, "keys show keyring:release")
	assert.NotContains(t, stdout, "fido2-packed", "what does not verify is not kept")
	stdout, _ = d.run(0, "keys attest release --roots right.pem")
	assert.Contains(t, stdout, "leads to a root in right.pem")
	stdout, _ = d.run(0, "keys show keyring:release")
	assert.Contains(t, stdout, "fido2-packed, 2 certificates")

	d.run(0, "keys generate -o fido2:wrapped.fido2?pin-file=pin --name wrapped")
	_, stderr = d.run(2, "keys attest wrapped --roots right.pem")
	assert.Contains(t, stderr, "mode=assertion")
}

// TestFIDO2AttestOfItself: a key that speaks for itself leads nowhere.
func TestFIDO2AttestOfItself(t *testing.T) {
	for kind, status := range map[authenticator.Attestation]int{authenticator.AttestSelf: 3, authenticator.AttestNone: 2} {
		token, environ := fido2Token(t, authenticator.WithAttestation(kind))
		d := newDesk(t, environ...)
		writeRoot(t, token, d.dir)
		d.run(0, "keys generate -o fido2:release.fido2?mode=assertion&uv=discouraged --name release")
		d.run(status, "keys attest release --roots maker.pem")
	}
}

// TestTPMAttest: a TPM's statement leads to its maker's root, through an enrolment
// on the spot, or to an attestation key that was enrolled before.
func TestTPMAttest(t *testing.T) {
	maker := swtpm.NewMaker(t)
	one, bare := maker.Make(t), swtpm.New(t)
	d := newDesk(t, "STELLA_TPM_DEVICE="+one.Socket)
	d.write("maker.pem", maker.Root(t), maker.Issuer(t))
	d.write("root.pem", maker.Root(t))
	d.run(0, "keys generate -o tpm:release.tpm?auth=none --name release")
	d.run(0, "keys generate -o tpm:bare.tpm?auth=none&device="+bare.Socket+" --name bare")

	_, stderr := d.run(3, "keys attest release --roots root.pem --format json")
	assert.Contains(t, stderr, `"attestation.untrusted"`, "the issuer's certificate is missing")
	stdout, _ := d.run(0, "keys attest release --roots maker.pem")
	assert.Contains(t, stdout, "leads to a root in maker.pem")
	_, stderr = d.run(4, "keys attest bare --roots maker.pem")
	assert.Contains(t, stderr, "no certificate of an RSA endorsement key")

	d.run(0, "keys enrol read -o one.pub")
	d.run(0, "keys enrol read tpm:?device="+bare.Socket+" -o bare.pub")
	d.run(0, "keys attest release --roots one.pub")
	d.run(0, "keys attest bare --roots bare.pub")
	_, stderr = d.run(3, "keys attest release --roots bare.pub --format json")
	assert.Contains(t, stderr, `"attestation.untrusted"`, "another TPM's key")
	d.write("both.pem", read(t, "bare.pub"), maker.Root(t), maker.Issuer(t))
	d.run(0, "keys attest bare --roots both.pem")
	d.run(0, "keys attest release --roots both.pem")

	stdout, _ = d.run(0, "keys show keyring:release --format json")
	assert.Equal(t, 3, strings.Count(stdout, `"tpm2-certify"`), stdout)
	d.run(2, "keys enrol read tpm:release.tpm")
	_, stderr = d.run(2, "keys enrol read fido2:")
	assert.Contains(t, stderr, "tpm:?device=PATH")
}

// TestTPMEnrolment is the enrolment from afar, and who fails at it.
func TestTPMEnrolment(t *testing.T) {
	maker := swtpm.NewMaker(t)
	one, two := maker.Make(t), maker.Make(t)
	d := newDesk(t)
	at := func(tpm *swtpm.TPM) string { return " tpm:?device=" + tpm.Socket }
	d.write("maker.pem", maker.Root(t), maker.Issuer(t))
	d.write("other.pem", otherMaker(t))

	d.run(0, "keys enrol start"+at(one)+" -o one.enrolment")
	d.run(3, "keys enrol challenge one.enrolment --roots other.pem --expect kept -o challenge")
	assert.NoFileExists(t, "kept")
	assert.NoFileExists(t, "challenge")
	d.run(2, "keys enrol challenge one.enrolment --roots maker.pem -o challenge")
	d.run(2, "keys enrol challenge one.enrolment --expect kept -o challenge")
	d.run(2, "keys enrol challenge one.enrolment --roots maker.pem --expect kept -o kept")
	stdout, _ := d.run(0, "keys enrol challenge one.enrolment --roots maker.pem --expect kept -o challenge --format json")
	assert.Contains(t, stdout, `"maker": "CN=swtpm-localca`)

	d.run(3, "keys enrol answer challenge"+at(two)+" -o answer")
	d.run(2, "keys enrol answer kept"+at(one)+" -o answer")
	d.run(0, "keys enrol answer challenge"+at(one)+" -o answer")
	d.run(2, "keys enrol accept answer -o accepted.pub")
	d.run(2, "keys enrol accept challenge --expect kept -o accepted.pub")
	d.run(0, "keys enrol accept answer --expect kept -o accepted.pub")
	d.run(0, "keys enrol read"+at(one)+" -o read.pub")
	assert.Equal(t, string(read(t, "read.pub")), string(read(t, "accepted.pub")))
	d.run(2, "keys enrol accept answer --expect kept -o accepted.pub") // which is there

	d.run(0, "keys enrol challenge one.enrolment --roots maker.pem --expect again -o challenge.again")
	_, stderr := d.run(3, "keys enrol accept answer --expect again -o again.pub")
	assert.Contains(t, stderr, "the answer to the challenge is wrong", "an answer is for one challenge")
	assert.NoFileExists(t, "again.pub")
	_, stderr = d.run(4, "keys enrol start"+at(swtpm.New(t))+" -o bare")
	assert.Contains(t, stderr, "stella keys enrol read")
}

// otherMaker returns the root of a maker that made none of the test's TPMs.
func otherMaker(t *testing.T) []byte {
	t.Helper()
	m := swtpm.NewMaker(t)
	m.Make(t)
	return m.Root(t)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return content
}
