package predicate

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// Claims reads f again and returns what the document says it describes, as far
// as it gives a digest of SHA-256 or stronger:
//
//	CycloneDX  metadata.component: its hashes, a version that is a digest, the
//	           digest in its purl
//	SPDX 2     the packages and files that the document describes: checksums
//	SPDX 3     the root elements of the document and its SBOMs: verifiedUsing
//	Syft,      the image by its repository digests, or by its manifest digest
//	Grype      if there are none; a file by its digests
//	Trivy      the image by its repository digests
//	OpenVEX    the products: hashes, and digests in purls
//
// Other formats have no place for it. Image IDs are not claimed: they name a
// configuration, which is not what is pulled or deployed. A document never
// chooses by itself what is signed: a caller asks for claims and shows them.
func Claims(f *input.File, d *Document) ([]intoto.Subject, error) {
	read := claimReader(d)
	if read == nil {
		return nil, nil
	}
	var claims []intoto.Subject
	passes := &passes{f: f, want: d.SHA256}
	if err := read(passes, func(s intoto.Subject) error {
		if len(claims) == intoto.MaxSubjects {
			return tooManySubjects(len(claims) + 1)
		}
		claims = append(claims, s)
		return nil
	}); err != nil {
		return nil, located(f, err)
	}
	return merge(claims)
}

// claimReader returns what reads the claims of d, or nil.
func claimReader(d *Document) func(p *passes, claim func(intoto.Subject) error) error {
	switch {
	case d.ID == "cyclonedx" && d.Encoding == XML:
		return cycloneDXXMLClaims
	case d.ID == "cyclonedx":
		return cycloneDXClaims
	case d.ID == "spdx" && d.Encoding == TagValue:
		return tagValueClaims
	case d.ID == "spdx" && strings.HasPrefix(d.Version, "3"):
		return spdx3Claims
	case d.ID == "spdx":
		return spdx2Claims
	case d.ID == "syft", d.ID == "grype":
		return imageClaims
	case d.ID == "trivy":
		return trivyClaims
	case d.ID == "openvex":
		return openVEXClaims
	}
	return nil
}

// passes reads one input several times and makes sure that it is the same.
type passes struct {
	f    *input.File
	want [sha256.Size]byte
}

// over reads the whole input with read.
func (p *passes) over(read func(r io.Reader) error) error {
	sum := sha256.New()
	r := io.TeeReader(p.f.Reader(), sum)
	if err := read(r); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if [sha256.Size]byte(sum.Sum(nil)) != p.want {
		return changed()
	}
	return nil
}

// scan reads the whole input as JSON for v.
func (p *passes) scan(v canonical.Visitor) error {
	return p.over(func(r io.Reader) error {
		_, err := canonical.Scan(r, v)
		return err
	})
}

// digestSet collects the strong digests of one thing.
type digestSet map[string]string

// add takes an algorithm in any of the spellings of SBOMs (SHA-256, SHA256,
// sha256) and a digest in hex. Weak and unknown algorithms are passed over; a
// malformed digest is an error, as is a second one that differs.
func (d digestSet) add(algorithm, value string) error {
	name := strongName(algorithm)
	if name == "" {
		return nil
	}
	value = strings.ToLower(strings.TrimSpace(value))
	if err := checkHex(name, value); err != nil {
		return fault.Wrap(fault.SubjectInvalid, err, "malformed digest of what it describes")
	}
	if old, ok := d[name]; ok && old != value {
		return fault.New(fault.SubjectInvalid, "it gives two %s digests for what it describes", name)
	}
	d[name] = value
	return nil
}

// addReference takes the digest out of a text such as sha256:<hex> or
// repository@sha256:<hex>, if there is one.
func (d digestSet) addReference(s string) error {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	algorithm, value, ok := strings.Cut(s, ":")
	if !ok || checkHex(strongName(algorithm), strings.ToLower(value)) != nil {
		return nil
	}
	return d.add(algorithm, value)
}

// addPURL takes the digest out of the version of a package URL, which image
// scanners write as pkg:oci/name@sha256:<hex> (purl-types, "oci").
func (d digestSet) addPURL(s string) error {
	rest, ok := strings.CutPrefix(s, "pkg:")
	if !ok {
		return nil
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	rest, err := url.PathUnescape(rest)
	if err != nil || !strings.Contains(rest, "@") {
		return nil
	}
	return d.addReference(rest)
}

func strongName(algorithm string) string {
	switch strings.ToLower(strings.ReplaceAll(algorithm, "-", "")) {
	case "sha256":
		return "sha256"
	case "sha384":
		return "sha384"
	case "sha512":
		return "sha512"
	}
	return ""
}

// claim makes the claim of what is called name, unless it has no digests.
func (d digestSet) claim(name string, claim func(intoto.Subject) error) error {
	if len(d) == 0 {
		return nil
	}
	if len(name) > intoto.MaxNameSize {
		return fault.New(fault.SubjectInvalid, "the name of what it describes is longer than the limit of %d bytes", intoto.MaxNameSize)
	}
	return claim(intoto.Subject{Name: name, Digest: d})
}

// checkHex returns an error unless value is a digest of the algorithm in
// lower-case hex.
func checkHex(algorithm, value string) error {
	size := hexSize(algorithm)
	switch {
	case size == 0:
		return fmt.Errorf("unknown digest algorithm %q", algorithm)
	case len(value) != size:
		return fmt.Errorf("malformed %s digest: %d characters, want %d", algorithm, len(value), size)
	case strings.Trim(value, "0123456789abcdef") != "":
		return fmt.Errorf("malformed %s digest: it must be lower-case hex", algorithm)
	}
	return nil
}

// hexSize returns how many hex digits a digest of a strong algorithm has.
func hexSize(algorithm string) int {
	switch algorithm {
	case "sha256":
		return 64
	case "sha384":
		return 96
	case "sha512":
		return 128
	}
	return 0
}
