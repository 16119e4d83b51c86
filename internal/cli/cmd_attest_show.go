package cli

import (
	"context"
	"encoding/json/jsontext"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/internal/predicate"
)

func newAttestShowCommand(a *app) *cobra.Command {
	var opts attestShowOptions
	cmd := &cobra.Command{
		Use:   "show FILE|-",
		Short: "show what evidence says and who signed it",
		Long: `Show what is inside of one file of evidence, in any form that verify reads, or
of an OCI image layout, in a directory or an archive: payload, subjects,
predicate, and of every signature the key, the certificate, times and log
entries. Of other directories and archives name the files in them.

With trust on the command line, or an active trust bundle, each signature is
verified and says so; without, it is marked as not verified. Either way this
is no verdict over the evidence: anybody can have written what is shown. For a
verdict there is stella verify.`,
		Example: `  stella attest show sbom.sigstore.json
  stella attest show sbom.sigstore.json --key ci.key.pub
  stella attest show sbom.sigstore.json --format json`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runAttestShow(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type attestShowOptions struct {
	trust  trustFlags
	proofs proofFlags
	at     string
}

// AddFlags registers the flags.
func (o *attestShowOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.trust.keys, "key", nil, "verify signatures by the public key, certificate or keys.json in `FILE`, all of a directory, or keyring:NAME; repeatable")
	o.trust.AddFlags(fs)
	o.proofs.AddFlags(fs)
	fs.StringVar(&o.at, "at", "", "judge keys at `TIME` (RFC 3339) instead of now")
}

func runAttestShow(ctx context.Context, s *session, o *attestShowOptions, name string) error {
	var closers closeList
	defer closers.close()
	f, layout, err := openEvidence(s, name, &closers)
	if err != nil {
		return err
	}
	items, ignored, err := readForShow(f, layout)
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
	if err := o.judge(ctx, s, result, items); err != nil {
		return err
	}
	return s.ui.Show(result)
}

// readForShow reads all that is in a file or an image layout, and says what there
// is no evidence.
func readForShow(f *input.File, layout *oci.Layout) (items []bundle.Item, ignored []string, err error) {
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
	Judged   bool           `json:"signaturesJudged"` // by trust that was named
	Source   string         `json:"source"`
	Items    []evidenceView `json:"items"`
	Ignored  []string       `json:"ignored,omitempty"`
}

type evidenceView struct {
	Line          int               `json:"line,omitzero"`
	Part          string            `json:"part,omitempty"`
	Attached      string            `json:"attached,omitempty"`
	Shape         string            `json:"shape"`
	PayloadType   string            `json:"payloadType,omitempty"`
	PayloadSize   int64             `json:"payloadSize,omitzero"`
	PayloadSHA256 string            `json:"payloadSha256,omitempty"`
	BundleSHA256  string            `json:"bundleSha256,omitempty"`
	Statement     *statementView    `json:"statement,omitempty"`
	Bare          *bareView         `json:"bare,omitempty"`
	Image         *subjectResult    `json:"image,omitempty"`
	Problem       string            `json:"problem,omitempty"`
	BlobDigest    string            `json:"blobDigest,omitempty"`
	KeyHint       string            `json:"keyHint,omitempty"`
	Certificates  []certificateView `json:"certificates,omitempty"`
	LogEntries    []logView         `json:"logEntries,omitempty"`
	Timestamps    bool              `json:"timestamps,omitzero"`
	Times         []timeView        `json:"times,omitempty"` // as time stamps and log entries say
	Signatures    []signatureView   `json:"signatures,omitempty"`
}

// bareView is a predicate that is the whole payload.
type bareView struct {
	PredicateType string `json:"predicateType"`
	// Predicate is left out if it is large.
	Predicate jsontext.Value   `json:"predicate,omitempty"`
	Says      []predicate.Line `json:"says,omitempty"`
}

type statementView struct {
	Type          string          `json:"type"`
	PredicateType string          `json:"predicateType"`
	Subjects      []subjectResult `json:"subjects"`
	// Predicate is left out if the payload is large.
	Predicate jsontext.Value `json:"predicate,omitempty"`
	// Says is what the predicate says, in the lines that people read.
	Says []predicate.Line `json:"says,omitempty"`
}
