package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/input"
)

func newAttestShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE|-",
		Short: "show what evidence says, without verifying it",
		Long: `Show what is inside of bundles and envelopes: payload, subjects and signatures.
Nothing is verified: anybody can have written what is shown.`,
		Example: `  stella attest show sbom.sigstore.json
  stella attest show sbom.sigstore.json --format json`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runAttestShow(cmd.Context(), s, args[0])
		},
	}
}

func runAttestShow(ctx context.Context, s *session, name string) error {
	f, err := input.Open(name, s.Stdin, input.MaxEvidence)
	if err != nil {
		return err
	}
	defer f.Close()
	items, ignored, err := bundle.Read(f)
	if err != nil {
		return err
	}
	result := &attestView{Schema: "stella.ops/show@v1", Source: name}
	for _, item := range items {
		shown, err := viewEvidence(ctx, item)
		if err != nil {
			return err
		}
		result.Items = append(result.Items, *shown)
	}
	for _, i := range ignored {
		result.Ignored = append(result.Ignored, fmt.Sprintf("line %d: %s", i.Line, i.Reason))
	}
	return s.ui.Show(result)
}

// attestView is what evidence says. Verified is always false: it is there so
// that nobody takes this for a verdict.
type attestView struct {
	Schema   string         `json:"schema"`
	Verified bool           `json:"verified"`
	Source   string         `json:"source"`
	Items    []evidenceView `json:"items"`
	Ignored  []string       `json:"ignored,omitempty"`
}

type evidenceView struct {
	Line          int             `json:"line,omitzero"`
	Shape         string          `json:"shape"`
	PayloadType   string          `json:"payloadType,omitempty"`
	PayloadSize   int64           `json:"payloadSize,omitzero"`
	PayloadSHA256 string          `json:"payloadSha256,omitempty"`
	BundleSHA256  string          `json:"bundleSha256,omitempty"`
	Statement     *statementView  `json:"statement,omitempty"`
	Problem       string          `json:"problem,omitempty"`
	BlobDigest    string          `json:"blobDigest,omitempty"`
	KeyHint       string          `json:"keyHint,omitempty"`
	Certificates  []string        `json:"certificates,omitempty"`
	LogEntries    int             `json:"logEntries,omitzero"`
	Timestamps    bool            `json:"timestamps,omitzero"`
	Signatures    []signatureView `json:"signatures,omitempty"`
}

type statementView struct {
	Type          string          `json:"type"`
	PredicateType string          `json:"predicateType"`
	Subjects      []subjectResult `json:"subjects"`
}

type signatureView struct {
	KeyID     string `json:"keyId,omitempty"`
	Size      int    `json:"size"`
	Extension string `json:"extension,omitempty"`
}
