// Package intoto writes and reads in-toto statements, version 1
// (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md).
//
// A statement says something (the predicate, of a type named by a URI) about
// things (the subjects, named by digest). stella writes the RFC 8785 form with
// exactly four members:
//
//	{"_type":"https://in-toto.io/Statement/v1",
//	 "predicate":…,
//	 "predicateType":"…",
//	 "subject":[{"digest":{"sha256":"…"},"name":"…"}]}
package intoto

import (
	"encoding/json/jsontext"
	"fmt"
	"maps"
	"slices"

	"github.com/stellaops/stella/pkg/dsse"
)

// The statement types that are read; StatementV1 is the one that is written.
const (
	StatementV1  = "https://in-toto.io/Statement/v1"
	StatementV01 = "https://in-toto.io/Statement/v0.1"
)

// Subject is a thing that a statement is about: what has these digests.
type Subject struct {
	// Name is for people; it identifies nothing.
	Name string
	// Digest maps an algorithm's name, such as "sha256", to lower-case hex.
	// All of them must match.
	Digest map[string]string
}

// NewMessage returns the message of a statement over predicate, which must be
// one JSON value. The statement is canonical (RFC 8785) if predicate is.
func NewMessage(predicateType string, subjects []Subject, predicate dsse.Content) (dsse.Message, error) {
	tail := []byte(`,"predicateType":`)
	tail, err := appendString(tail, predicateType)
	if err != nil {
		return nil, fmt.Errorf("malformed predicate type: %w", err)
	}
	tail = append(tail, `,"subject":[`...)
	for i, s := range subjects {
		if i > 0 {
			tail = append(tail, ',')
		}
		if tail, err = appendSubject(tail, s); err != nil {
			return nil, fmt.Errorf("malformed subject %q: %w", s.Name, err)
		}
	}
	tail = append(tail, "]}"...)
	head := []byte(`{"_type":"` + StatementV1 + `","predicate":`)
	return dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Concat{dsse.Bytes(head), predicate, dsse.Bytes(tail)}), nil
}

func appendSubject(b []byte, s Subject) ([]byte, error) {
	b = append(b, `{"digest":{`...)
	var err error
	for i, algorithm := range slices.Sorted(maps.Keys(s.Digest)) {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendString(b, algorithm); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendString(b, s.Digest[algorithm]); err != nil {
			return nil, err
		}
	}
	b = append(b, `},"name":`...)
	if b, err = appendString(b, s.Name); err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

// appendString appends s as RFC 8785, section 3.2.2.2 writes it.
func appendString(b []byte, s string) ([]byte, error) { return jsontext.AppendQuote(b, s) }
