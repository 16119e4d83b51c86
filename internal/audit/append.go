package audit

// batch is what one call of Append writes.
type batch struct {
	text []byte // the entries, one after the other
	ends []int  // where each ends
	done chan struct{}

	// Set before done is closed.
	first uint64
	err   error
}

// reset makes b the batch of entries.
func (b *batch) reset(entries []Entry) *batch {
	b.text, b.ends, b.done = b.text[:0], b.ends[:0], make(chan struct{})
	for i := range entries {
		b.text = appendEntry(b.text, &entries[i])
		b.ends = append(b.ends, len(b.text))
	}
	return b
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
	if len(entries) == 0 {
		return 0, nil
	}
	b, ok := l.spare.Get().(*batch)
	if !ok {
		b = &batch{}
	}
	defer l.spare.Put(b)
	b.reset(entries)
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
