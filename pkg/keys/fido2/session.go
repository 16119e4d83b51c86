package fido2

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

// fewTries is from how many PIN tries on the user is warned.
const fewTries = 3

// session is the use of one key. One use is under way at a time, as the token
// does one thing at a time and its user has one hand.
type session struct {
	driver *Driver
	ref    keys.Ref
	key    *credential
	ask    keys.Passphrases

	turn chan struct{} // holds a value while somebody uses the session
	// The rest belongs to who has the turn.
	pin    []byte // that the token took
	closed bool
}

func (d *Driver) session(ref keys.Ref, c *credential) (*session, error) {
	ask, err := d.pins(ref)
	if err != nil {
		return nil, err
	}
	return &session{driver: d, ref: ref, key: c, ask: ask, turn: make(chan struct{}, 1)}, nil
}

// close forgets the PIN. It waits for a use that is under way.
func (s *session) close() {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.forget()
	s.closed = true
}

func (s *session) forget() {
	clear(s.pin)
	s.pin = nil
}

// assert has the token sign, or give the secret for a salt.
func (s *session) assert(ctx context.Context, clientDataHash, salt []byte, doing string) (*ctap.Assertion, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case s.closed:
		return nil, errClosed()
	}
	o, err := s.driver.open(ctx, s.ref, s.key)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	pin, err := s.givePIN(ctx, o)
	if err != nil {
		return nil, err
	}
	a, err := o.Assert(ctx, ctap.AssertionRequest{
		RPID: s.key.rpID, ClientDataHash: clientDataHash, Credential: s.key.id, Salt: salt, PIN: pin,
		Touched: s.driver.touchPrompt(o, doing),
	})
	if err != nil {
		return nil, s.failed(ctx, o, err)
	}
	return a, nil
}

// touchPrompt asks the user for a touch.
func (d *Driver) touchPrompt(o *opened, doing string) func() {
	return func() { d.config.Say(fmt.Sprintf("touch your token (%s) to %s", o.path, doing)) }
}

// givePIN returns the PIN if the key or the token wants one, else nil. A token
// that always verifies its user gets it for a signature too; for a secret it
// would give another one than at enrolment.
func (s *session) givePIN(ctx context.Context, o *opened) ([]byte, error) {
	info, err := o.Info(ctx)
	if err != nil {
		return nil, explain(err, o.path)
	}
	if !s.key.verify && (s.key.mode == ModeWrapped || !info.AlwaysVerifies()) {
		return nil, nil
	}
	if s.pin == nil {
		s.pin, err = s.driver.askPIN(ctx, o, info, s.ask, s.ref.Name())
	}
	return s.pin, err
}

// askPIN asks for the PIN of a token once, and says before what a wrong one costs.
func (d *Driver) askPIN(ctx context.Context, o *opened, info *ctap.Info, ask keys.Passphrases, name string) ([]byte, error) {
	if !info.PINSet() {
		return nil, noPIN(o.path)
	}
	retries, err := o.PINRetries(ctx)
	if err != nil {
		return nil, explain(err, o.path)
	}
	prompt := keys.Prompt{Kind: keys.PIN, Key: name}
	switch {
	case retries.Left == 0:
		return nil, explain(ctap.StatusPINBlocked, o.path)
	case retries.PowerCycle:
		return nil, explain(ctap.StatusPINAuthBlocked, o.path)
	case retries.Left == 1:
		prompt.Warning = "this is the last try before the token locks for good"
	case retries.Left <= fewTries:
		prompt.Warning = fmt.Sprintf("%d tries are left before the token locks for good", retries.Left)
	}
	pin, err := askNormal(ctx, ask, prompt)
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(pin, 0) >= 0 {
		clear(pin)
		return nil, fault.New(fault.PINInvalid, "the PIN has a zero byte, which no token's PIN has")
	}
	return pin, nil
}

// failed explains an error of a command that may have had a PIN, and forgets a
// PIN that was wrong: it is never tried again.
func (s *session) failed(ctx context.Context, o *opened, err error) error {
	if s.pin == nil || !isPINFailure(err) {
		return explain(err, o.path)
	}
	s.forget()
	return wrongPIN(ctx, o, err)
}

func isPINFailure(err error) bool {
	for _, s := range []ctap.Status{
		ctap.StatusPINInvalid, ctap.StatusPINAuthInvalid, ctap.StatusPINBlocked, ctap.StatusPINAuthBlocked, ctap.StatusPINPolicy,
	} {
		if errors.Is(err, s) {
			return true
		}
	}
	return false
}

// wrongPIN says what the wrong PIN has cost.
func wrongPIN(ctx context.Context, o *opened, err error) error {
	out := explain(err, o.path)
	fe, ok := errors.AsType[*fault.Error](out)
	if !ok || fe.Reason != fault.PINWrong {
		return out
	}
	retries, askErr := o.PINRetries(ctx)
	if askErr != nil {
		return fe.WithHint("give the right PIN")
	}
	return fe.WithHint("%s left before the token locks for good", tries(retries.Left)).With("retries", fmt.Sprint(retries.Left))
}

func tries(n int) string {
	if n == 1 {
		return "one try is"
	}
	return fmt.Sprintf("%d tries are", n)
}
