package tpm_test

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// bus is what lies between program and TPM: it records what passes and does
// what a real TPM does not do on demand.
type bus struct {
	socket string

	mu     sync.Mutex
	idle   *sync.Cond
	record bytes.Buffer
	held   bool                  // answers wait
	alter  func(response []byte) // what happens to answers
}

// newBus puts a bus before a TPM.
func newBus(t testing.TB, device *softTPM) *bus {
	t.Helper()
	dir, err := os.MkdirTemp("", "bus")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := &bus{socket: filepath.Join(dir, "s")}
	b.idle = sync.NewCond(&b.mu)
	listener, err := net.Listen("unix", b.socket)
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	t.Cleanup(func() { b.hold(false) })
	go func() {
		for {
			up, err := listener.Accept()
			if err != nil {
				return
			}
			down, err := net.Dial("unix", device.Socket)
			if err != nil {
				up.Close()
				continue
			}
			go b.pass(down, up, false)
			go b.pass(up, down, true)
		}
	}()
	return b
}

// pass copies one direction until it ends, and then ends the other too.
func (b *bus) pass(to, from net.Conn, answers bool) {
	defer to.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		b.mu.Lock()
		b.record.Write(buf[:n])
		for answers && b.held {
			b.idle.Wait()
		}
		if answers && b.alter != nil {
			b.alter(buf[:n])
		}
		b.mu.Unlock()
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// hold keeps answers back, or lets them go.
func (b *bus) hold(held bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = held
	b.idle.Broadcast()
}

// tamper changes answers from now on.
func (b *bus) tamper(alter func(response []byte)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.alter = alter
}

// recorded returns all that passed.
func (b *bus) recorded() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.record.Bytes())
}
