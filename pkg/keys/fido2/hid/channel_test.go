package hid

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// serve answers what a client writes: the tests of package ctap have a real
// token, and this is for what one never does at INIT.
func serve(t *testing.T, answer func(nonce []byte) []byte) io.ReadWriteCloser {
	t.Helper()
	client, device := net.Pipe()
	t.Cleanup(func() { _ = device.Close() })
	go func() {
		report := make([]byte, 1+reportSize)
		if _, err := io.ReadFull(device, report); err != nil {
			return
		}
		list, err := reports(broadcast, cmdInit, answer(report[1+initHeader:][:8]))
		if err != nil {
			return
		}
		for _, r := range list {
			if _, err := device.Write(r); err != nil {
				return
			}
		}
	}()
	return client
}

func initAnswer(nonce []byte, channel uint32, capabilities byte) []byte {
	out := binary.BigEndian.AppendUint32(append([]byte(nil), nonce...), channel)
	return append(out, 2, 1, 0, 0, capabilities)
}

func TestInit(t *testing.T) {
	for name, answer := range map[string]func(nonce []byte) []byte{
		"too short":             func(nonce []byte) []byte { return nonce },
		"channel 0":             func(nonce []byte) []byte { return initAnswer(nonce, 0, capabilityCBOR) },
		"the broadcast channel": func(nonce []byte) []byte { return initAnswer(nonce, broadcast, capabilityCBOR) },
		"U2F only":              func(nonce []byte) []byte { return initAnswer(nonce, 5, 0) },
		"another's nonce":       func([]byte) []byte { return initAnswer(make([]byte, 8), 5, capabilityCBOR) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewChannel(t.Context(), serve(t, answer), time.Minute)
			assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
		})
	}
	c, err := NewChannel(t.Context(), serve(t, func(nonce []byte) []byte { return initAnswer(nonce, 5, capabilityCBOR) }), time.Minute)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close(), "closing twice")
	_, err = c.Transact(t.Context(), []byte{4}, nil)
	assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
}

func TestInitCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := NewChannel(ctx, serve(t, func([]byte) []byte { return nil }), time.Minute)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for path, want := range map[string]fault.Reason{
		filepath.Join(dir, "absent"): fault.DeviceNotFound,
		file:                         fault.DeviceNotFound,
		dir:                          fault.DeviceFailed,
	} {
		_, err := Open(t.Context(), path, time.Second)
		assert.Equal(t, want, fault.ReasonOf(err), "%s: %v", path, err)
	}
}

func TestOpenError(t *testing.T) {
	denied := openError(&os.PathError{Op: "open", Path: "/dev/hidraw0", Err: os.ErrPermission}, "/dev/hidraw0")
	assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(denied))
	assert.Contains(t, fault.HintOf(denied), "plugdev")
	busy := openError(errBusy, "/dev/hidraw0")
	assert.Equal(t, fault.DeviceBusy, fault.ReasonOf(busy))
	assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(openError(errors.New("input/output error"), "/dev/hidraw0")))
}
