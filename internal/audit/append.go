package audit

// batch is what one call of Append or AppendHeld writes.
type batch struct {
	*Held
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
	return l.AppendHeld(&h)
}

// AppendHeld is Append for entries that are held.
func (l *Log) AppendHeld(h *Held) (first uint64, err error) {
	if h.Len() == 0 {
		return 0, nil
	}
	b := &batch{Held: h, done: make(chan struct{})}
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
