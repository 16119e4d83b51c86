package predicate

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// maxSumsLine bounds one line of a checksum file, in bytes.
const maxSumsLine = 16 << 10

// ParseSums reads the subjects in a file that sha256sum, sha384sum or sha512sum
// wrote: lines of the digest, a space, a space or an asterisk, and the name.
// Comments (#) are passed over, as those programs do. All lines have digests
// of one length; anything else is refused with its line.
func ParseSums(f *input.File) ([]intoto.Subject, error) {
	subjects, err := parseSums(f.Reader())
	if err != nil {
		return nil, located(f, err)
	}
	return subjects, nil
}

func parseSums(r io.Reader) ([]intoto.Subject, error) {
	br := bufio.NewReaderSize(r, maxSumsLine)
	var subjects []intoto.Subject
	size := 0
	for number := 1; ; number++ {
		b, err := br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, badLine(number, "it is longer than the limit of %d bytes", maxSumsLine)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		line := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
		if len(b) > 0 && !strings.HasPrefix(line, "#") {
			s, digits, why := parseSum(line)
			switch {
			case why != "":
				return nil, badLine(number, "%s", why)
			case size != 0 && digits != size:
				return nil, badLine(number, "its digest is of another length than those before")
			case len(subjects) == intoto.MaxSubjects:
				return nil, tooManySubjects(len(subjects) + 1)
			}
			size = digits
			subjects = append(subjects, s)
		}
		if err == nil {
			continue
		}
		if len(subjects) == 0 {
			return nil, fault.New(fault.InputEmpty, "it has no checksums")
		}
		return subjects, nil
	}
}

func badLine(number int, format string, args ...any) error {
	e := fault.New(fault.InputMalformed, format, args...)
	return fault.Wrap(fault.InputMalformed, e, "line %d", number).
		WithHint("give a file as sha256sum writes it: <hex>, two spaces, name")
}

// parseSum reads one line. A leading backslash says that the name has escapes
// (GNU coreutils manual, "md5sum invocation").
func parseSum(line string) (s intoto.Subject, digits int, why string) {
	text, escaped := strings.CutPrefix(line, `\`)
	digest, rest, ok := strings.Cut(text, " ")
	algorithm := map[int]string{64: "sha256", 96: "sha384", 128: "sha512"}[len(digest)]
	if !ok || algorithm == "" || checkHex(algorithm, digest) != nil {
		return s, 0, "it does not begin with a SHA-256, SHA-384 or SHA-512 in lower-case hex and a space"
	}
	if len(rest) < 2 || rest[0] != ' ' && rest[0] != '*' {
		return s, 0, "it has no name after the digest and two spaces"
	}
	name := rest[1:]
	if escaped {
		name = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r").Replace(name)
	}
	s, err := checkSubject(intoto.Subject{Name: name, Digest: map[string]string{algorithm: digest}})
	if err != nil {
		return s, 0, err.Error()
	}
	return s, len(digest), ""
}
