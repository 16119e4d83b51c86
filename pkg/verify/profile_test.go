package verify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

func TestProfile(t *testing.T) {
	p256, sm2, mldsa := newKey(t, "p256", keys.ECDSAP256), newKey(t, "sm2", keys.SM2), newKey(t, "mldsa", keys.MLDSA65)
	other := newKey(t, "other", keys.ECDSAP256)
	half := func(k key) key {
		k.trusted.Holder, k.trusted.Hybrid = "h", "x"
		return k
	}
	m := statement(t, appSubject())
	app := []verify.Artifact{artifact("app")}
	for _, row := range []struct {
		name     string
		profile  keys.Profile
		evidence []byte
		trust    *keys.Trust
		want     fault.Reason
	}{
		{"allowed", keys.ProfileFIPS, sealed(t, m, p256), trust(t, p256), ""},
		{"default", "", sealed(t, m, sm2), trust(t, sm2), ""},
		{"forbidden", keys.ProfileFIPS, sealed(t, m, sm2), trust(t, sm2), fault.KeyForbidden},
		{"forbidden beside an allowed key", keys.ProfileFIPS, sealed(t, m, sm2), trust(t, p256, sm2), fault.KeyForbidden},
		{"by a key nobody knows", keys.ProfileFIPS, sealed(t, m, other), trust(t, p256, sm2), fault.SignatureUntrusted},
		{"one of two signatures is enough", keys.ProfileFIPS, sealed(t, m, p256, sm2), trust(t, p256, sm2), ""},
		{"hybrid with a forbidden half", keys.ProfileFIPS, sealed(t, m, p256, mldsa), trust(t, half(p256), half(mldsa)), fault.SignatureHybrid},
		{"hybrid", keys.ProfilePQ, sealed(t, m, p256, mldsa), trust(t, half(p256), half(mldsa)), ""},
		{"half of it", keys.ProfilePQ, sealed(t, m, p256), trust(t, half(p256), half(mldsa)), fault.SignatureHybrid},
		{"classical key under pq", keys.ProfilePQ, sealed(t, m, p256), trust(t, p256), fault.KeyForbidden},
		{"blob", keys.ProfileSM, sealedBlob(t, "app", sm2), trust(t, sm2), ""},
		{"forbidden blob", keys.ProfileFIPS, sealedBlob(t, "app", sm2), trust(t, sm2), fault.KeyForbidden},
		{"unknown profile", "nonsense", sealed(t, m, p256), trust(t, p256), fault.KeyForbidden},
	} {
		t.Run(row.name, func(t *testing.T) {
			policy := &verify.Policy{Trust: row.trust, Threshold: 1, At: now(), Profile: row.profile, Subjects: app}
			r, err := verify.Verify(t.Context(), evidence(t, row.evidence), policy)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.Equal(t, fault.ExitRejected, r.Exit)
			assert.Nil(t, r.Results[0].Claims)
			assert.Equal(t, row.profile, r.Profile.Name)
		})
	}
}
