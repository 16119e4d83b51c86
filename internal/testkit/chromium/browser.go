// Package chromium drives a real browser in tests: Debian's chromium, headless, by
// the DevTools protocol over a pipe (https://chromedevtools.github.io/devtools-protocol/).
// A browser that is not installed skips the test, and with CI=true fails it.
package chromium

import (
	"bufio"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long the browser may take for one answer: many times what it
// needs on a busy machine.
const patience = 2 * time.Minute

// Browser is a running browser. It is for one goroutine.
type Browser struct {
	t    testing.TB
	to   io.Writer
	last int

	mu      sync.Mutex
	answers map[int]chan answer
	events  []Event
	gone    error
}

// Event is something that the browser said unasked.
type Event struct {
	Method  string         `json:"method"`
	Session string         `json:"sessionId"`
	Params  jsontext.Value `json:"params"`
}

type answer struct {
	Result jsontext.Value `json:"result"`
	Error  struct {
		Message string `json:"message"`
	} `json:"error"`
}

// Start runs a browser with a profile of its own until the test ends. Where these
// tests run there is no network, and the flags keep the browser from looking for one.
func Start(t testing.TB) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed: install it to run this test")
	}
	theirs, to := pipe(t)
	from, theirsToo := pipe(t)
	profile := profileDir(t)
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+profile)
	cmd.Env = append(os.Environ(), "TMPDIR="+profile)
	cmd.ExtraFiles = []*os.File{theirs, theirsToo} // descriptors 3 and 4
	require.NoError(t, cmd.Start())
	theirs.Close()
	theirsToo.Close()
	b := &Browser{t: t, to: to, answers: make(map[int]chan answer)}
	ended := make(chan struct{})
	go func() { defer close(ended); b.listen(from) }()
	t.Cleanup(func() {
		if b.try("", "Browser.close", nil, nil) != nil {
			_ = cmd.Process.Kill()
		}
		to.Close()
		_ = cmd.Wait()
		<-ended
	})
	return b
}

// profileDir makes the directory of a profile and removes it after the test. The
// browser's helpers outlive it for a moment and still write there, so removing it
// may take more than one attempt.
func profileDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "stella-chromium-")
	require.NoError(t, err)
	t.Cleanup(func() {
		require.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, patience, 50*time.Millisecond)
	})
	return dir
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	return r, w
}

// listen sorts what the browser says until it says no more. Messages end in NUL.
func (b *Browser) listen(from io.Reader) {
	in := bufio.NewReader(from)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			b.end(err)
			return
		}
		var m struct {
			ID int `json:"id"`
			answer
			Event
		}
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			b.end(err)
			return
		}
		b.mu.Lock()
		if waiting := b.answers[m.ID]; waiting != nil {
			waiting <- m.answer
			delete(b.answers, m.ID)
		} else {
			b.events = append(b.events, m.Event)
		}
		b.mu.Unlock()
	}
}

func (b *Browser) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = fmt.Errorf("the browser is gone: %w", err)
	for _, waiting := range b.answers {
		close(waiting)
	}
	b.answers = nil
}

// call asks the browser for something and fails the test if it does not do it.
func (b *Browser) call(session, method string, params, result any) {
	b.t.Helper()
	require.NoError(b.t, b.try(session, method, params, result))
}

func (b *Browser) try(session, method string, params, result any) error {
	b.last++
	waiting := make(chan answer, 1)
	b.mu.Lock()
	if b.gone != nil {
		b.mu.Unlock()
		return b.gone
	}
	b.answers[b.last] = waiting
	b.mu.Unlock()
	text, err := json.Marshal(struct {
		ID      int    `json:"id"`
		Method  string `json:"method"`
		Session string `json:"sessionId,omitzero"`
		Params  any    `json:"params,omitzero"`
	}{b.last, method, session, params})
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		return err
	}
	select {
	case a, ok := <-waiting:
		switch {
		case !ok:
			return b.gone
		case a.Error.Message != "":
			return fmt.Errorf("%s: %s", method, a.Error.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(a.Result, result)
	case <-time.After(patience):
		return fmt.Errorf("%s: no answer in %v", method, patience)
	}
}

// eventsOf returns what the browser said of a page so far.
func (b *Browser) eventsOf(session, method string) []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Event
	for _, e := range b.events {
		if e.Session == session && e.Method == method {
			out = append(out, e)
		}
	}
	return out
}
