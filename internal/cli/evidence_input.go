package cli

import (
	"maps"
	"slices"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/pkg/verify"
)

// openEvidence opens what an argument names: a file or, if the layout is not
// nil, an image layout in a directory or archive.
func openEvidence(s *session, name string, closers *closeList) (*input.File, *oci.Layout, error) {
	if oci.IsLayout(name) {
		l, err := oci.Open(name)
		if err == nil {
			closers.add(l)
		}
		return nil, l, err
	}
	limit := int64(input.MaxEvidence)
	if oci.IsArchive(name) {
		limit = input.MaxArtifact // of which only the evidence is read
	}
	f, err := input.Open(name, s.Stdin, limit)
	if err != nil {
		return nil, nil, err
	}
	closers.add(f)
	l, err := oci.OpenTar(f)
	if l != nil {
		closers.add(l)
	}
	return f, l, err
}

// digestsOf are the digests by which an image layout may call the artifacts.
func digestsOf(subjects []verify.Artifact) []string {
	digests := make(map[string]bool)
	for _, a := range subjects {
		if sum, ok := a.Digest["sha256"]; ok {
			digests["sha256:"+sum] = true
		}
	}
	return slices.Sorted(maps.Keys(digests))
}

// besideFlags name what lies in files of its own beside a signature. They are
// called as cosign calls them.
type besideFlags struct{ certificate, timestamp string }

// AddFlags registers the flags.
func (b *besideFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&b.certificate, "certificate", "", "certificate in `FILE` of the one signature that is given, leaf first; it is evidence and no trust")
	fs.StringVar(&b.timestamp, "rfc3161-timestamp", "", "RFC 3161 response in `FILE` over the one signature that is given")
}

// open opens what the flags name.
func (b *besideFlags) open(s *session, names []string, closers *closeList) (bundle.Beside, error) {
	var out bundle.Beside
	if *b != (besideFlags{}) && len(names) != 1 {
		return out, fault.New(fault.UsageInvalid, "--certificate and --rfc3161-timestamp go with one FILE, and %d were given", len(names))
	}
	for _, file := range []struct {
		name string
		to   **input.File
	}{{b.certificate, &out.Certificate}, {b.timestamp, &out.Timestamp}} {
		if file.name == "" {
			continue
		}
		f, err := input.Open(file.name, s.Stdin, input.MaxEvidence)
		if err != nil {
			return out, err
		}
		closers.add(f)
		*file.to = f
	}
	return out, nil
}
