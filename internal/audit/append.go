package audit

import "slices"

// batch is what one call of Append or AppendHeld writes.
type batch struct {
	held []*Held
	done chan struct{}

	// Set before done is closed.
	first uint64
	err   error
}

// Append writes the entries, one after the other, and returns the number of the
// first record when all of them are on disk. Calls that come while another one
// writes are written together, with one fsync.
//
// It takes no context: the end of a command does not undo that it used a key. An
// error is fault.AuditUnwritable, or
// fault.AuditTampered if the log was changed meanwhile; nothing may be released
// then.
func (l *Log) Append(entries ...Entry) (first uint64, err error) {
	var h Held
	for i := range entries {
		h.add(&entries[i])
	}
	return l.append(&h)
}

// AppendHeld is Append for entries that are held, in the order in which they are
// given, without others between them. It tells each signer the number of its
// record.
func (l *Log) AppendHeld(held ...*Held) error {
	seq, err := l.append(held...)
	if err != nil {
		return err
	}
	for _, h := range held {
		for _, use := range h.uses {
			if use.by != nil {
				use.by.note(seq)
			}
			seq++
		}
	}
	return nil
}

func (l *Log) append(held ...*Held) (first uint64, err error) {
	if !slices.ContainsFunc(held, func(h *Held) bool { return h.Len() > 0 }) {
		return 0, nil
	}
	b := &batch{held: held, done: make(chan struct{})}
	l.mu.Lock()
	l.queue = append(l.queue, b)
	l.mu.Unlock()
	for {
		select {
		case <-b.done:
			return b.first, b.err
		case l.turn <- struct{}{}:
			l.writeAll()
			<-l.turn
		}
	}
}

// writeAll writes what is in the queue now.
func (l *Log) writeAll() {
	l.mu.Lock()
	group := l.queue
	l.queue = nil
	l.mu.Unlock()
	if len(group) == 0 {
		return
	}
	err := l.failed
	if err == nil {
		err = l.locked(func() error { return l.commit(group) })
	}
	for _, b := range group {
		b.err = err
		close(b.done)
	}
}
