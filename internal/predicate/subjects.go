package predicate

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// MaxBundleSubjects is how many subjects a statement may have whose envelope
// goes into a Sigstore bundle: other programs refuse more.
const MaxBundleSubjects = 1024

// MainDigest returns the digest of a set that people compare: SHA-256 if there is
// one, else the first by name.
func MainDigest(set map[string]string) string {
	if hex, ok := set["sha256"]; ok {
		return "sha256:" + hex
	}
	for _, algorithm := range slices.Sorted(maps.Keys(set)) {
		return algorithm + ":" + set[algorithm]
	}
	return ""
}

// CheckBundleSubjects refuses more subjects than a bundle may hold.
func CheckBundleSubjects(n int) error {
	if n <= MaxBundleSubjects {
		return nil
	}
	return fault.New(fault.SubjectTooMany, "%d subjects are more than the %d that a bundle may hold", n, MaxBundleSubjects).
		WithHint("write a bare envelope: --envelope dsse")
}

func tooManySubjects(n int) error {
	return fault.New(fault.SubjectTooMany, "%d subjects are more than the limit of %d", n, intoto.MaxSubjects)
}

// ParseSubject returns the subject that a user means by s: sha256:<hex>,
// NAME@sha256:<hex> (also sha384 and sha512), or a FILE, which is hashed. A
// digest without a name is named by itself, a file by its base name.
func ParseSubject(s string) (intoto.Subject, error) {
	subject, ok, err := ParseDigest(s)
	if ok || err != nil {
		return subject, err
	}
	return hashSubject(s)
}

// ParseDigest returns the subject that s names by a digest: sha256:<hex> or
// NAME@sha256:<hex> (also sha384 and sha512). It is not ok if s is neither, and
// so a FILE.
func ParseDigest(s string) (subject intoto.Subject, ok bool, err error) {
	name, digest := "", s
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		name, digest = s[:i], s[i+1:]
	}
	algorithm, value, found := strings.Cut(digest, ":")
	if !found || hexSize(algorithm) == 0 || strings.ContainsAny(value, "/\\") {
		return intoto.Subject{}, false, nil
	}
	if err := checkHex(algorithm, value); err != nil {
		return intoto.Subject{}, true, fault.Wrap(fault.SubjectInvalid, err, "subject %q", s)
	}
	if name == "" {
		name = digest
	}
	subject, err = checkSubject(intoto.Subject{Name: name, Digest: map[string]string{algorithm: value}})
	return subject, true, err
}

func hashSubject(path string) (intoto.Subject, error) {
	if path == "" || path == "-" {
		return intoto.Subject{}, fault.New(fault.SubjectInvalid, "subject %q is not FILE or NAME@sha256:<hex>", path)
	}
	f, err := input.Open(path, nil, input.MaxArtifact)
	if err != nil {
		return intoto.Subject{}, subjectFileError(path, err)
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.CopyBuffer(sum, f.Reader(), make([]byte, bufferSize))
	if err == nil && n != f.Size() {
		return intoto.Subject{}, located(f, changed())
	}
	if err != nil {
		return intoto.Subject{}, fault.Wrap(fault.InputUnreadable, err, "failed to hash %q", path)
	}
	return checkSubject(intoto.Subject{
		Name:   filepath.Base(path),
		Digest: map[string]string{"sha256": hex.EncodeToString(sum.Sum(nil))},
	})
}

// subjectFileError explains what a subject may be when there is no such file:
// what looks like an image reference is not resolved.
func subjectFileError(path string, err error) error {
	if _, statErr := os.Stat(path); !errors.Is(statErr, fs.ErrNotExist) {
		return err
	}
	e := fault.Wrap(fault.ReasonOf(err), err, "subject").With("path", path)
	if strings.Contains(path, ":") {
		return e.WithHint("name an image by its digest: %s@sha256:<hex>", strings.TrimPrefix(path, "oci:"))
	}
	return e.WithHint("give an existing file, or NAME@sha256:<hex>")
}

// checkSubject bounds and cleans a subject's name. It is for people: what is
// not UTF-8 in a file's name is replaced.
func checkSubject(s intoto.Subject) (intoto.Subject, error) {
	s.Name = strings.ToValidUTF8(s.Name, "\ufffd")
	if len(s.Name) > intoto.MaxNameSize {
		return s, fault.New(fault.SubjectInvalid, "a subject's name is longer than the limit of %d bytes", intoto.MaxNameSize)
	}
	return s, nil
}

// merge puts lists together without repetitions, in order.
func merge(lists ...[]intoto.Subject) ([]intoto.Subject, error) {
	var all []intoto.Subject
	seen := make(map[string]bool)
	for _, list := range lists {
		for _, s := range list {
			key := s.Name
			for _, algorithm := range slices.Sorted(maps.Keys(s.Digest)) {
				key += "\x00" + algorithm + ":" + s.Digest[algorithm]
			}
			if !seen[key] {
				seen[key] = true
				all = append(all, s)
			}
		}
	}
	if len(all) > intoto.MaxSubjects {
		return nil, tooManySubjects(len(all))
	}
	return all, nil
}
