//go:build pkcs11 && cgo && !windows

package pkcs11_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

func TestSuiteSoftHSM(t *testing.T) {
	h := newHSM(t, "stella", "second")
	h.mismatched(t, "stella", "damaged", "d0")
	var id byte
	keystest.Run(t, keystest.Suite{
		Algorithms:    []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, keys.RSA3072, keys.RSA4096},
		Deterministic: []keys.Algorithm{keys.Ed25519, keys.RSA3072, keys.RSA4096},
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			id++
			label := "release " + string(a)
			key := h.put(t, "stella", label, id, a)
			return keystest.Fixture{
				Driver: h.driver(answers(pin)), Ref: ref(t, "pkcs11:token=stella;object=release%20"+string(a)), Public: key.Public(),
				Missing: ref(t, "pkcs11:token=stella;object=nosuchkey"), MissingReason: fault.KeyNotFound,
				WrongSecret: h.driver(answers(wrongPIN)), WrongSecretReason: fault.PINWrong,
				Damaged:       ref(t, "pkcs11:token=stella;object=damaged"),
				MissingDevice: keystest.Refusal{Ref: ref(t, "pkcs11:token=stela;object=x"), Reason: fault.DeviceNotFound, Hint: `did you mean "stella"?`},
				MissingModule: keystest.Refusal{Ref: ref(t, "pkcs11:token=stella?module-path="+query(h.dir)+"/no.so"), Reason: fault.ModuleFailed, Hint: "module-path"},
				Ambiguous:     keystest.Refusal{Ref: ref(t, "pkcs11:token=stella"), Reason: fault.KeyAmbiguous, Hint: "object=damaged"},
				NearMiss: keystest.Refusal{
					Ref: ref(t, "pkcs11:token=stella;object=relaese%20"+string(a)), Reason: fault.KeyNotFound, Hint: `did you mean "` + label + `"`,
				},
				Secrets: []string{pin, wrongPIN},
			}
		},
	})
}

// mismatched puts two halves of different keys under one name.
func (h *hsm) mismatched(t testing.TB, token, label, id string) {
	t.Helper()
	one, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	two, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(one)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(two.Public())
	require.NoError(t, err)
	for kind, der := range map[string][]byte{"privkey": private, "pubkey": public} {
		path := filepath.Join(h.dir, kind+".der")
		require.NoError(t, os.WriteFile(path, der, 0o600))
		h.tool(t, token, "--write-object", path, "--type", kind, "--id", id, "--label", label)
	}
}
