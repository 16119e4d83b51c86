package plugin

import (
	"bytes"
	"strconv"
	"strings"
)

// Bounds of what a plugin says.
const (
	// maxAnswer bounds its answer, in bytes: a key or a signature takes some kilobytes.
	maxAnswer = 1 << 20
	// maxLine and maxLines bound what it tells people, in bytes and in lines.
	maxLine  = 1 << 10
	maxLines = 100
	// keptLines is how many lines an error carries.
	keptLines = 5
)

// bounded collects output up to a limit and calls overflow once it is exceeded.
// It has no method but Write, so that nothing gets around the limit.
type bounded struct {
	content  []byte
	limit    int
	overflow func()
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(b.content)+len(p) > b.limit {
		b.overflow()
		return len(p), nil
	}
	b.content = append(b.content, p...)
	return len(p), nil
}

// lines takes standard error apart and hands on each line, escaped. What is over
// the bounds is dropped, with a note that it was.
type lines struct {
	say  func(line string)
	rest []byte // of the line that has not ended
	long bool   // the line is over maxLine and what follows of it is dropped
	said int
	last []string // the last keptLines lines
}

func (l *lines) Write(p []byte) (int, error) {
	for part := range bytes.Lines(p) {
		text, ended := bytes.CutSuffix(part, []byte("\n"))
		l.add(text)
		if ended {
			l.end()
		}
	}
	return len(p), nil
}

func (l *lines) add(text []byte) {
	if room := maxLine - len(l.rest); len(text) > room {
		text, l.long = text[:room], true
	}
	l.rest = append(l.rest, text...)
}

// end hands on the line that has just ended.
func (l *lines) end() {
	text := escape(strings.TrimSuffix(string(l.rest), "\r"))
	if l.long {
		text += " … (the line goes on)"
	}
	l.rest, l.long = l.rest[:0], false
	l.said++
	l.last = append(l.last, text)
	l.last = l.last[max(0, len(l.last)-keptLines):]
	switch {
	case l.said < maxLines:
		l.say(text)
	case l.said == maxLines:
		l.say("… (more lines are not shown)")
	}
}

// close hands on a last line without an end.
func (l *lines) close() {
	if len(l.rest) > 0 || l.long {
		l.end()
	}
}

// escape makes what a plugin says harmless: control characters, invalid UTF-8
// and characters that change the direction of text come out as Go writes them.
func escape(s string) string {
	q := strconv.Quote(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
