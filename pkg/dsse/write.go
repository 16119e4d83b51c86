package dsse

import (
	"bufio"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json/jsontext"
	"fmt"
	"io"
)

// Write signs m with every signer and writes the envelope to w in one pass:
// the payload is read once, hashed and encoded on the fly, so what is signed
// is what is written. Schemes without a digest read m a second time; m answers
// for giving the same bytes.
//
// The envelope is the compact JSON object {"payload","payloadType",
// "signatures"}. With omitKeyID the signatures carry no key id, which is what
// a Sigstore bundle demands. If Write fails, w holds a part of an envelope
// that its caller must discard.
func Write(ctx context.Context, w io.Writer, m Message, omitKeyID bool, signers ...Signer) ([]Signature, error) {
	if len(signers) == 0 {
		return nil, fmt.Errorf("no signer given")
	}
	bw := bufio.NewWriterSize(w, 64<<10)
	digests, err := writePayload(ctx, bw, m, signers)
	if err != nil {
		return nil, err
	}
	signatures, err := signAll(ctx, withDigests(m, digests), signers)
	if err != nil {
		return nil, err
	}
	if err := writeTail(bw, m.PayloadType(), signatures, omitKeyID); err != nil {
		return nil, err
	}
	return signatures, bw.Flush()
}

// WriteSigned writes an envelope of signatures that exist already.
func WriteSigned(ctx context.Context, w io.Writer, m Message, signatures []Signature) error {
	bw := bufio.NewWriterSize(w, 64<<10)
	if _, err := writePayload(ctx, bw, m, nil); err != nil {
		return err
	}
	if err := writeTail(bw, m.PayloadType(), signatures, false); err != nil {
		return err
	}
	return bw.Flush()
}

// writePayload writes the envelope's first member and returns the digests that
// the signers will ask for.
func writePayload(ctx context.Context, w io.Writer, m Message, signers []Signer) ([]digest, error) {
	hashes, err := newHashes(m, digestsFor(signers)...)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, `{"payload":"`); err != nil {
		return nil, err
	}
	encoder := base64.NewEncoder(base64.StdEncoding, w)
	if err := copyExactly(&contextWriter{ctx, io.MultiWriter(hashes, encoder)}, m); err != nil {
		return nil, err
	}
	if err := encoder.Close(); err != nil {
		return nil, err
	}
	_, err = io.WriteString(w, `"`)
	return hashes.sums(), err
}

func digestsFor(signers []Signer) []crypto.Hash {
	var hs []crypto.Hash
	for _, s := range signers {
		if scheme, err := SchemeOf(s.Public()); err == nil && scheme.Hash != 0 {
			hs = append(hs, scheme.Hash)
		}
	}
	return hs
}

func signAll(ctx context.Context, m Message, signers []Signer) ([]Signature, error) {
	signatures := make([]Signature, len(signers))
	for i, s := range signers {
		var err error
		if signatures[i], err = s.Sign(ctx, m); err != nil {
			return nil, err
		}
	}
	return signatures, nil
}

func writeTail(w io.Writer, payloadType string, signatures []Signature, omitKeyID bool) error {
	b, err := appendTail(nil, payloadType, signatures, omitKeyID)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

func appendTail(b []byte, payloadType string, signatures []Signature, omitKeyID bool) ([]byte, error) {
	b = append(b, `,"payloadType":`...)
	b, err := jsontext.AppendQuote(b, payloadType)
	if err != nil {
		return nil, fmt.Errorf("malformed payload type: %w", err)
	}
	b = append(b, `,"signatures":[`...)
	for i, s := range signatures {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendSignature(b, s, omitKeyID); err != nil {
			return nil, err
		}
	}
	return append(b, "]}"...), nil
}

// AppendEnvelope appends to dst the envelope of a payload in memory and of
// signatures that exist already, in the bytes that [Write] and [WriteSigned]
// write.
func AppendEnvelope(dst []byte, payloadType string, payload []byte, signatures []Signature, omitKeyID bool) ([]byte, error) {
	dst = append(dst, `{"payload":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, payload)
	dst = append(dst, '"')
	return appendTail(dst, payloadType, signatures, omitKeyID)
}

func appendSignature(b []byte, s Signature, omitKeyID bool) ([]byte, error) {
	b = append(b, '{')
	var err error
	if s.Extension != nil {
		// Compact, not canonical: a signature somebody else made is passed on
		// with its numbers as they stand.
		ext := s.Extension.Ext.Clone()
		if err := ext.Compact(); err != nil {
			return nil, fmt.Errorf("malformed signature extension: %w", err)
		}
		b = append(b, `"extension":{"ext":`...)
		b = append(b, ext...)
		b = append(b, `,"kind":`...)
		if b, err = jsontext.AppendQuote(b, s.Extension.Kind); err != nil {
			return nil, fmt.Errorf("malformed signature extension: %w", err)
		}
		b = append(b, `},`...)
	}
	if s.KeyID != "" && !omitKeyID {
		b = append(b, `"keyid":`...)
		if b, err = jsontext.AppendQuote(b, s.KeyID); err != nil {
			return nil, fmt.Errorf("malformed key id: %w", err)
		}
		b = append(b, ',')
	}
	b = append(b, `"sig":"`...)
	b = base64.StdEncoding.AppendEncode(b, s.Sig)
	return append(b, `"}`...), nil
}

// contextWriter stops a long copy when ctx ends.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c *contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}
