package ui

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"
)

// often is how much time passes between two pictures of a progress.
const often = 100 * time.Millisecond

// Progress is one line on a terminal that says how far a long command is. It is
// wiped away before anything else is printed and when it is done. It belongs to the
// goroutine of its UI.
type Progress struct {
	p      *Printer
	ticker *time.Ticker
	shown  bool
}

// Progress returns the progress of a command. Nothing of it is seen where standard
// error is no terminal that can take a line back, with --quiet, or with --format json.
func (u *UI) Progress() *Progress {
	if !u.Err.terminal || u.Err.dumb || u.quiet || u.json {
		return &Progress{}
	}
	p := &Progress{p: u.Err, ticker: time.NewTicker(often)}
	u.Err.before = p.wipe
	if u.Out.terminal { // most likely the same one
		u.Out.before = p.wipe
	}
	return p
}

// Tell shows what words returns, if some time has passed since it was called last.
func (p *Progress) Tell(words func() string) {
	if p.p == nil {
		return
	}
	select {
	case <-p.ticker.C:
		p.draw(words())
	default:
	}
}

// Done ends it.
func (p *Progress) Done() {
	if p.p == nil {
		return
	}
	p.ticker.Stop()
	p.wipe()
}

// draw writes the line over the last one. It is cut to the width, since a wrapped
// line could not be wiped away.
func (p *Progress) draw(words string) {
	text := Escape(words)
	for p.p.width > 0 && lipgloss.Width(text) >= p.p.width && text != "" {
		text = text[:len(text)-1]
	}
	_, _ = p.p.w.Write([]byte("\r\x1b[K" + text)) // nobody misses it
	p.shown = true
}

func (p *Progress) wipe() {
	if p.shown {
		_, _ = p.p.w.Write([]byte("\r\x1b[K"))
		p.shown = false
	}
}

// Count returns a number with its thousands apart, for people.
func Count(n int) string {
	var b strings.Builder
	digits := []byte{}
	for ; n >= 10; n /= 10 {
		digits = append(digits, byte('0'+n%10))
	}
	digits = append(digits, byte('0'+n))
	for i := len(digits) - 1; i >= 0; i-- {
		b.WriteByte(digits[i])
		if i > 0 && i%3 == 0 {
			b.WriteByte(',')
		}
	}
	return b.String()
}
