package tpm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"testing"

	"github.com/google/go-tpm/tpm2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// TestOpenError has what the system answers for devices that this machine does
// not have.
func TestOpenError(t *testing.T) {
	for _, row := range []struct {
		err    error
		want   fault.Reason
		advice string
	}{
		{syscall.ENOENT, fault.DeviceNotFound, "STELLA_TPM_DEVICE"},
		{syscall.EACCES, fault.DeviceFailed, "tss"},
		{syscall.EPERM, fault.DeviceFailed, "tss"},
		{syscall.EBUSY, fault.DeviceBusy, "/dev/tpmrm0"},
		{syscall.ENODEV, fault.DeviceNotFound, "firmware"},
		{&fs.PathError{Op: "open", Path: "/dev/tpm0", Err: syscall.EIO}, fault.DeviceFailed, ""},
	} {
		err := openError("/dev/tpm0", row.err)
		assert.Equal(t, row.want, fault.ReasonOf(err), "%v", row.err)
		assert.Contains(t, fault.HintOf(err), row.advice)
		assert.Contains(t, err.Error(), "/dev/tpm0")
	}
}

// TestExplain has what a TPM answers and a software TPM does not on demand.
func TestExplain(t *testing.T) {
	for code, want := range map[tpm2.TPMRC]fault.Reason{
		tpm2.TPMRCLockout:       fault.PINLocked,
		tpm2.TPMRCObjectMemory:  fault.DeviceBusy,
		tpm2.TPMRCSessionMemory: fault.DeviceBusy,
		tpm2.TPMRCTesting:       fault.DeviceBusy,
		tpm2.TPMRCInitialize:    fault.DeviceFailed,
		tpm2.TPMRCFailure:       fault.DeviceFailed,
	} {
		err := explain(fmt.Errorf("initializing session 0: %w", code), "sign")
		assert.Equal(t, want, fault.ReasonOf(err), "%v", err)
	}
	assert.NoError(t, explain(nil, "sign"))
	own := fault.New(fault.DeviceFailed, "gone")
	assert.Equal(t, error(own), explain(fmt.Errorf("executing policy: %w", own), "sign"), "without the words around it")
}

// script is a TPM that answers what it was given.
type script struct {
	answers [][]byte
	asked   int
	closed  bool
}

func (s *script) Write(p []byte) (int, error) { s.asked++; return len(p), nil }

func (s *script) Read(p []byte) (int, error) {
	if len(s.answers) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.answers[0])
	if s.answers[0] = s.answers[0][n:]; len(s.answers[0]) == 0 {
		s.answers = s.answers[1:]
	}
	return n, nil
}

func (s *script) Close() error { s.closed = true; return nil }

func answer(code tpm2.TPMRC) []byte {
	return []byte{0x80, 0x01, 0, 0, 0, 10, byte(code >> 24), byte(code >> 16), byte(code >> 8), byte(code)}
}

// TestPatience sends a command again when the TPM asks for it, and no other
// time.
func TestPatience(t *testing.T) {
	tpm := &script{answers: [][]byte{answer(tpm2.TPMRCRetry), answer(tpm2.TPMRCTesting), answer(tpm2.TPMRCSuccess)}}
	response, err := (&conn{path: "x", stream: tpm}).Send([]byte("command"))
	require.NoError(t, err)
	assert.Equal(t, answer(tpm2.TPMRCSuccess), response)
	assert.Equal(t, 3, tpm.asked)

	tpm = &script{answers: [][]byte{answer(tpm2.TPMRCAuthFail), answer(tpm2.TPMRCSuccess)}}
	_, err = (&conn{path: "x", stream: tpm}).Send([]byte("command"))
	require.NoError(t, err)
	assert.Equal(t, 1, tpm.asked, "a refusal is not asked for twice")
}

// TestMalformedResponse ends the connection at the first response that is none.
func TestMalformedResponse(t *testing.T) {
	for name, answers := range map[string][][]byte{
		"nothing":       nil,
		"cut header":    {{0x80, 0x01, 0}},
		"size too low":  {{0x80, 0x01, 0, 0, 0, 9, 0, 0, 0, 0}},
		"size too high": {{0x80, 0x01, 0, 0, 0x10, 1, 0, 0, 0, 0}},
		"cut body":      {{0x80, 0x01, 0, 0, 0, 11, 0, 0, 0, 0}},
		"two at once":   {append(answer(0), answer(0)...)},
	} {
		tpm := &script{answers: answers}
		c := &conn{path: "x", stream: tpm}
		for range 2 {
			_, err := c.Send([]byte("command"))
			assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), name)
		}
		assert.Equal(t, 1, tpm.asked, name)
		assert.True(t, tpm.closed, name)
	}
	tpm := &script{answers: [][]byte{answer(0)[:3], answer(0)[3:]}}
	_, err := (&conn{path: "x", stream: tpm}).Send([]byte("command"))
	require.NoError(t, err, "in parts, as sockets give it")
}

// FuzzResponses has a hostile TPM answer whatever is asked.
func FuzzResponses(f *testing.F) {
	f.Add(answer(0))
	f.Add(bytes.Repeat(answer(tpm2.TPMRCValue), 4))
	f.Add([]byte("\x80\x01\x00\x00\x00\x1b\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00\x02\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x80\x01\x00\x00\x00\x17\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x81\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, all []byte) {
		for name, ask := range map[string]func(*conn) error{
			"attempts":   func(c *conn) error { _, err := readAttempts(c); return err },
			"list":       func(c *conn) error { _, err := persistentKeys(c); return err },
			"primary":    func(c *conn) error { _, err := primaryKey(c, tpm2.TPMRHOwner); return err },
			"persistent": func(c *conn) error { _, err := findPersistent(c, firstPersistent, true); return err },
			"PCR": func(c *conn) error {
				s, err := parsePCRs("sha256:0")
				if err != nil {
					return err
				}
				_, err = s.step(c)
				return err
			},
		} {
			err := ask(&conn{path: "x", stream: &script{answers: [][]byte{bytes.Clone(all)}}})
			if fe, ok := errors.AsType[*fault.Error](err); err != nil && !ok {
				t.Fatalf("%s: %v %v", name, fe, err)
			}
		}
	})
}
