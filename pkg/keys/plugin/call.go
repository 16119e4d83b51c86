package plugin

import (
	"context"
	"encoding/json/v2"
	"errors"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// outputGrace is how long the pipes of a plugin that ended, or was ended, may
// stay open: a process that it left behind may hold them.
const outputGrace = time.Second

// request is one call of a plugin for one key.
type request struct {
	resource string
	hash     uint // number of a crypto.Hash
	method   string
	// fill sets the arguments of the method.
	fill func(a *protocol.Args, rpc protocol.RPCOptions)
	// message writes the standard input; nil for none.
	message func(w io.Writer) error
}

// call runs the plugin once and returns its answer, which is not an error
// message.
func (h *Host) call(ctx context.Context, p *program, r request) (*protocol.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, h.options.Timeout)
	defer cancel()
	argument, err := r.encode(limited)
	if err != nil {
		return nil, err
	}
	run := &run{host: h, program: p, method: r.method, message: r.message}
	answer, err := run.start(limited, argument)
	if err != nil {
		return nil, err
	}
	return run.parse(answer)
}

// encode returns the request as the plugin's second argument. Every user of the
// machine can read it: it holds names and no secrets.
func (r request) encode(ctx context.Context) (string, error) {
	rpc := protocol.RPCOptions{}
	if deadline, ok := ctx.Deadline(); ok {
		deadline = deadline.UTC().Round(time.Millisecond)
		rpc.CtxDeadline = &deadline
	}
	args := protocol.Args{
		InitOptions: &protocol.InitOptions{
			CtxDeadline: rpc.CtxDeadline, ProtocolVersion: protocol.Version,
			KeyResourceID: r.resource, HashFunc: r.hash, RPCOptions: rpc,
		},
		MethodName: r.method,
	}
	r.fill(&args, rpc)
	text, err := json.Marshal(&args)
	if err != nil {
		return "", fault.New(fault.UsageInvalid, "the key reference is not UTF-8 text")
	}
	return string(text), nil
}

// run is one run of a plugin.
type run struct {
	host    *Host
	program *program
	method  string
	message func(w io.Writer) error
	talk    lines
	status  int
}

var errFlood = errors.New("flood")

// start runs the program and returns what it wrote to standard output.
func (r *run) start(ctx context.Context, argument string) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// #nosec G204 -- the program was allowed by the configuration and checked
	cmd := exec.CommandContext(ctx, r.program.path, protocol.Version, argument)
	cmd.Env = r.host.environment(r.program.permission.Name)
	cmd.WaitDelay = outputGrace
	ownGroup(cmd)
	answer := &bounded{limit: maxAnswer, overflow: func() { cancel(errFlood) }}
	r.talk.say = r.host.say(r.program.permission.Name)
	cmd.Stdout, cmd.Stderr = answer, &r.talk
	input, feeding := r.feed()
	if input != nil {
		cmd.Stdin = input
	}
	err := cmd.Run()
	fed := feeding()
	r.talk.close()
	if cmd.ProcessState != nil {
		r.status = cmd.ProcessState.ExitCode()
	}
	return answer.content, r.judge(ctx, cmd, err, fed)
}

// feed returns the standard input of the program, and a function that ends it
// and returns the error of whoever gave the message. A program that does not
// read its message to the end is free to do so.
func (r *run) feed() (io.Reader, func() error) {
	if r.message == nil {
		return nil, func() error { return nil }
	}
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := r.message(writer)
		writer.CloseWithError(err)
		if errors.Is(err, io.ErrClosedPipe) {
			err = nil
		}
		done <- err
	}()
	return reader, func() error {
		reader.Close()
		return <-done
	}
}

// judge turns the end of the program into an error, or nil for status 0 and for
// any status with an answer, which is looked at first.
func (r *run) judge(ctx context.Context, cmd *exec.Cmd, err, fed error) error {
	switch {
	case errors.Is(context.Cause(ctx), errFlood):
		return r.fail("wrote more than %d bytes to standard output", maxAnswer)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		out := r.fail("did not answer in time")
		out.Err = ctx.Err()
		return out
	case ctx.Err() != nil:
		return ctx.Err()
	case fed != nil:
		return fed
	case errors.Is(err, exec.ErrWaitDelay):
		_ = killGroup(cmd) // whoever is left of it
		return r.fail("ended and left a process behind that holds its output")
	case r.status < 0 && cmd.ProcessState != nil:
		return r.fail("was ended by a signal: %s", cmd.ProcessState)
	case cmd.ProcessState == nil:
		return r.program.fail(err, "could not be started")
	}
	return nil
}

// parse judges the answer. A plugin that ends with another status than 0 has
// failed even if its answer looks good.
func (r *run) parse(answer []byte) (*protocol.Response, error) {
	var response protocol.Response
	malformed := json.Unmarshal(answer, &response) != nil
	if !malformed && response.ErrorMessage != "" {
		reason, text := protocol.ParseFailure(response.ErrorMessage)
		return nil, r.because(reason, "says: %s", escape(clip(text)))
	}
	switch {
	case r.status != 0:
		return nil, r.fail("ended with status %d", r.status)
	case malformed:
		return nil, r.fail("gave an answer that is not of the plugin protocol")
	case !has(&response, r.method):
		return nil, r.fail("gave no answer to %s", r.method)
	}
	return &response, nil
}

func has(r *protocol.Response, method string) bool {
	return map[string]bool{
		protocol.SupportedAlgorithms: r.SupportedAlgorithms != nil,
		protocol.CreateKey:           r.CreateKey != nil,
		protocol.PublicKey:           r.PublicKey != nil,
		protocol.SignMessage:         r.SignMessage != nil,
		protocol.VerifySignature:     r.VerifySignature != nil,
	}[method]
}

func (r *run) fail(format string, args ...any) *fault.Error {
	return r.because(fault.PluginFailed, format, args...)
}

// because returns an error with the last of what the plugin said to people.
func (r *run) because(reason fault.Reason, format string, args ...any) *fault.Error {
	name := r.program.permission.Name
	err := fault.New(reason, "plugin %q "+format, append([]any{name}, args...)...).With("plugin", name).With("method", r.method)
	if len(r.talk.last) > 0 {
		err.With("stderr", strings.Join(r.talk.last, "\n"))
	}
	switch reason {
	case fault.PluginFailed:
		return err.WithHint("see the plugin's own messages and the page docs/keys/plugins.md; the program is %s", r.program.path)
	case fault.ServiceUnavailable:
		return err.WithHint("try again; if it stays, look at the network and the service's address")
	}
	return err
}

// say returns where the lines of a plugin go.
func (h *Host) say(name string) func(line string) {
	return func(line string) {
		if h.options.Stderr == nil {
			return
		}
		h.speak.Lock()
		defer h.speak.Unlock()
		h.options.Stderr(name, line)
	}
}

// clip bounds an error message of a plugin.
func clip(s string) string {
	if len(s) <= maxLine {
		return s
	}
	return strings.ToValidUTF8(s[:maxLine], "") + "…"
}
