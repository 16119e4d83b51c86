package timestamp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// Limits on asking an authority over HTTP.
const (
	// Patience bounds asking an authority, redirects included.
	Patience = 30 * time.Second
	// maxRedirects bounds how often an authority may send a request elsewhere on
	// its host.
	maxRedirects = 3
)

const (
	typeQuery = "application/timestamp-query"
	typeReply = "application/timestamp-reply"
)

// ParseURL reads the address of an authority: http or https, and a host. Plain
// http is usual, since a response is signed.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fault.New(fault.UsageInvalid, "%.200q is not the address of a time stamp authority", text).
			WithHint("write it whole: http://HOST/PATH")
	}
	return u, nil
}

// Ask sends a request to an authority (RFC 3161, section 3.4) and returns its
// response, which answers it. An authority that cannot be reached, that does not
// answer in time, or that wants to be asked later is fault.ServiceUnavailable;
// one that answers something else, fault.TimestampRefused or
// fault.TimestampMalformed.
func Ask(ctx context.Context, transport http.RoundTripper, u *url.URL, q *Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(q.DER))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Content-Type", typeQuery)
	post.Header.Set("Accept", typeReply)
	client := &http.Client{Transport: transport, CheckRedirect: stayOn(u)}
	answer, err := client.Do(post)
	if err != nil {
		return nil, unreachable(ctx, u, err)
	}
	defer answer.Body.Close()
	if err := checkAnswer(u, answer); err != nil {
		return nil, err
	}
	der, err := io.ReadAll(io.LimitReader(answer.Body, MaxResponse+1))
	if err != nil {
		return nil, unreachable(ctx, u, err)
	}
	r, err := ParseResponse(der)
	if err != nil {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "%s", u.Redacted())
	}
	return r, r.Answers(q)
}

// stayOn refuses redirects to another host, to a weaker scheme, and those that
// turn the request into another.
func stayOn(u *url.URL) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return fault.New(fault.TimestampRefused, "it redirects more than %d times", maxRedirects)
		case next.URL.Host != u.Host || next.URL.Scheme != u.Scheme && next.URL.Scheme != "https":
			return fault.New(fault.TimestampRefused, "it redirects to %.200q", next.URL.Redacted()).
				WithHint("if that is the authority you mean, give its address")
		case next.Method != http.MethodPost:
			return fault.New(fault.TimestampRefused, "it redirects in a way that loses the request (status %d)", next.Response.StatusCode)
		}
		return nil
	}
}

// unreachable is the fault of an exchange that failed. The user's own interrupt
// is none.
func unreachable(ctx context.Context, u *url.URL, err error) error {
	var refused *fault.Error
	switch {
	case errors.As(err, &refused):
		return fault.Wrap(refused.Reason, refused, "%s", u.Redacted())
	case errors.Is(context.Cause(ctx), context.Canceled):
		return context.Cause(ctx)
	}
	if inner := new(url.Error); errors.As(err, &inner) {
		err = inner.Err // which names the method and address, with its password
	}
	return fault.Wrap(fault.ServiceUnavailable, err, "failed to ask %s", u.Redacted()).
		WithHint("try again later, or carry the request there yourself: --request")
}

// checkAnswer refuses what is not a reply.
func checkAnswer(u *url.URL, answer *http.Response) error {
	code := answer.StatusCode
	if code == http.StatusTooManyRequests || code >= http.StatusInternalServerError {
		return fault.New(fault.ServiceUnavailable, "%s answered with status %d", u.Redacted(), code).WithHint("try again later")
	}
	if code != http.StatusOK {
		return fault.New(fault.TimestampRefused, "%s answered with status %d", u.Redacted(), code).
			WithHint("check the address: it is where requests are posted to, not the authority's web page")
	}
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || kind != typeReply {
		return malformed("response", fmt.Errorf("%s answered with the type %.100q and not %s", u.Redacted(), answer.Header.Get("Content-Type"), typeReply))
	}
	return nil
}
