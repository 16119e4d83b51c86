package predicate

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// foreign is what must be known to name documents that nobody signs as an SBOM
// or report.
func foreign() []want { return []want{text("/mediaType"), text("/payloadType"), text("/_type")} }

// statement is told by its _type. It is for sign statement alone.
func statement() format {
	return format{
		wants: []want{text("/_type"), text("/predicateType"), count("/subject")},
		match: func(f *facts) (*Document, error) {
			typ := f.text("/_type")
			if !strings.HasPrefix(typ, "https://in-toto.io/Statement/") {
				return nil, nil
			}
			d := &Document{
				Kind: KindStatement, Format: "in-toto statement", ID: "statement",
				Version:   strings.TrimPrefix(typ, "https://in-toto.io/Statement/"),
				MediaType: "application/vnd.in-toto+json", Encoding: JSON,
				Count: f.items("/subject"), CountOf: "subjects",
			}
			if typ != intoto.StatementV1 && typ != intoto.StatementV01 {
				return nil, unsupported("in-toto statement", d.Version, "v1", "v0.1")
			}
			return d, nil
		},
	}
}

// looksLike says what a JSON object is that no format matches, and gives the
// command for it if there is one.
func looksLike(f *facts) *fault.Error {
	verify := "it is evidence already: stella verify FILE, or stella attest show FILE"
	media := f.text("/mediaType")
	switch {
	case f.top("dsseEnvelope"), f.top("messageSignature"), strings.HasPrefix(media, "application/vnd.dev.sigstore.bundle"):
		return unrecognized("a Sigstore bundle").WithHint("%s", verify)
	case f.top("payload") && f.top("payloadType"), f.top("payload") && f.top("signatures"):
		return unrecognized("a DSSE envelope").WithHint("%s", verify)
	case f.top("predicateType") || f.top("predicate"):
		return unrecognized("an in-toto statement without a known _type")
	case strings.HasPrefix(media, "application/vnd.oci.image"), strings.HasPrefix(media, "application/vnd.docker.distribution"):
		return unrecognized("an image manifest or index")
	case f.top("signed") && f.top("signatures"):
		return unrecognized("signed TUF metadata")
	case f.top("bomFormat"), f.top("specVersion"):
		return unrecognized(`a CycloneDX document without bomFormat "CycloneDX"`)
	case len(f.names) == 0:
		return unrecognized("an empty JSON object")
	}
	return unrecognized(fmt.Sprintf("a JSON object with the members %s", nameSome(f.names)))
}

// maxNamed bounds how many members a message names.
const maxNamed = 5

func nameSome(names []string) string {
	var b strings.Builder
	for i, name := range names[:min(len(names), maxNamed)] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.40q", name)
	}
	if len(names) > maxNamed {
		b.WriteString(", …")
	}
	return b.String()
}

func unrecognized(what string) *fault.Error {
	return fault.New(fault.InputUnrecognized, "it looks like %s", what)
}

// looksLikeText says what a text is that is neither JSON nor XML, from its
// first bytes, or returns "" if it may be tag-value.
func looksLikeText(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return "a PDF document"
	case bytes.HasPrefix(head, []byte("\x7fELF")), bytes.HasPrefix(head, []byte("MZ")) && bytes.IndexByte(head, 0) >= 0:
		return "a program"
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return "a tar archive"
	case bytes.HasPrefix(head, []byte("-----BEGIN ")):
		return "a PEM file"
	case bytes.HasPrefix(head, []byte("spdxVersion:")), bytes.HasPrefix(head, []byte("SPDXID:")):
		return "SPDX in YAML, which stella does not read"
	case bytes.HasPrefix(head, []byte("[")):
		return "a JSON array"
	case bytes.IndexByte(head, 0) >= 0, !utf8.Valid(trimPartialRune(head)):
		return "binary data"
	}
	return ""
}

// trimPartialRune removes the beginning of a rune at the end of b.
func trimPartialRune(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}
