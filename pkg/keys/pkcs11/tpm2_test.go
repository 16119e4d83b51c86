//go:build pkcs11 && cgo && !windows

package pkcs11_test

import (
	"crypto"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

// tpm is tpm2-pkcs11 over a TPM simulator: a module that shares no code with
// SoftHSM2, and whose device can be taken away.
type tpm struct {
	hsm
	takeAway func()
}

func newTPM(t *testing.T, label string) *tpm {
	t.Helper()
	h := hsm{dir: t.TempDir(), module: moduleNamed(t, "tpm2_pkcs11")}
	stop := startTPM(t, h.dir)
	t.Setenv("TPM2_PKCS11_TCTI", "swtpm:path="+filepath.Join(h.dir, "s"))
	t.Setenv("TPM2_PKCS11_STORE", h.dir)
	t.Setenv("TPM2_PKCS11_LOG_LEVEL", "0")
	t.Setenv("TSS2_LOG", "all+NONE") // it complains on standard error about devices of the machine
	testkit.Tool(t, h.dir, "pkcs11-tool", "--module", h.module, "--init-token", "--slot-index", "0", "--label", label, "--so-pin", "12345678")
	testkit.Tool(t, h.dir, "pkcs11-tool", "--module", h.module, "--token-label", label, "--so-pin", "12345678",
		"--login", "--login-type", "so", "--init-pin", "--new-pin", pin)
	return &tpm{h, stop}
}

// startTPM runs swtpm until the test ends or stop is called. Its control socket
// lies where the module's library looks for it.
func startTPM(t *testing.T, dir string) (stop func()) {
	t.Helper()
	path := filepath.Join(dir, "s")
	program, err := exec.LookPath("swtpm")
	if err != nil {
		testkit.Tool(t, dir, "swtpm") // skips, or fails in CI
	}
	cmd := exec.Command(program, "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+path,
		"--ctrl", "type=unixio,path="+path+".ctrl", "--flags", "not-need-init,startup-clear")
	require.NoError(t, cmd.Start())
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(stop)
	require.Eventually(t, func() bool {
		_, err := os.Stat(path + ".ctrl")
		return err == nil
	}, 10*time.Second, 10*time.Millisecond, "swtpm did not start")
	return stop
}

// make has pkcs11-tool make a key, and returns its public half as that tool says.
func (h *tpm) make(t *testing.T, token, label string, id byte, kind string) crypto.PublicKey {
	t.Helper()
	name := hex.EncodeToString([]byte{id})
	h.tool(t, token, "--keypairgen", "--key-type", kind, "--id", name, "--label", label)
	path := filepath.Join(h.dir, name+".der")
	h.tool(t, token, "--read-object", "--type", "pubkey", "--id", name, "-o", path)
	pem := testkit.Tool(t, h.dir, "openssl", "pkey", "-pubin", "-inform", "DER", "-in", path)
	public, err := keys.ParsePublic(pem)
	require.NoError(t, err)
	return public[0].Key
}

func TestSuiteTPM(t *testing.T) {
	kinds := map[keys.Algorithm]string{keys.ECDSAP256: "EC:prime256v1", "rsa-2048": "rsa:2048"}
	keystest.Run(t, keystest.Suite{
		Algorithms:    []keys.Algorithm{keys.ECDSAP256, "rsa-2048"},
		Deterministic: []keys.Algorithm{"rsa-2048"},
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			h := newTPM(t, "platform")
			public := h.make(t, "platform", "release", 7, kinds[a])
			h.make(t, "platform", "other", 8, "EC:prime256v1")
			return keystest.Fixture{
				Driver: h.driver(answers(pin)), Ref: ref(t, "pkcs11:token=platform;object=release"), Public: public,
				Missing: ref(t, "pkcs11:token=platform;id=%55"), MissingReason: fault.KeyNotFound,
				WrongSecret: h.driver(answers(wrongPIN)), WrongSecretReason: fault.PINWrong,
				MissingDevice: keystest.Refusal{Ref: ref(t, "pkcs11:token=plattform;object=release"), Reason: fault.DeviceNotFound, Hint: `"platform"`},
				Ambiguous:     keystest.Refusal{Ref: ref(t, "pkcs11:token=platform"), Reason: fault.KeyAmbiguous, Hint: "object=other"},
				NearMiss:      keystest.Refusal{Ref: ref(t, "pkcs11:token=platform;object=Release"), Reason: fault.KeyNotFound, Hint: `"release"`},
				Secrets:       []string{pin, wrongPIN},
				TakeAway:      h.takeAway,
			}
		},
	})
}
