package predicate

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
)

// maxTagLine bounds one line of tag-value text, in bytes.
const maxTagLine = 1 << 20

// maxStrayLines is how many lines without a tag are read before a text is
// given up for prose.
const maxStrayLines = 16

// recognizeTagValue reads SPDX in tag-value form (SPDX 2.3, annex on
// serialization): lines "Tag: value", comments, and values in <text>…</text>
// over several lines.
func recognizeTagValue(r io.Reader) (*Document, error) {
	version, packages, stray := "", 0, 0
	err := walkTags(r, func(tag, value string) error {
		switch tag {
		case "SPDXVersion":
			if version != "" && version != value {
				return fault.New(fault.InputMalformed, "SPDX states two versions, %q and %q", version, value)
			}
			version = value
		case "PackageName":
			packages++
		case "":
			if stray++; version == "" && stray > maxStrayLines {
				return unrecognized("text")
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	number, ok := strings.CutPrefix(version, "SPDX-")
	if !ok {
		return nil, unrecognized("text")
	}
	d := &Document{
		Kind: KindSBOM, Format: "SPDX", ID: "spdx", Version: number,
		MediaType: "text/spdx", Encoding: TagValue,
		Count: packages, CountOf: "packages", name: "sbom.spdx",
	}
	return d, checkSPDX(number, spdx2Versions())
}

// walkTags calls line for each tag and its value, without those inside of
// <text>, and with an empty tag for a line that has none.
func walkTags(r io.Reader, line func(tag, value string) error) error {
	br := bufio.NewReaderSize(r, maxTagLine)
	inText := false
	for {
		b, err := br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return fault.New(fault.InputTooLarge, "a line is longer than the limit of %d bytes", maxTagLine)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !utf8.Valid(b) {
			return fault.New(fault.InputEncoding, "text is not UTF-8").
				WithHint("convert it first: iconv -f ENCODING -t UTF-8 FILE")
		}
		if tagErr := tagLine(b, &inText, line); tagErr != nil {
			return tagErr
		}
		if err != nil {
			return nil
		}
	}
}

func tagLine(b []byte, inText *bool, line func(tag, value string) error) error {
	b = bytes.TrimSpace(b)
	if *inText {
		*inText = !bytes.Contains(b, []byte("</text>"))
		return nil
	}
	if len(b) == 0 || b[0] == '#' {
		return nil
	}
	tag, value, ok := strings.Cut(string(b), ":")
	if !ok || strings.ContainsAny(tag, " \t<{") {
		return line("", string(b))
	}
	value = strings.TrimSpace(value)
	*inText = strings.HasPrefix(value, "<text>") && !strings.Contains(value, "</text>")
	return line(tag, value)
}
