//go:build interop

package interop

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// place is where keys of one driver live.
type place struct {
	driver     string
	algorithms []string
	program    string // stella or stella-hardware
	environ    []string
	flags      []string // of commands that use the key
	// ref is where keys generate puts a key, and what signs with it, by algorithm.
	ref func(algorithm string) string
}

// specimens makes evidence with every driver and algorithm.
func specimens(t *testing.T) []specimen {
	t.Helper()
	var all []specimen
	for _, p := range []place{
		inFiles(), inSoftHSM(t), inTPMModule(t), inTPM(t), wrapped(t),
	} {
		for _, algorithm := range p.algorithms {
			all = append(all, p.specimen(t, algorithm))
		}
	}
	all = append(append(all, assertions(t)...), securityKeys(t)...)
	return append(all, fromPlugins(t)...)
}

// specimen makes a key, signs with it and exports its public half.
func (p place) specimen(t *testing.T, algorithm string) specimen {
	t.Helper()
	dir := prepare(t)
	key := p.ref(algorithm)
	p.stella(t, dir, "keys", "generate", "--algorithm", algorithm, "--public", "key.pub", "-o", key)
	return p.sign(t, specimen{p.driver, algorithm, dir}, key)
}

func (p place) sign(t *testing.T, s specimen, key string) specimen {
	t.Helper()
	p.stella(t, s.dir, "sign", "sbom", "sbom.json", "--key", key, "--envelope", "dsse", "-o", "out.dsse.json")
	p.stella(t, s.dir, "sign", "sbom", "sbom.json", "--key", key, "--envelope", "bundle", "-o", "out.sigstore.json")
	return s
}

// stella runs the build that has the driver. The key's world is on this machine
// and outside the namespace of run: sockets, pseudo-terminals, variables.
func (p place) stella(t *testing.T, dir string, args ...string) {
	t.Helper()
	words := append([]string{"-i", "PATH=" + os.Getenv("PATH"), "HOME=" + dir}, p.environ...)
	words = append(words, program(t, "bin", p.program))
	r := runBare(t, dir, command(t, "env"), append(append(words, args...), p.flags...)...)
	require.Zero(t, r.status, "%s %q\n%s%s", p.driver, args, r.stdout, r.stderr)
}

func inFiles() place {
	return place{
		driver: "file", program: "stella",
		algorithms: []string{"ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-3072", "rsa-4096", "ml-dsa-65", "sm2"},
		ref:        func(string) string { return "key" },
		environ:    []string{"PASSPHRASE=a passphrase"},
		flags:      []string{"--passphrase-env", "PASSPHRASE"},
	}
}

// The PIN of tokens. It is none of the many zeros and ones that people choose.
const tokenPIN = "571482"

// pinned returns a place whose keys need a PIN.
func pinned(p place) place {
	p.environ = append(p.environ, "PIN="+tokenPIN)
	p.flags = append(p.flags, "--pin-env", "PIN")
	return p
}

// must runs a program that is not under test.
func must(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	r := runBare(t, dir, command(t, name), args...)
	require.Zero(t, r.status, "%s %q\n%s%s", name, args, r.stdout, r.stderr)
}

func inSoftHSM(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "tokens"), 0o700))
	config := write(t, dir, "softhsm2.conf", fmt.Appendf(nil,
		"directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\nslots.mechanisms = ALL\n", dir))
	must(t, dir, "env", "SOFTHSM2_CONF="+config, "softhsm2-util", "--init-token", "--free", "--label", "stella", "--so-pin", "12345678", "--pin", tokenPIN)
	return pinned(place{
		driver: "pkcs11 (SoftHSM2)", program: "stella-hardware",
		algorithms: []string{"ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-3072", "rsa-4096"},
		environ:    []string{"SOFTHSM2_CONF=" + config},
		ref:        func(a string) string { return "pkcs11:token=stella;object=" + a },
	})
}

// startTPM runs Debian's software TPM and returns its socket.
func startTPM(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tpm") // a socket's path has 107 characters at most
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(command(t, "swtpm"), "socket", "--tpm2", "--tpmstate", "dir="+dir,
		"--server", "type=unixio,path="+socket, "--ctrl", "type=unixio,path="+socket+".ctrl", "--flags", "not-need-init,startup-clear")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("unix", socket)
		return err == nil && c.Close() == nil
	}, 10*time.Second, 5*time.Millisecond, "swtpm does not listen")
	return socket
}

// inTPMModule is a PKCS #11 module that has nothing in common with SoftHSM2.
func inTPMModule(t *testing.T) place {
	t.Helper()
	socket := startTPM(t)
	environ := []string{"TPM2_PKCS11_TCTI=swtpm:path=" + socket, "TPM2_PKCS11_STORE=" + filepath.Dir(socket), "TPM2_PKCS11_LOG_LEVEL=0"}
	tool := func(args ...string) {
		must(t, filepath.Dir(socket), "env", append(append(environ, "pkcs11-tool", "--module", "libtpm2_pkcs11.so.1"), args...)...)
	}
	tool("--init-token", "--slot-index", "0", "--label", "tpm", "--so-pin", "12345678")
	tool("--token-label", "tpm", "--so-pin", "12345678", "--login", "--login-type", "so", "--init-pin", "--new-pin", tokenPIN)
	return pinned(place{
		driver: "pkcs11 (tpm2-pkcs11)", program: "stella-hardware", algorithms: []string{"ecdsa-p256"}, environ: environ,
		ref: func(a string) string { return "pkcs11:token=tpm;object=" + a },
	})
}

func inTPM(t *testing.T) place {
	t.Helper()
	return pinned(place{
		driver: "tpm (swtpm)", program: "stella", algorithms: []string{"ecdsa-p256", "ecdsa-p384", "rsa-3072"},
		environ: []string{"STELLA_TPM_DEVICE=" + startTPM(t)},
		ref:     func(string) string { return "tpm:key.tpm" },
	})
}
