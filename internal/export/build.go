package export

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

//go:embed verify.sh
var script []byte

// Options say of an export what its files do not.
type Options struct {
	Profile string // what kind of export it is; may be empty
	// Builder is a URI of who is answerable; empty for BuilderID. Version is stella's.
	Builder, Version string
	// Invocation is where the run that made it can be seen; may be empty.
	Invocation string
	// Materials are what the export was made from.
	Materials []intoto.Subject
	At        time.Time
}

// Export is all that is written into a directory before it is signed.
type Export struct {
	Manifest, Checksums, Script []byte
	SHA256                      string // of the manifest, in hex
	// Provenance is the statement in provenance.json, about the manifest.
	Provenance *predicate.Draft
	Files      int
	Bytes      int64
}

// Build describes a directory. The same files and options give the same bytes.
func Build(ctx context.Context, dir string, o Options) (*Export, error) {
	files, err := scan(ctx, dir)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fault.New(fault.InputEmpty, "%s holds no file to export", input.Display(dir))
	}
	files = insert(files, File{Path: ScriptName, SHA256: sumOf(script), Size: int64(len(script))})
	m := &Manifest{Format: Format, Profile: o.Profile, Files: files, CreatedAt: o.At.UTC().Format(time.RFC3339)}
	for _, f := range files {
		m.Counts.Bytes += f.Size
	}
	m.Counts.Files = len(files)
	sums := m.sums()
	m.Checksums = Checksums{ChecksumsName, sumOf(sums)}
	out := &Export{Checksums: sums, Script: script, Files: m.Counts.Files, Bytes: m.Counts.Bytes}
	if out.Manifest, err = m.marshal(); err != nil {
		return nil, err
	}
	out.SHA256 = sumOf(out.Manifest)
	out.Provenance, err = predicate.NewDraft(provenance(m, &o),
		intoto.Subject{Name: ManifestName, Digest: map[string]string{"sha256": out.SHA256}},
		intoto.Subject{Name: ChecksumsName, Digest: map[string]string{"sha256": m.Checksums.SHA256}},
	)
	return out, err
}

// provenance says how the export was made.
func provenance(m *Manifest, o *Options) *predicate.Provenance {
	p := &predicate.Provenance{
		BuildDefinition: predicate.BuildDefinition{BuildType: BuildType, ExternalParameters: map[string]any{"format": Format}},
		RunDetails: predicate.RunDetails{
			Builder:  predicate.Builder{ID: BuilderID, Version: map[string]string{"stella": o.Version}},
			Metadata: &predicate.BuildMetadata{InvocationID: o.Invocation, StartedOn: m.CreatedAt, FinishedOn: m.CreatedAt},
		},
	}
	if o.Builder != "" {
		p.RunDetails.Builder.ID = o.Builder
	}
	if o.Profile != "" {
		p.BuildDefinition.ExternalParameters["profile"] = o.Profile
	}
	for _, s := range o.Materials {
		p.BuildDefinition.ResolvedDependencies = append(p.BuildDefinition.ResolvedDependencies, predicate.ResourceDescriptor{Name: s.Name, Digest: s.Digest})
	}
	return p
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
