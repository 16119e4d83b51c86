//go:build pkcs11 && cgo && !windows

package pkcs11_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/keys"
)

const newPIN = "338217"

// changes changes the PIN of a token on a real module and has an unrelated tool log
// in with the new one.
func changes(t *testing.T, h *hsm, token string) {
	t.Helper()
	old, fresh := &asker{pin: pin}, &asker{pin: newPIN}
	where, err := h.driver(old.ask).ChangePIN(t.Context(), ref(t, "pkcs11:token="+token), fresh.ask)
	require.NoError(t, err)
	assert.Contains(t, where, "pkcs11:token="+token)
	assert.False(t, old.asked[0].New)
	assert.True(t, fresh.asked[0].New)
	assert.Regexp(t, "^the token wants [0-9]+ to [0-9]+ characters$", fresh.asked[0].Warning)
	assert.Equal(t, make([]byte, len(pin)), old.given[0], "the PIN is wiped")
	assert.Equal(t, make([]byte, len(newPIN)), fresh.given[0], "the PIN is wiped")
	login := []string{"--module", h.module, "--token-label", token, "--login", "--list-objects", "--pin"}
	testkit.Tool(t, h.dir, "pkcs11-tool", append(login, newPIN)...)
	_, _, err = testkit.TryTool(t, h.dir, "pkcs11-tool", append(login, pin)...)
	require.Error(t, err, "the old PIN is no more")
}

func TestChangePIN(t *testing.T)       { changes(t, newHSM(t, "stella"), "stella") }
func TestChangePINOfATPM(t *testing.T) { tpm := newTPM(t, "stella"); changes(t, &tpm.hsm, "stella") }

func TestChangePINThatFails(t *testing.T) {
	h := newHSM(t, "stella")
	key := h.put(t, "stella", "release", 1, keys.ECDSAP256)
	for name, row := range map[string]struct {
		ref, old, fresh string
		want            fault.Reason
	}{
		"a key":     {"pkcs11:token=stella;object=release", pin, newPIN, fault.UsageInvalid},
		"no token":  {"pkcs11:token=other", pin, newPIN, fault.DeviceNotFound},
		"wrong":     {"pkcs11:token=stella", wrongPIN, newPIN, fault.PINWrong},
		"too short": {"pkcs11:token=stella", pin, "1", fault.PINInvalid},
		"too long":  {"pkcs11:token=stella", pin, strings.Repeat("1", 300), fault.PINInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.driver(answers(row.old)).ChangePIN(t.Context(), ref(t, row.ref), answers(row.fresh))
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.NotContains(t, err.Error(), row.fresh)
		})
	}
	_, err := h.driver(answers(pin)).SetPIN(t.Context(), ref(t, "pkcs11:token=stella"), answers(newPIN))
	assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
	signer := open(t, h.driver(answers(pin)), "pkcs11:token=stella;object=release")
	assert.Equal(t, key.Public(), signer.Public(), "the PIN is as before")
}

// TestWrongPINIsNotChangedTwice: a PIN that the token refused is sent no more.
func TestWrongPINIsNotChangedTwice(t *testing.T) {
	h := newHSM(t, "stella")
	old := &asker{pin: wrongPIN}
	var d keys.PINKeeper = h.driver(old.ask)
	for range 2 {
		_, err := d.ChangePIN(t.Context(), ref(t, "pkcs11:token=stella"), answers(newPIN))
		assert.Equal(t, fault.PINWrong, fault.ReasonOf(err), "%v", err)
	}
	assert.Len(t, old.asked, 1)
}
