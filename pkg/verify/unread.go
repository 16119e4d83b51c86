package verify

import (
	"errors"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
)

// unreadable is the result of a piece that should be evidence and could not be
// read: a failed check, and nothing else is run.
func unreadable(p *Piece, err error) *Result {
	return unjudgeable([]Source{p.source()}, err, inPiece(p, err))
}

// unjudgeable is the result of evidence over which there is no verdict because of
// err; whole is err with the place where it was met.
func unjudgeable(sources []Source, err, whole error) *Result {
	r := &Result{Evidence: sources, Signers: []Signer{}, unread: whole}
	check := finding("evidence", "", whole)
	check.Message = err.Error()
	if quotes(check.Reason) {
		r.Claims = &Claims{Problem: check.Message}
		check.Message = check.Reason.Meaning()
	}
	r.Checks = append(r.Checks, check)
	for _, c := range checks() {
		r.Checks = append(r.Checks, Check{Name: c.name, Status: NotRun, Message: "an earlier check failed"})
	}
	return r
}

// Unread reports whether the evidence could not be read. Then nothing was checked,
// and the first check says why.
func (r *Result) Unread() bool { return r.unread != nil }

func (p *Piece) source() Source { return Source{File: p.Name, Member: p.Member, Line: p.Line} }

// quotes reports whether the message of an error with this reason may have words
// of the evidence in it.
func quotes(r fault.Reason) bool {
	switch r {
	case fault.InputMalformed, fault.EnvelopeMalformed, fault.BundleMalformed, fault.BundleVersion, fault.StatementInvalid:
		return true
	}
	return false
}

// inPiece adds to an error where it was met.
func inPiece(p *Piece, err error) error {
	reason := fault.ReasonOf(err)
	if reason == fault.Internal {
		reason = fault.InputUnreadable
	}
	if pathOf(err) == p.Name && p.Member == "" && p.Line == 0 {
		return err // it names the place itself
	}
	return fault.Wrap(reason, err, "%s", where(bundle.Item{Source: p.Name, Member: p.Member, Line: p.Line})).With("path", p.Name)
}

// pathOf returns the file that an error names itself, if it does.
func pathOf(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Details["path"]
	}
	return ""
}

// passedOver is what is told of a piece that is no evidence and was not named.
func passedOver(p *Piece, err error) Ignored {
	i := Ignored{Source: p.Name, Member: p.Member, Line: p.Line, Reason: fault.ReasonOf(err), Message: err.Error()}
	if quotes(i.Reason) {
		i.Message = i.Reason.Meaning()
	}
	return i
}

// asMalformed gives a reason to what is wrong with an envelope.
func asMalformed(err error) error {
	if fault.ReasonOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(fault.EnvelopeMalformed, err, "malformed envelope")
}
