package gather

import (
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/smallfiles"
	"github.com/stellaops/stella/pkg/verify"
)

// ahead holds files of a directory back until there are enough of them to be read at a
// time. Their order stays.
type ahead struct {
	files  smallfiles.Reader
	pieces []verify.Piece
	paths  []string
}

// hold yields a file that was found in a directory, or holds it back. In a pass after
// which all is opened again nothing is read ahead.
func (w *walk) hold(p verify.Piece) bool {
	if w.again {
		return w.give(p)
	}
	w.held.pieces = append(w.held.pieces, p)
	w.held.paths = append(w.held.paths, p.Name)
	return len(w.held.pieces) < smallfiles.AtOnce || w.release(w.held.files.Read(w.held.paths))
}

// flush yields what is held back. It is too few for reading them at a time to be worth it.
func (w *walk) flush() bool { return w.release(nil) }

// release yields what is held back. What has no content is opened by who gets it.
func (w *walk) release(contents [][]byte) bool {
	pieces := w.held.pieces
	w.held.pieces, w.held.paths = pieces[:0], w.held.paths[:0]
	for i, p := range pieces {
		if contents != nil && contents[i] != nil {
			p.Content = input.FromBytes(p.Name, contents[i])
		}
		if !w.give(p) {
			return false
		}
	}
	return true
}
