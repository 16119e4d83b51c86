package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/predicate"
)

func newAttestShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE|-",
		Short: "show what evidence says, without verifying it",
		Long: `Show what is inside of evidence in any form that verify reads: payload, subjects
and signatures. Nothing is verified: anybody can have written what is shown.`,
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
	var closers closeList
	defer closers.close()
	items, ignored, err := readForShow(s, name, &closers)
	if err != nil {
		return err
	}
	result := &attestView{Schema: "stella.ops/show@v1", Source: name, Ignored: ignored}
	for _, item := range items {
		shown, err := viewEvidence(ctx, item)
		if err != nil {
			return err
		}
		result.Items = append(result.Items, *shown)
	}
	return s.ui.Show(result)
}

// readForShow reads all that is in a file or an image layout, and says what there
// is no evidence.
func readForShow(s *session, name string, closers *closeList) (items []bundle.Item, ignored []string, err error) {
	f, layout, err := openEvidence(s, name, closers)
	if err != nil {
		return nil, nil, err
	}
	if layout == nil {
		items, lines, err := bundle.Read(f)
		for _, i := range lines {
			ignored = append(ignored, fmt.Sprintf("line %d: %s", i.Line, i.Reason))
		}
		return items, ignored, err
	}
	found, err := layout.Evidence()
	if err != nil {
		return nil, nil, err
	}
	for _, i := range found.Ignored {
		ignored = append(ignored, i.Part+": "+i.Reason)
	}
	return found.Items, ignored, nil
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
	Part          string          `json:"part,omitempty"`
	Attached      string          `json:"attached,omitempty"`
	Shape         string          `json:"shape"`
	PayloadType   string          `json:"payloadType,omitempty"`
	PayloadSize   int64           `json:"payloadSize,omitzero"`
	PayloadSHA256 string          `json:"payloadSha256,omitempty"`
	BundleSHA256  string          `json:"bundleSha256,omitempty"`
	Statement     *statementView  `json:"statement,omitempty"`
	Image         *subjectResult  `json:"image,omitempty"`
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
	// Says is what the predicate says, in the lines that people read.
	Says []predicate.Line `json:"says,omitempty"`
}

type signatureView struct {
	KeyID     string `json:"keyId,omitempty"`
	Size      int    `json:"size"`
	Extension string `json:"extension,omitempty"`
}
