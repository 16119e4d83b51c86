package authenticator

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// A Device is an emulated token. Its methods are what a user and a test do to
// it: touch it, pull it out, look inside. They are safe for concurrent use, also
// while a client talks to the device.
type Device struct {
	token *token
	log   *log
	fault *faults

	mu   sync.Mutex
	port *port // nil while the device is unplugged
}

// Start makes a device with no credentials and plugs it in. It is unplugged when
// the test ends. Where the system has no pseudo-terminals the test is skipped.
func Start(t testing.TB, opts ...Option) *Device {
	t.Helper()
	d, err := New(opts...)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the authenticator emulator needs Linux")
	}
	if err != nil {
		t.Fatalf("authenticator: %v", err)
	}
	t.Cleanup(d.Unplug)
	return d
}

// New makes a device as Start does, for programs that are no tests. Where the system
// has no pseudo-terminals the error is errors.ErrUnsupported.
func New(opts ...Option) (*Device, error) {
	c := defaults()
	for _, o := range opts {
		o(&c)
	}
	k, err := newToken(c)
	if err != nil {
		return nil, err
	}
	d := &Device{token: k, log: &log{}, fault: &faults{}}
	if err := d.plug(); err != nil {
		return nil, err
	}
	return d, nil
}

// Path returns the device file that a client opens, as it would open
// /dev/hidraw0. It is empty while the device is unplugged, and may be another
// one after Replug.
func (d *Device) Path() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.port == nil {
		return ""
	}
	return d.port.path
}

// Unplug takes the device away, whatever it is doing: a client that has it open
// reads an error or end of file, and the path is gone. The kernel may give the
// same path to the next pseudo-terminal.
func (d *Device) Unplug() {
	d.mu.Lock()
	p := d.port
	d.port = nil
	d.mu.Unlock()
	if p != nil {
		p.close()
	}
}

// Replug cuts the device's power and plugs it in again. Credentials, PIN and
// retries stay; what lives until power is cut is gone, such as PIN tokens and
// the block after three wrong PINs.
func (d *Device) Replug(t testing.TB) {
	t.Helper()
	d.Unplug()
	if err := d.plug(); err != nil {
		t.Fatalf("authenticator: %v", err)
	}
}

func (d *Device) plug() error {
	line, err := openLine()
	if err != nil {
		return err
	}
	if err := d.token.powerUp(); err != nil {
		line.close()
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &port{path: line.path, line: line, cancel: cancel, stopped: make(chan struct{})}
	h := newHID(line, d)
	go func() {
		defer close(p.stopped)
		h.serve(ctx)
	}()
	d.mu.Lock()
	d.port = p
	d.mu.Unlock()
	return nil
}

// A port is one time of being plugged in.
type port struct {
	path    string
	line    *line
	cancel  context.CancelFunc
	stopped chan struct{}
}

// close takes the line away before the request that is under way is cancelled: a device that is
// pulled out says nothing more, not even that it was cancelled.
func (p *port) close() {
	p.line.close()
	p.cancel()
	<-p.stopped
}
