package keystest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// concurrentUses is how many goroutines use one signer at once.
const concurrentUses = 8

// check is the suite for one key.
type check struct {
	Fixture
	suite     Suite
	algorithm keys.Algorithm
}

// open goes through the registry, as a program does. The signer is closed when
// the test ends.
func (c *check) open(t *testing.T) dsse.Signer {
	t.Helper()
	registry, err := keys.NewDrivers(c.Driver)
	require.NoError(t, err)
	s, err := registry.Open(t.Context(), c.Ref)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keys.Close(s)) })
	return s
}

// verifier is not the signer's own: it comes from what the test knows.
func (c *check) verifier(t *testing.T) dsse.Verifier {
	t.Helper()
	if c.Verifier != nil {
		return c.Verifier
	}
	v, err := dsse.NewVerifier(c.Public)
	require.NoError(t, err)
	return v
}

func message(s string) dsse.Message {
	return dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(s))
}

func (c *check) signs(t *testing.T) {
	s := c.open(t)
	v := c.verifier(t)
	for _, content := range []string{"", "{}", strings.Repeat("a longer payload ", 8000)} {
		sig, err := s.Sign(t.Context(), message(content))
		require.NoError(t, err)
		require.NoError(t, v.Verify(message(content), sig), "%d bytes", len(content))
		require.Error(t, v.Verify(message(content+"x"), sig), "a signature over one payload verified over another")
		other := dsse.NewMessage("text/plain", dsse.Bytes(content))
		require.Error(t, v.Verify(other, sig), "a signature over one payload type verified over another")
	}
}

func (c *check) public(t *testing.T) {
	s := c.open(t)
	want, err := dsse.KeyID(c.Public)
	require.NoError(t, err)
	got, err := dsse.KeyID(s.Public())
	require.NoError(t, err)
	assert.Equal(t, want, got)
	a, err := keys.AlgorithmOf(s.Public())
	require.NoError(t, err)
	assert.Equal(t, c.algorithm, a)
	sig, err := s.Sign(t.Context(), message("{}"))
	require.NoError(t, err)
	assert.Equal(t, want, sig.KeyID, "signatures carry the key's id")
	require.NoError(t, keys.SelfTest(t.Context(), s))
}

func (c *check) deterministic(t *testing.T) {
	one, err := c.open(t).Sign(t.Context(), message("{}"))
	require.NoError(t, err)
	two, err := c.open(t).Sign(t.Context(), message("{}"))
	require.NoError(t, err)
	assert.Equal(t, one.Sig, two.Sig)
}

func (c *check) concurrent(t *testing.T) {
	s := c.open(t)
	v := c.verifier(t)
	errs := make([]error, concurrentUses)
	var wg sync.WaitGroup
	for i := range concurrentUses {
		wg.Go(func() {
			m := message(fmt.Sprintf(`{"n":%d}`, i))
			sig, err := s.Sign(t.Context(), m)
			if err == nil {
				err = v.Verify(m, sig)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for i, err := range errs {
		assert.NoError(t, err, "use %d", i)
	}
}

func (c *check) cancelled(t *testing.T) {
	s := c.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Sign(ctx, message("{}"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Driver.Open(ctx, c.Ref)
	require.ErrorIs(t, err, context.Canceled)
}

func (c *check) missing(t *testing.T) {
	_, err := c.Driver.Open(t.Context(), c.Missing)
	c.fails(t, err, cmp.Or(c.MissingReason, fault.InputNotFound))
}

func (c *check) wrongSecret(t *testing.T) {
	_, err := c.WrongSecret.Open(t.Context(), c.Ref)
	c.fails(t, err, cmp.Or(c.WrongSecretReason, fault.PassphraseWrong))
}

func (c *check) damaged(t *testing.T) {
	_, err := c.Driver.Open(t.Context(), c.Damaged)
	c.fails(t, err, fault.KeySelfTest)
}

func (c *check) refused(t *testing.T, r Refusal) {
	_, err := c.Driver.Open(t.Context(), r.Ref)
	c.fails(t, err, r.Reason)
	assert.Contains(t, fault.HintOf(err), r.Hint)
}

// takenAway has the device go while a signer is in use. Its failure leaves
// nothing that hangs.
func (c *check) takenAway(t *testing.T) {
	s := c.open(t)
	_, err := s.Sign(t.Context(), message("{}"))
	require.NoError(t, err)
	c.TakeAway()
	for range 2 {
		_, err = s.Sign(t.Context(), message("{}"))
		c.fails(t, err, fault.DeviceFailed)
	}
}

func (c *check) otherScheme(t *testing.T) {
	ref, err := keys.ParseRef("nosuchscheme:key")
	require.NoError(t, err)
	registry, err := keys.NewDrivers(c.Driver)
	require.NoError(t, err)
	_, err = registry.Open(t.Context(), ref)
	c.fails(t, err, fault.KeyScheme)
	assert.Contains(t, fault.HintOf(err), c.Driver.Scheme())
}

// fails requires an error with a reason, and without any secret in its text,
// its hint or its details.
func (c *check) fails(t *testing.T, err error, want fault.Reason) {
	t.Helper()
	require.Error(t, err)
	assert.Equal(t, want, fault.ReasonOf(err), "%v", err)
	text := fmt.Sprintf("%v %+v %s", err, err, fault.HintOf(err))
	if fe, ok := errors.AsType[*fault.Error](err); ok {
		text += fmt.Sprint(fe.Details)
	}
	for _, secret := range c.Secrets {
		require.NotEmpty(t, secret)
		assert.NotContains(t, text, secret)
	}
}
