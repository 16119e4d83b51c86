package ui

import (
	"slices"
	"sync"
)

// Warnings are what --format json has to say beside a result: with it standard
// error holds JSON alone, so warnings wait for the object that they go out in.
// It is safe for concurrent use, since a command may still be running when an
// interrupt is reported.
type Warnings struct {
	mu   sync.Mutex
	list []string
}

func (w *Warnings) add(message string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, message)
}

// take returns the warnings and forgets them, so that each goes out once.
func (w *Warnings) take() []string {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.Clone(w.list)
	w.list = nil
	return list
}

// Warn tells the user something that --quiet does not silence.
func (u *UI) Warn(format string, args ...any) {
	if u.json && u.warnings != nil {
		u.warnings.add(messageOf(format, args))
		return
	}
	u.talk(Warn, "warning: ", format, args)
}

// ShowWarnings prints the warnings of a command that did not fail, with
// --format json; else they have been printed when they came up.
func (u *UI) ShowWarnings() {
	if list := u.warnings.take(); len(list) > 0 {
		_ = u.Err.JSON(map[string][]string{"warnings": list}) // no place to report it
	}
}
