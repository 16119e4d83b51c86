package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
)

// grace is how long a command may take to return after an interrupt. Files
// that it was writing are removed at once in any case; only a command that
// waits for standard input needs longer.
const grace = 300 * time.Millisecond

// Main runs the command line args, without the program's name, and returns the
// exit status.
func Main(args []string, env Env) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	a := newApp(args, env)
	err := within(ctx, a.execute)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	} else if a.ui != nil {
		err = afterFlush(err, a.ui.Flush())
	}
	return a.finish(err)
}

// within runs f in a goroutine and, once ctx has ended, waits for it no longer
// than grace.
func within(ctx context.Context, f func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- recovered(ctx, f) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
		return context.Cause(ctx)
	}
}

// recovered turns a panic, which is a bug, into one clear error.
func recovered(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "internal error: %v", p).
				WithHint("this is a bug in stella; report it with the output of the same command and --verbose").
				With("stack", string(debug.Stack()))
		}
	}()
	return f(ctx)
}

// afterFlush lets a result that could not be written fail the command.
func afterFlush(err, flush error) error {
	if err == nil || flush != nil && isSettled(err) {
		return flush
	}
	return err
}

// settledError ends a command whose outcome, good or bad, is shown already.
type settledError struct{ status int }

func (e *settledError) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// settled returns the error, nil for status 0, of a command that has shown its
// verdict and now only needs the exit status.
func settled(status int) error {
	if status == fault.ExitOK {
		return nil
	}
	return &settledError{status}
}

func isSettled(err error) bool {
	_, ok := errors.AsType[*settledError](err)
	return ok
}

// exitStatus is the one place where an error becomes an exit status.
func exitStatus(err error) int {
	settled, ok := errors.AsType[*settledError](err)
	switch {
	case err == nil:
		return fault.ExitOK
	case ok:
		return settled.status
	default:
		return fault.ReasonOf(err).Exit()
	}
}

// finish shows err and returns the exit status.
func (a *app) finish(err error) int {
	status := exitStatus(err)
	if err == nil || isSettled(err) {
		if a.ui != nil {
			a.ui.ShowWarnings()
		}
		return status
	}
	failure := ui.Failure{
		Code:    status,
		Reason:  string(fault.ReasonOf(err)),
		Message: err.Error(),
		Hint:    fault.HintOf(err),
		Details: detailsOf(err),
	}
	// A fresh one: after an interrupt the command may still be using its own.
	options := a.failureOptions()
	u := ui.New(options)
	stack := failure.Details["stack"]
	delete(failure.Details, "stack")
	u.Fail(failure)
	if options.Verbose && stack != "" {
		u.Err.Verbatim(stack)
	}
	_ = u.Flush() // standard error itself is gone: nobody to tell
	return status
}

// detailsOf collects the facts of all faults in err's chain; the outermost
// wins.
func detailsOf(err error) map[string]string {
	all := make(map[string]string)
	for err != nil {
		fe, ok := errors.AsType[*fault.Error](err)
		if !ok {
			break
		}
		for key, value := range fe.Details {
			if _, found := all[key]; !found {
				all[key] = value
			}
		}
		err = fe.Err
	}
	return all
}
