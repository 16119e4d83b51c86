package authenticator_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

func TestTouch(t *testing.T) {
	const timeout = 300 * time.Millisecond
	for name, tt := range map[string]struct {
		touch authenticator.Touch
		want  authenticator.Status
	}{
		"at once":       {authenticator.Touch{}, authenticator.OK},
		"after a while": {authenticator.TouchAfter(timeout / 3), authenticator.OK},
		"too late":      {authenticator.TouchAfter(time.Hour), authenticator.UserActionTimeout},
		"never":         {authenticator.TouchNever(), authenticator.UserActionTimeout},
		"refused":       {authenticator.TouchRefused(), authenticator.OperationDenied},
	} {
		t.Run(name, func(t *testing.T) {
			d := authenticator.Start(t, authenticator.WithTouch(tt.touch), authenticator.WithTouchTimeout(timeout))
			c := open(t, d)
			status, _ := c.command(authenticator.Selection, nil)
			assert.Equal(t, tt.want, status)
			status, _ = c.command(authenticator.MakeCredential, creation())
			assert.Equal(t, tt.want, status)
		})
	}
}

func TestTouchByHand(t *testing.T) {
	d := authenticator.Start(t)
	d.SetTouch(authenticator.TouchNever())
	assert.False(t, d.Touch(), "nobody waits")
	c := open(t, d)
	c.send(cborCmd, []byte{byte(authenticator.Selection)})
	d.AwaitTouch(t)
	assert.True(t, d.Touch())
	_, answer := c.receive()
	assert.Equal(t, []byte{byte(authenticator.OK)}, answer)
}

func TestLibfido2SeesWhatTheUserDoes(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithTouchTimeout(300*time.Millisecond))
	in := file(t, hashOf("create"), rpID, "alice", encoded([]byte("alice")))
	for touch, want := range map[authenticator.Touch]string{
		authenticator.TouchRefused(): "FIDO_ERR_OPERATION_DENIED",
		authenticator.TouchNever():   "FIDO_ERR_USER_ACTION_TIMEOUT",
	} {
		d.SetTouch(touch)
		_, screen, err := atTerminal(t, nil, "fido2-cred", "-M", "-i", in, d.Path())
		require.Error(t, err)
		assert.Contains(t, screen, want)
	}
}

func TestUnpluggedWhileWaitingForATouch(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchNever()))
	tool(t, "fido2-token", "-V") // or the test ends here
	in := file(t, hashOf("create"), rpID, "alice", encoded([]byte("alice")))
	cmd := exec.CommandContext(t.Context(), "fido2-cred", "-M", "-i", in, d.Path())
	require.NoError(t, cmd.Start())
	d.AwaitTouch(t)
	began := time.Now()
	d.Unplug()
	require.Error(t, cmd.Wait())
	assert.Less(t, time.Since(began), 20*time.Second, "well before the touch timed out")
	assert.Empty(t, d.Path())

	d.Replug(t)
	d.SetTouch(authenticator.Touch{})
	makeCredential(t, d, nil, "es256")
}
