package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/stellaops/stella/internal/fault"
)

// withSignals returns a context that ends, with a fault as its cause, at the
// first SIGINT, SIGTERM or SIGHUP. A second one kills the process, as it would
// without us. A signal that the parent chose to ignore (nohup, a background
// job) stays ignored.
//
// A write to a closed pipe is from here on an error like any other and no
// signal.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	got := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(got, s)
		}
	}
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	go func() {
		select {
		case s := <-got:
			signal.Stop(got)
			cancel(signalFault(s))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(got)
		signal.Stop(pipe)
		cancel(nil)
	}
}

func signalFault(s os.Signal) error {
	if s == os.Interrupt {
		return fault.New(fault.Interrupted, "interrupted")
	}
	return fault.New(fault.Terminated, "terminated")
}
