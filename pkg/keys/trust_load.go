package keys

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// maxTrustFiles bounds the files of one trust directory.
const maxTrustFiles = 4096

// LoadTrust reads trust from files and directories: public keys and
// certificates as ParsePublic knows them, and keys.json. Of a directory all
// files are read in the order of their names, without those of directories in
// it. Files there that are no keys, private keys, and keys that cannot be used
// are listed by Ignored; one that is broken is an error.
//
// The errors: those of ParsePublic with the file's name; fault.TrustMalformed
// for a keys.json; fault.InputNotFound; fault.TrustRequired if there is no key.
func LoadTrust(paths ...string) (*Trust, error) {
	var list []TrustedKey
	var ignored []Ignored
	for _, path := range paths {
		found, skipped, err := loadPath(path)
		if err != nil {
			return nil, err
		}
		list, ignored = append(list, found...), append(ignored, skipped...)
	}
	if len(list) == 0 {
		return nil, noKeys(paths, ignored)
	}
	t, err := NewTrust(list...)
	if err != nil {
		return nil, err
	}
	t.ignored = ignored
	return t, nil
}

// noKeys lists why nothing was found, so that a private key given by mistake
// does not look like an empty directory.
func noKeys(paths []string, ignored []Ignored) error {
	if len(paths) == 0 {
		return fault.New(fault.TrustRequired, "no public key, certificate or keys.json to verify with").WithHint("give one with --key")
	}
	err := fault.New(fault.TrustRequired, "no public key, certificate or keys.json in %q", strings.Join(paths, ", ")).
		WithHint("put KEY.pub there, or give it with --key")
	for _, i := range ignored {
		err.With("ignored "+i.Path, i.Why)
	}
	return err
}

func loadPath(path string) ([]TrustedKey, []Ignored, error) {
	if path == "-" {
		return nil, nil, fault.New(fault.UsageInvalid, "trust is not read from standard input").WithHint("name a file")
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return loadDirectory(path)
	}
	found, err := loadFile(path) // opening gives the better error
	return found, nil, err
}

func loadDirectory(dir string) ([]TrustedKey, []Ignored, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fault.Wrap(fault.InputUnreadable, errors.Unwrap(err), "failed to read directory %q", dir)
	}
	if len(entries) > maxTrustFiles {
		return nil, nil, fault.New(fault.InputTooLarge, "directory %q has more than %d files", dir, maxTrustFiles)
	}
	var list []TrustedKey
	var ignored []Ignored
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			ignored = append(ignored, Ignored{path, "not a regular file"})
			continue
		}
		found, err := loadFile(path)
		if why, skip := skippable(path, err); skip {
			ignored = append(ignored, Ignored{path, why})
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		list = append(list, found...)
	}
	return list, ignored, nil
}

// skippable reports why a file of a directory is passed over rather than
// refused. What looks like a key and is broken is refused.
func skippable(path string, err error) (why string, skip bool) {
	if err == nil {
		return "", false
	}
	switch fault.ReasonOf(err) {
	case fault.KeyPrivate:
		return "a private key", true
	case fault.KeyUnsupported, fault.InputEmpty:
		cause, _ := errors.AsType[*fault.Error](errors.Unwrap(err))
		if cause == nil {
			return err.Error(), true
		}
		return cause.Error(), true
	case fault.KeyMalformed, fault.InputEncoding, fault.InputTooLarge:
		return "not a key", !looksLikeKey(path)
	}
	return "", false
}

// looksLikeKey reports whether a file begins as one that is broken, and not as
// something else.
func looksLikeKey(path string) bool {
	if filepath.Base(path) == "keys.json" {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer f.Close()
	head := make([]byte, 512)
	n, _ := f.Read(head)
	head = head[:n]
	return bytes.Contains(head, []byte("-----BEGIN ")) || looksPublic(head) || strings.HasSuffix(path, ".pub")
}

// loadFile reads one file of keys.
func loadFile(path string) ([]TrustedKey, error) {
	f, err := input.Open(path, nil, MaxPublicFileSize)
	if err != nil {
		return nil, err
	}
	b, err := f.ReadAll()
	f.Close()
	if err != nil {
		return nil, err
	}
	if trimmed := bytes.TrimLeft(b, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		return loadJSON(path, b)
	}
	parsed, err := ParsePublic(b)
	if err != nil {
		return nil, withPath(path, err)
	}
	out := make([]TrustedKey, len(parsed))
	for i, p := range parsed {
		out[i] = bareKey(p, path, i, len(parsed))
	}
	return out, nil
}

// bareKey is the entry of a key or certificate that nothing else describes.
func bareKey(p PublicKey, path string, i, total int) TrustedKey {
	k := TrustedKey{
		Name: filepath.Base(path), Public: p.Key, Certificate: p.Certificate,
		AnyPredicateType: true, Source: path, bare: p.Certificate == nil,
	}
	if p.FIDO2 != nil {
		k.Scheme, k.FIDO2 = SchemeSSHSig, p.FIDO2
	}
	if total > 1 {
		k.Name = fmt.Sprintf("%s#%d", k.Name, i+1)
	}
	if p.Certificate != nil {
		k.Holder = CertificateHolder(p.Certificate)
		k.NotBefore, k.NotAfter = p.Certificate.NotBefore, p.Certificate.NotAfter
	}
	return k
}

// withPath adds the file to an error about its content, and to a private key
// the public file that lies beside it.
func withPath(path string, err error) error {
	cause, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	out := fault.Wrap(cause.Reason, err, "%s", input.Display(path)).With("path", path)
	if cause.Reason != fault.KeyPrivate {
		return out
	}
	if _, err := os.Stat(path + ".pub"); err == nil {
		return out.WithHint("give the public key: %s.pub", path)
	}
	return out.WithHint("give the public key; write it with: stella keys export %s", path)
}
