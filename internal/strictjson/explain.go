package strictjson

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
)

// unexpected says that a value is of another kind than its place wants.
func (d *Decoder) unexpected(k jsontext.Kind, want string) error {
	if k == jsontext.KindInvalid {
		return d.token()
	}
	return fmt.Errorf("%s is %s, not %s", d.path(), kindName(k), want)
}

// path names for a message what was read last.
func (d *Decoder) path() string {
	if d.isPlain {
		d.leave() // which knows
	}
	if p := d.dec.StackPointer(); p != "" {
		return string(p)
	}
	return "the document"
}

// explain turns the decoder's errors into sentences of ours.
func (d *Decoder) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the document ends early: it is truncated or empty")
	case errors.Is(err, jsontext.ErrDuplicateName):
		if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			return fmt.Errorf("duplicate member at %s", se.JSONPointer)
		}
	}
	if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if se.Err != nil {
			return fmt.Errorf("%w at byte %d", se.Err, d.offset(se.ByteOffset))
		}
		return err
	}
	if own := errors.Unwrap(err); own != nil {
		return own // what reading met: the library's words before it name the library
	}
	return err
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	default:
		return "an array"
	}
}
