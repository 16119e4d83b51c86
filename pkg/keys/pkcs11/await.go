//go:build pkcs11 && cgo && !windows

package pkcs11

import "context"

// await runs f, which calls a module and may hang there, and returns what it
// returns, or ctx's error as soon as ctx ends. Nothing can stop a call into a
// library: f is then left to finish, and late takes back what it still returns.
func await[T any](ctx context.Context, f func() (T, error), late func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		go func() {
			if r := <-done; r.err == nil {
				late(r.value)
			}
		}()
		var none T
		return none, ctx.Err()
	}
}

// nothing is the result of what only fails or not.
type nothing = struct{}

func forget(nothing) {}
