package authenticator

import "time"

// nextLimit is how long the device remembers what comes next (CTAP 2.1, 6.3).
const nextLimit = 30 * time.Second

// A sequence is a command whose answers come one by one.
type sequence int

const (
	assertions sequence = iota
	relyingParties
	credentials
)

// An iteration is where a sequence stands. Any other command forgets it.
type iteration struct {
	of      sequence
	channel uint32
	index   int // of the next answer
	count   int
	answer  func(index int) (any, error)
	last    time.Time
}

// iterate begins a sequence of which the first answer is given at once. With one
// answer there is nothing to remember.
func (k *token) iterate(c call, of sequence, count int, answer func(index int) (any, error)) (any, error) {
	if count > 1 {
		k.next = &iteration{of, c.channel, 1, count, answer, time.Now()}
	}
	return answer(0)
}

// iterateOn gives the next answer of a sequence, or NotAllowed.
func (k *token) iterateOn(c call, of sequence) (any, error) {
	n := k.previous
	if n == nil || n.of != of || n.channel != c.channel || time.Since(n.last) > nextLimit {
		return nil, NotAllowed
	}
	i := n.index
	n.index++
	n.last = time.Now()
	if n.index < n.count {
		k.next = n
	}
	return n.answer(i)
}
