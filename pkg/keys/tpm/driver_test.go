package tpm_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

const (
	secret = "correct horse battery"
	wrong  = "correct horse buttery"
)

// driver has one answer to every question for a PIN.
func driver(pin, device string) *tpm.Driver {
	ask := func(ctx context.Context, p keys.Prompt) ([]byte, error) {
		if pin == "" {
			return keys.NoPassphrases(ctx, p)
		}
		return []byte(pin), nil
	}
	return tpm.New(ask, keys.NewEnvironment(os.LookupEnv, os.Unsetenv), device)
}

func ref(t testing.TB, s string) keys.Ref {
	t.Helper()
	r, err := keys.ParseRef(s)
	require.NoError(t, err)
	return r
}

// generate makes a key file and returns its path.
func generate(t testing.TB, d *tpm.Driver, a keys.Algorithm, options string) (string, *keys.Generated) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "k")
	made, err := d.Generate(t.Context(), ref(t, "tpm:"+path+options), a)
	require.NoError(t, err)
	return path, made
}

func TestSuite(t *testing.T) {
	keystest.Run(t, keystest.Suite{
		Algorithms: []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.RSA3072},
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			device := newTPM(t)
			d := driver(secret, device.Socket)
			path, made := generate(t, d, a, "")
			absent := filepath.Join(t.TempDir(), "absent")
			return keystest.Fixture{
				Driver:            d,
				Ref:               made.Ref,
				Public:            made.Public,
				Missing:           ref(t, "tpm:"+absent),
				WrongSecret:       driver(wrong, device.Socket),
				WrongSecretReason: fault.PINWrong,
				MissingDevice: keystest.Refusal{
					Ref: ref(t, "tpm:"+path+"?device="+absent), Reason: fault.DeviceNotFound, Hint: "STELLA_TPM_DEVICE",
				},
				NearMiss: keystest.Refusal{
					Ref: ref(t, "tpm:handle=0x81000011"), Reason: fault.KeyNotFound, Hint: "no persistent signing keys",
				},
				Damaged:  damaged(t, d, path, a),
				Secrets:  []string{secret, wrong},
				TakeAway: device.Kill,
			}
		},
	})
}

// damaged makes a key file whose halves are of two keys.
func damaged(t *testing.T, d *tpm.Driver, path string, a keys.Algorithm) keys.Ref {
	t.Helper()
	other, _ := generate(t, d, a, "")
	one, err := os.ReadFile(path)
	require.NoError(t, err)
	two, err := os.ReadFile(other)
	require.NoError(t, err)
	mixed, err := tpm.Graft(one, two)
	require.NoError(t, err)
	torn := filepath.Join(t.TempDir(), "torn")
	require.NoError(t, os.WriteFile(torn, mixed, 0o600))
	return ref(t, "tpm:"+torn)
}
