package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/pkg/dsse"
)

// inBase64 returns a change to what a member of a JSON text has in base64, the first of
// its name: as it reads decoded.
func inBase64(name string, change func(string) string) func(string) string {
	return func(s string) string {
		value := regexp.MustCompile(`"` + name + `":"([^"]*)"`).FindStringSubmatchIndex(s)
		if value == nil {
			return s
		}
		plain, err := base64.StdEncoding.DecodeString(s[value[2]:value[3]])
		if err != nil {
			return s
		}
		return s[:value[2]] + base64.StdEncoding.EncodeToString([]byte(change(string(plain)))) + s[value[3]:]
	}
}

// payload changes what an envelope, alone or in a bundle, is over. Nobody signs it again.
func payload(change func(string) string) func(string) string { return inBase64("payload", change) }

// signature flips a bit at the end of a signature: it stays well-formed.
func signature() func(string) string {
	return inBase64("sig", func(s string) string { return s[:len(s)-1] + string([]byte{s[len(s)-1] ^ 1}) })
}

// signedAnew returns a change that has a bundle say the same, signed by another key.
func (w *work) signedAnew(key string) func(string) string {
	return func(s string) string {
		signer := w.key(key)
		var content string
		payload(func(p string) string { content = p; return p })(s)
		if w.err != nil || content == "" {
			return s
		}
		var b bytes.Buffer
		if _, err := bundle.Write(context.Background(), &b, dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(content)), signer); err != nil {
			w.fail("sign: %w", err)
		}
		return b.String()
	}
}

// withKeyID returns a change that gives the only signature of an envelope another key id.
func withKeyID(id string) func(string) string {
	return func(s string) string {
		return regexp.MustCompile(`"keyid":"[^"]*"`).ReplaceAllString(s, `"keyid":"`+id+`"`)
	}
}

// keyID is that of an envelope's first signature.
func keyID(s string) string {
	_, after, _ := strings.Cut(s, `"keyid":"`)
	id, _, _ := strings.Cut(after, `"`)
	return id
}

// withoutSignatures is an envelope as it would be signed.
func withoutSignatures(s string) string {
	return regexp.MustCompile(`"signatures":\[.*\]`).ReplaceAllString(s, `"signatures":[]`)
}
