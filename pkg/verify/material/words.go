package material

import (
	"strconv"
	"strings"
)

// libraryError is an error in a library's words, which may quote the evidence.
type libraryError struct{ err error }

// maxWords bounds what is shown of a library's words, in bytes.
const maxWords = 200

// inWords marks an error as a library's.
func inWords(err error) error {
	if err == nil {
		return nil
	}
	return libraryError{err}
}

// Error returns the words on one line, quoted, so that nothing in them can pass
// for ours or reach a terminal.
func (e libraryError) Error() string {
	text := strings.Join(strings.Fields(e.err.Error()), " ")
	if len(text) > maxWords {
		text = text[:maxWords] + "..."
	}
	return strconv.QuoteToASCII(text)
}

func (e libraryError) Unwrap() error { return e.err }
