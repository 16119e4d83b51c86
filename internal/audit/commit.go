package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// commit writes a group. The caller holds the turn and the lock.
func (l *Log) commit(group []*batch) error {
	if err := l.catchUp(); err != nil {
		return err
	}
	if err := l.write(group...); err != nil {
		return err
	}
	if l.head.Size-l.newest.Size < l.checkpointEvery {
		return nil
	}
	return l.checkpoint()
}

// catchUp finds the end of the log, which another process may have moved on.
func (l *Log) catchUp() error {
	if err := l.reopen(); err != nil {
		return unfit(l.path, err)
	}
	info, err := l.file.Stat()
	switch {
	case err != nil:
		return unwritable(l.path, err)
	case info.Size() == l.end:
		return nil
	case info.Size() < l.end:
		return brokenTail(l.path, "it became shorter while it was open")
	}
	t, err := asChain().Read(l.file, l.end, info.Size(), l.head, l.newest)
	if err != nil {
		return brokenTail(l.path, err.Error())
	}
	return l.resume(t)
}

// reopen makes sure that file is what has the log's name now, and not a segment
// that another process has put aside.
func (l *Log) reopen() error {
	if l.file != nil {
		mine, err := l.file.Stat()
		if err != nil {
			return err
		}
		named, err := os.Stat(l.path)
		if err == nil && os.SameFile(mine, named) {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := l.file.Close(); err != nil {
			return err
		}
		l.file = nil
	}
	return l.openNamed()
}

// openNamed opens the file with the log's name and finds the log's end anew.
func (l *Log) openNamed() error {
	file, err := l.openSegment(l.path)
	if err != nil {
		return err
	}
	l.file = file
	info, err := file.Stat()
	if err != nil {
		return err
	}
	t, err := l.find(info.Size())
	if err != nil {
		return err
	}
	return l.resume(t)
}

// find reads the end of the file, which has size bytes.
func (l *Log) find(size int64) (chain.Tail, error) {
	if size == 0 {
		syncDir(l.path) // the file may be new
	}
	segments, err := older(l.path)
	if err != nil {
		return chain.Tail{}, err
	}
	return l.endOf(l.path, l.file, size, segments)
}

// endOf finds the end of a segment, which continues the older ones.
func (l *Log) endOf(path string, f io.ReaderAt, size int64, older []string) (chain.Tail, error) {
	t, err := asChain().Find(f, size, l.newest, func() (Head, error) { return l.endOfOlder(older) })
	switch {
	case errors.Is(err, chain.ErrNoRecord) && l.newest.Size == 0 && len(older) == 0:
		err = noLog(path)
	case err != nil && fault.ReasonOf(err) == fault.Internal:
		err = brokenTail(path, err.Error())
	}
	return t, err
}

// endOfOlder returns where the older segments end.
func (l *Log) endOfOlder(segments []string) (Head, error) {
	if len(segments) == 0 {
		return Head{}, nil
	}
	last := len(segments) - 1
	f, err := os.Open(segments[last])
	if err != nil {
		return Head{}, unwritable(l.path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Head{}, unwritable(l.path, err)
	}
	t, err := l.endOf(segments[last], f, info.Size(), segments[:last])
	if err == nil && len(t.Torn) > 0 {
		err = brokenTail(segments[last], "its last record has no end")
	}
	return t.Head, err
}

// resume goes on where t ends. What a crash left there gives way to a record
// that says so; the segment may become a little longer than it should.
func (l *Log) resume(t chain.Tail) error {
	switch {
	case t.Head.Size < l.head.Size:
		return brokenTail(l.path, "it became shorter while it was open")
	case t.Head.Size < l.newest.Size:
		return brokenTail(l.path, fmt.Sprintf("it ends with record %d, and its checkpoint covers %d", t.Head.Size, l.newest.Size))
	}
	l.head, l.end = t.Head, t.End
	if len(t.Torn) == 0 {
		return nil
	}
	// One byte of the torn end stays until the record is written over it: at no
	// moment does the log look as if nothing had happened, and never does old text
	// follow new.
	if err := l.cut(l.end + 1); err != nil {
		return err
	}
	return l.about(recovery(t.Torn))
}

// about writes a record about the log itself.
func (l *Log) about(e Entry) error {
	l.buf = l.buf[:0]
	return l.put(l.add(l.head, appendTime(nil, l.now()), appendEntry(nil, &e)))
}

// cut makes the file end at size.
func (l *Log) cut(size int64) error {
	if err := l.file.Truncate(size); err != nil {
		l.failed = unwritable(l.path, err)
		return l.failed
	}
	return l.sync()
}

// write appends the batches' records, in parts of at most chain.MaxGroup bytes, each
// of which is on disk before the next is begun.
func (l *Log) write(group ...*batch) error {
	at := appendTime(nil, l.now())
	head := l.head
	l.buf = l.buf[:0]
	for _, b := range group {
		b.first = head.Size + 1
		for _, h := range b.held {
			var err error
			if head, err = l.addAll(head, at, h); err != nil {
				return err
			}
		}
	}
	return l.flush(head)
}

// addAll puts the records of h into the buffer, and writes what is in it whenever it is
// full.
func (l *Log) addAll(head Head, at []byte, h *Held) (Head, error) {
	start := 0
	for _, use := range h.uses {
		if len(l.buf) > chain.MaxGroup-MaxLine {
			if err := l.flush(head); err != nil {
				return head, err
			}
		}
		head = l.add(head, at, h.text[start:use.end])
		start = use.end
	}
	return head, nil
}

// add puts one record into the buffer.
func (l *Log) add(head Head, at, entry []byte) Head {
	start := len(l.buf)
	l.buf = appendHead(l.buf, head.Size+1, at)
	l.buf = append(l.buf, entry...)
	l.buf = appendTail(l.buf, head.Hash)
	return head.Next(l.buf[start:])
}

// flush writes the buffer, after which the log ends in head, into a new segment
// if the present one is full.
func (l *Log) flush(head Head) error {
	if l.end > 0 && l.end+int64(len(l.buf)) > l.segmentSize {
		if err := l.rotate(); err != nil {
			return unfit(l.path, err)
		}
	}
	return l.put(head)
}

// put writes the buffer, after which the log ends in head.
func (l *Log) put(head Head) error {
	if _, err := l.file.WriteAt(l.buf, l.end); err != nil {
		// What could be written of it must not stay: a later, shorter write would
		// leave its end behind.
		return errors.Join(unwritable(l.path, err), l.cut(l.end))
	}
	if err := l.sync(); err != nil {
		return err
	}
	l.head, l.end = head, l.end+int64(len(l.buf))
	l.buf = l.buf[:0]
	return nil
}

// sync puts the file on disk. After a failure nobody knows what is there, and
// trying again would not tell, so the log takes nothing more.
func (l *Log) sync() error {
	if err := l.file.Sync(); err != nil {
		l.failed = unwritable(l.path, err)
		return l.failed
	}
	return nil
}

// rotate puts the file aside as the newest of the older segments and goes on in
// a new one.
func (l *Log) rotate() error {
	segments, err := older(l.path)
	if err != nil {
		return err
	}
	aside := segmentName(l.path, len(segments)+1)
	if _, err := os.Lstat(aside); err == nil {
		return brokenTail(l.path, "its older segments are not numbered without a gap")
	}
	// Windows renames no open file.
	if err := l.file.Close(); err != nil {
		return err
	}
	l.file = nil
	if err := os.Rename(l.path, aside); err != nil {
		return err
	}
	if l.file, err = l.openSegment(l.path); err != nil {
		return err
	}
	l.end = 0
	syncDir(l.path)
	return nil
}
