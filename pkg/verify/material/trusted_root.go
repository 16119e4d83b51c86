package material

import (
	"bytes"
	"cmp"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"slices"

	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Limits on trust.
const (
	// MaxRoot bounds a file of trusted roots, in bytes. The public-good one has 8 KB.
	MaxRoot = 4 << 20
	// MaxTrust bounds any other file of trust, in bytes. A CRL may have megabytes.
	MaxTrust = 32 << 20
	// maxRoots bounds the trusted roots of one file.
	maxRoots = 64
	// maxAuthorities bounds the authorities of each kind in one trusted root.
	maxAuthorities = 256
)

// rootTypes are the media types of trusted roots (sigstore_trustroot.proto,
// "media_type"). Version 0.2 brought the operators of logs.
func rootTypes() []string {
	return []string{
		root.TrustedRootMediaType01,
		"application/vnd.dev.sigstore.trustedroot.v0.1+json", "application/vnd.dev.sigstore.trustedroot.v0.2+json",
	}
}

// ParseRoot reads a Sigstore trusted root (trusted_root.json, versions 0.1 and 0.2),
// or several, one a line, as "gh attestation trusted-root" writes them. The name
// is for messages. Every failure is fault.TrustMalformed.
func ParseRoot(name string, data []byte) (*Root, error) {
	if len(data) > MaxRoot {
		return nil, malformed(name, 0, fmt.Errorf("it has more than %d bytes", MaxRoot))
	}
	var roots []*Root
	d := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		begin := d.InputOffset()
		raw, err := d.ReadValue()
		if errors.Is(err, io.EOF) {
			break
		}
		line := 1 + bytes.Count(data[:begin], []byte("\n")) + leadingLines(data[begin:])
		if err == nil && len(roots) == maxRoots {
			err = fmt.Errorf("there are more than %d trusted roots", maxRoots)
		}
		if err != nil {
			return nil, malformed(name, line, err)
		}
		r, err := parseRoot(raw)
		if err != nil {
			return nil, malformed(name, line, err)
		}
		roots = append(roots, r)
	}
	if len(roots) == 0 {
		return nil, malformed(name, 0, errors.New("it is empty"))
	}
	joined, err := Join(roots...)
	if err != nil {
		return nil, malformed(name, 0, err)
	}
	return joined, nil
}

// leadingLines counts the lines of white space before a value.
func leadingLines(b []byte) int {
	return bytes.Count(b[:len(b)-len(bytes.TrimLeft(b, " \t\r\n"))], []byte("\n"))
}

// malformed says in which file, and where there, trust is malformed.
func malformed(name string, line int, err error) error {
	where := input.Display(name)
	if line > 1 {
		where = fmt.Sprintf("%s, line %d", where, line)
	}
	return fault.Wrap(fault.TrustMalformed, err, "malformed trusted root %s", where).With("path", name)
}

// parseRoot reads one trusted root, in which no member stands twice.
func parseRoot(raw jsontext.Value) (*Root, error) {
	pb := &trustpb.TrustedRoot{}
	if err := protojson.Unmarshal(raw, pb); err != nil {
		return nil, inWords(err)
	}
	if !slices.Contains(rootTypes(), pb.GetMediaType()) {
		return nil, fmt.Errorf("media type %.80q is not that of a trusted root of version 0.1 or 0.2", pb.GetMediaType())
	}
	r := &Root{logs: map[string][]*log{}, ctLogs: map[string][]*log{}}
	return r, cmp.Or(
		each("tlogs", pb.GetTlogs(), func(in *trustpb.TransparencyLogInstance) error { return readLog(r.logs, in) }),
		each("ctlogs", pb.GetCtlogs(), func(in *trustpb.TransparencyLogInstance) error { return readLog(r.ctLogs, in) }),
		each("certificateAuthorities", pb.GetCertificateAuthorities(), func(in *trustpb.CertificateAuthority) error {
			c, err := newFulcio(in)
			r.cas = append(r.cas, c)
			return err
		}),
		each("timestampAuthorities", pb.GetTimestampAuthorities(), func(in *trustpb.CertificateAuthority) error {
			t, err := newTSA(in)
			r.tsas = append(r.tsas, t)
			return err
		}),
	)
}

func readLog(logs map[string][]*log, in *trustpb.TransparencyLogInstance) error {
	l, err := newLog(in)
	if err != nil {
		return err
	}
	return addLog(logs, l)
}

// each reads the elements of a list up to the first that is malformed.
func each[T any](member string, list []T, read func(T) error) error {
	if len(list) > maxAuthorities {
		return fmt.Errorf("%s has more than %d elements", member, maxAuthorities)
	}
	for i, element := range list {
		if err := read(element); err != nil {
			return fmt.Errorf("%s[%d]: %w", member, i, err)
		}
	}
	return nil
}
