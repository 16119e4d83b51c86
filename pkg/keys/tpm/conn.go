package tpm

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/stellaops/stella/internal/fault"
)

const (
	// maxResponse bounds a response of the TPM, in bytes (TPM 2.0 Library,
	// part 2, section 6.13, MAX_RESPONSE_SIZE of the PC Client profile).
	maxResponse = 4096
	// responseHeader is a tag, the response's size and its code (part 1, 18.6).
	responseHeader = 10
	// helloLimit bounds the first command, which a TPM answers at once: a
	// software TPM serves one program at a time and leaves others unanswered.
	helloLimit = 5 * time.Second
	// commandLimit bounds any command. Some TPMs take minutes for an RSA key.
	commandLimit = 5 * time.Minute
	// A TPM that asks for patience is asked again after firstRetry, then twice
	// that, up to lastRetry: 2.5 seconds in all.
	firstRetry = 10 * time.Millisecond
	lastRetry  = 1280 * time.Millisecond
)

// conn is an open connection to a TPM. One goroutine uses it at a time.
type conn struct {
	path   string
	stream io.ReadWriteCloser
	broken error // the first failure of the connection
}

var _ transport.TPM = (*conn)(nil)

// dial opens the character device or the socket at path and asks the TPM who
// it is.
func dial(ctx context.Context, path string) (*conn, error) {
	stream, err := open(ctx, path)
	if err != nil {
		return nil, openError(path, err)
	}
	c := &conn{path: path, stream: stream}
	if err := c.hello(ctx); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func open(ctx context.Context, path string) (io.ReadWriteCloser, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSocket != 0:
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	case info.Mode()&fs.ModeCharDevice != 0:
		return openDevice(path)
	}
	return nil, errors.New("neither a device nor a socket")
}

// openDevice opens a character device for blocking use: in the other mode the
// kernel answers a read with nothing until the TPM is done.
func openDevice(path string) (io.ReadWriteCloser, error) {
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

func openError(path string, err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.DeviceNotFound, "there is no TPM at %q", path).With("device", path).WithHint("%s", whereHint)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.DeviceFailed, "permission denied for the TPM at %q", path).With("device", path).
			WithHint("join the group that owns the device, on most systems with \"usermod -a -G tss USER\", and log in again")
	case errors.Is(err, syscall.EBUSY):
		return fault.New(fault.DeviceBusy, "another program uses the TPM at %q", path).With("device", path).
			WithHint("use /dev/tpmrm0, which serves several programs, or try again later")
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV):
		return fault.New(fault.DeviceNotFound, "no TPM answers at %q", path).With("device", path).WithHint("%s", whereHint)
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the path is in the message already
	}
	return fault.Wrap(fault.DeviceFailed, err, "failed to open the TPM at %q", path).With("device", path)
}

const whereHint = "enable the TPM in the firmware's settings, or name its device with ?device=PATH in the reference or STELLA_TPM_DEVICE"

// hello finds out that a TPM 2.0 is there and free. ctx ends it, since no state
// of the TPM is at stake yet.
func (c *conn) hello(ctx context.Context) error {
	defer context.AfterFunc(ctx, c.close)()
	late := time.AfterFunc(helloLimit, c.close)
	_, err := c.property(tpm2.TPMPTPermanent)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !late.Stop():
		return fault.New(fault.DeviceBusy, "the TPM at %q does not answer: another program uses it", c.path).
			With("device", c.path).WithHint("try again when the other program has ended")
	}
	return explain(err, "say what it is")
}

// Send implements transport.TPM: one command, one response. Once the
// connection failed it stays failed.
func (c *conn) Send(command []byte) ([]byte, error) {
	for wait := firstRetry; ; wait *= 2 {
		response, err := c.exchange(command)
		if err != nil || wait > lastRetry || !asksForPatience(response) {
			return response, err
		}
		time.Sleep(wait)
	}
}

// asksForPatience reports whether the TPM did nothing yet and wants the same
// command again (TPM 2.0 Library, part 2, section 6.6.3).
func asksForPatience(response []byte) bool {
	switch tpm2.TPMRC(binary.BigEndian.Uint32(response[6:])) {
	case tpm2.TPMRCRetry, tpm2.TPMRCYielded, tpm2.TPMRCTesting:
		return true
	}
	return false
}

func (c *conn) exchange(command []byte) ([]byte, error) {
	if c.broken != nil {
		return nil, c.broken
	}
	late := time.AfterFunc(commandLimit, c.close)
	defer late.Stop()
	response, err := c.roundTrip(command)
	if err != nil {
		c.broken = c.failed(err)
		c.close()
		return nil, c.broken
	}
	return response, nil
}

func (c *conn) failed(err error) error {
	for _, known := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, fs.ErrClosed, syscall.EPIPE, syscall.ECONNRESET} {
		if errors.Is(err, known) {
			return fault.New(fault.DeviceFailed, "the TPM at %q went away", c.path).With("device", c.path).
				WithHint("check that the device or the service that provides it is still there, and try again")
		}
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if oe, ok := errors.AsType[*net.OpError](err); ok {
		err = oe.Err
	}
	return fault.Wrap(fault.DeviceFailed, err, "the TPM at %q failed", c.path).With("device", c.path)
}

// roundTrip reads as often as a response needs: a device gives it whole, a
// socket in parts.
func (c *conn) roundTrip(command []byte) ([]byte, error) {
	if _, err := c.stream.Write(command); err != nil {
		return nil, err
	}
	buf := make([]byte, maxResponse)
	n, err := io.ReadAtLeast(c.stream, buf, responseHeader)
	if err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(buf[2:])
	if size < responseHeader || size > maxResponse || n > int(size) {
		return nil, errors.New("malformed response")
	}
	_, err = io.ReadFull(c.stream, buf[n:size])
	return buf[:size], err
}

func (c *conn) close() { _ = c.stream.Close() } // nothing is lost that could be saved

// property returns one of the TPM's numbers.
func (c *conn) property(p tpm2.TPMPT) (uint32, error) {
	rsp, err := tpm2.GetCapability{Capability: tpm2.TPMCapTPMProperties, Property: uint32(p), PropertyCount: 1}.Execute(c)
	if err != nil {
		return 0, err
	}
	list, err := rsp.CapabilityData.Data.TPMProperties()
	if err != nil || len(list.TPMProperty) == 0 || list.TPMProperty[0].Property != p {
		return 0, fault.New(fault.DeviceFailed, "the TPM at %q does not say its properties", c.path)
	}
	return list.TPMProperty[0].Value, nil
}
