package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/stellaops/stella/internal/fault"
)

// errPlain says that a question was not sent because anybody on the way could answer it.
var errPlain = errors.New("it would be asked over plain http")

// guard keeps questions and passwords from going over plain http to other machines: the
// library tries that with some names, and a registry may redirect to it.
type guard struct {
	next    http.RoundTripper
	plain   bool
	refused atomic.Bool
}

var _ http.RoundTripper = (*guard)(nil)

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !g.plain && !isLoopback(r.URL.Hostname()) {
		g.refused.Store(true)
		return nil, errPlain
	}
	return g.next.RoundTrip(r)
}

// isLoopback reports whether a host is this machine by its name.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// failed is the fault of a question that failed. The user's own interrupt is none.
func (c *Client) failed(ctx context.Context, g *guard, ref name.Reference, err error) error {
	if answer, ok := errors.AsType[*transport.Error](err); ok && answer.StatusCode != 0 {
		return refusal(ref, answer.StatusCode)
	}
	host := ref.Context().RegistryStr()
	switch {
	case errors.Is(context.Cause(ctx), context.Canceled):
		return context.Cause(ctx)
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return fault.New(fault.ServiceUnavailable, "the registry %q did not answer within %s", host, Patience).
			WithHint("try again later, or name the image by its digest and leave --online away")
	case g.refused.Load():
		return fault.New(fault.ServiceUnavailable, "the registry %q does not answer over https: it was not asked over plain http, where anybody on the way can answer", host).
			WithHint("name the image by its digest and leave --online away, or say --plain-http-unsafe")
	}
	return fault.Wrap(fault.ServiceUnavailable, withoutAddress(err), "failed to ask the registry %q", host).
		WithHint("try again later, or name the image by its digest and leave --online away")
}

// refusal says what the status of an answer means.
func refusal(ref name.Reference, status int) error {
	host := ref.Context().RegistryStr()
	switch {
	case status == http.StatusNotFound:
		return fault.New(fault.InputNotFound, "the registry has no image %q", ref.Name()).
			WithHint("look at its name, tag and digest")
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.New(fault.InputUnreadable, "the registry does not let this user read %q (status %d)", ref.Name(), status).
			WithHint("log in first: docker login %s", host)
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return fault.New(fault.ServiceUnavailable, "the registry %q answered with status %d", host, status).WithHint("try again later")
	}
	return fault.New(fault.InputUnreadable, "the registry %q answered with status %d when asked for %q", host, status, ref.Name())
}

// withoutAddress drops the addresses from an error of net/http, in which a registry may
// have put anything by redirecting.
func withoutAddress(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op
	}
	return fmt.Errorf("%.300q", err.Error())
}
