//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"testing"

	"github.com/miekg/pkcs11"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// TestPIN sets flags that SoftHSM2 never has: it counts no wrong PINs.
func TestPIN(t *testing.T) {
	const ready = pkcs11.CKF_USER_PIN_INITIALIZED | pkcs11.CKF_LOGIN_REQUIRED
	for _, row := range []struct {
		name    string
		flags   uint
		refused bool // a PIN, by the token, before
		asks    bool
		warning string
		want    fault.Reason
	}{
		{name: "ready", flags: ready, asks: true},
		{name: "few tries", flags: ready | pkcs11.CKF_USER_PIN_COUNT_LOW, asks: true, warning: "few tries are left"},
		{
			name: "last try", flags: ready | pkcs11.CKF_USER_PIN_COUNT_LOW | pkcs11.CKF_USER_PIN_FINAL_TRY, asks: true,
			warning: "one try is left",
		},
		{name: "locked", flags: ready | pkcs11.CKF_USER_PIN_LOCKED, want: fault.PINLocked},
		{name: "none set", flags: pkcs11.CKF_LOGIN_REQUIRED, want: fault.PINNotSet},
		{name: "typed into the reader", flags: ready | pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH},
		{name: "refused before", flags: ready, refused: true, want: fault.PINWrong},
	} {
		t.Run(row.name, func(t *testing.T) {
			var asked []keys.Prompt
			ask := func(_ context.Context, p keys.Prompt) ([]byte, error) {
				asked = append(asked, p)
				return []byte("1234"), nil
			}
			card := &token{tokenInfo: tokenInfo{label: "card", serial: "7"}}
			now := card.tokenInfo
			now.flags = row.flags
			d := New(Config{})
			if row.refused {
				d.refuse(card.tokenInfo)
			}
			pin, err := card.pin(t.Context(), d, now, ask, "pkcs11:token=card")
			assert.Equal(t, row.asks, pin != nil)
			if row.want != "" {
				assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
				assert.NotEmpty(t, fault.HintOf(err))
			} else {
				require.NoError(t, err)
			}
			if !row.asks {
				assert.Empty(t, asked)
				return
			}
			require.Len(t, asked, 1)
			assert.Equal(t, keys.PIN, asked[0].Kind)
			assert.Equal(t, "pkcs11:token=card", asked[0].Key)
			assert.Contains(t, asked[0].Warning, row.warning)
			assert.Equal(t, row.warning == "", asked[0].Warning == "")
		})
	}
}

func TestSessionLimit(t *testing.T) {
	const unknown = pkcs11.CK_UNAVAILABLE_INFORMATION
	for _, row := range []struct {
		all, writing uint
		want, room   int
	}{
		{0, 0, 0, maxSigning},
		{unknown, unknown, 0, maxSigning},
		{16, 0, 16, 7},
		{0, 8, 8, 3},
		{16, 4, 4, 1},
		{2, unknown, 2, 1},
		{1 << 40, 0, 1 << 20, maxSigning},
	} {
		limit := sessionLimit(pkcs11.TokenInfo{MaxSessionCount: row.all, MaxRwSessionCount: row.writing})
		assert.Equal(t, row.want, limit)
		assert.Equal(t, row.room, (&token{tokenInfo: tokenInfo{sessions: limit}}).room(2))
	}
}

// TestFits has each attribute of a reference count.
func TestFits(t *testing.T) {
	card := tokenInfo{slot: 3, label: "card", manufacturer: "M", model: "X", serial: "7"}
	for _, row := range []struct {
		uri  URI
		want bool
	}{
		{URI{}, true},
		{URI{Token: "card", Manufacturer: "M", Model: "X", Serial: "7", SlotID: "3"}, true},
		{URI{Token: "Card"}, false},
		{URI{Manufacturer: "N"}, false},
		{URI{Model: "Y"}, false},
		{URI{Serial: "8"}, false},
		{URI{SlotID: "4"}, false},
	} {
		assert.Equal(t, row.want, card.fits(row.uri), "%s", row.uri)
	}
}
