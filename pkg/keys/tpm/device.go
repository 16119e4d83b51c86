package tpm

import (
	"context"
	"os"
	"strings"
	"sync"

	"github.com/stellaops/stella/internal/fault"
)

// Devices returns where a TPM is looked for if nothing names one: the kernel's
// resource manager, which lets several programs share the TPM, then the bare
// device.
func Devices() []string { return []string{"/dev/tpmrm0", "/dev/tpm0"} }

// findDevice returns the first of the default devices that is there.
func findDevice() (string, error) {
	for _, path := range Devices() {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fault.New(fault.DeviceNotFound, "this machine shows no TPM at %s", strings.Join(Devices(), " or ")).
		WithHint("%s", whereHint)
}

// devices are the TPMs in use, one connection each: a TPM without a resource
// manager takes no second one, not even of the same program. It is safe for
// concurrent use.
type devices struct {
	mu   sync.Mutex
	open map[string]*device
}

// device is a TPM whose users take turns.
type device struct {
	all   *devices
	path  string
	turn  chan struct{} // holds a value while somebody uses conn
	conn  *conn         // nil until the first turn
	users int           // guarded by all.mu
}

// get returns the device at path for one more user, who calls put.
func (ds *devices) get(path string) *device {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d := ds.open[path]
	if d == nil {
		d = &device{all: ds, path: path, turn: make(chan struct{}, 1)}
		ds.open[path] = d
	}
	d.users++
	return d
}

// again counts one more user of a device that has one.
func (d *device) again() {
	d.all.mu.Lock()
	defer d.all.mu.Unlock()
	d.users++
}

// put ends one use. The last one closes the connection.
func (d *device) put() {
	d.all.mu.Lock()
	defer d.all.mu.Unlock()
	d.users--
	if d.users > 0 {
		return
	}
	d.forget()
	if d.conn != nil {
		d.conn.close()
	}
}

// forget makes the next get begin anew. The caller holds all.mu.
func (d *device) forget() {
	if d.all.open[d.path] == d {
		delete(d.all.open, d.path)
	}
}

// use runs f when it is this user's turn, with a connection. When ctx ends
// first, use returns at once with its error; a command that the TPM has begun
// is not taken back, so f then ends on its own, and abandon, if not nil, gets
// what f made.
func use[T any](ctx context.Context, d *device, f func(*conn) (T, error), abandon func(*conn, T)) (T, error) {
	var none T
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome)
	d.again()
	go func() {
		defer d.put()
		defer func() { <-d.turn }()
		value, err := connected(ctx, d, f)
		select {
		case done <- outcome{value, err}:
		case <-ctx.Done():
			if err == nil && abandon != nil {
				abandon(d.conn, value)
			}
		}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// connected runs f with the connection, which it opens the first time. After a
// failure of the connection nobody else gets this device.
func connected[T any](ctx context.Context, d *device, f func(*conn) (T, error)) (T, error) {
	if d.conn == nil {
		c, err := dial(ctx, d.path)
		if err != nil {
			var none T
			return none, err
		}
		d.conn = c
	}
	value, err := f(d.conn)
	if d.conn.broken != nil {
		d.all.mu.Lock()
		defer d.all.mu.Unlock()
		d.forget()
	}
	return value, err
}
