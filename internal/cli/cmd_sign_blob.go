package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

func newSignBlobCommand(a *app) *cobra.Command {
	var opts blobFlags
	cmd := &cobra.Command{
		Use:   "blob FILE|-",
		Short: "sign bytes, as cosign sign-blob or ssh-keygen does",
		Long: `Sign a file as it is. The bundle holds a signature over the file's bytes and
not the file, so it is verified together with it.

With --envelope sshsig the signature is written as "ssh-keygen -Y sign" does,
for "ssh-keygen -Y verify": by an OpenSSH key on a FIDO2 token, or by any
Ed25519, ECDSA or RSA key. stella itself verifies no such file.`,
		Example: `  stella sign blob app.tar.gz --key ci.key -o app.tar.gz.sigstore.json
  stella sign blob app.tar.gz --key team.key --envelope sshsig -o app.tar.gz.sig`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runSignBlob(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type blobFlags struct {
	signFlags
	namespace string
	fs        *pflag.FlagSet
}

const flagNamespace = "namespace"

// AddFlags registers the flags.
func (o *blobFlags) AddFlags(fs *pflag.FlagSet) {
	o.envelope = newChoice("", envelopeBundle, envelopeDSSE, envelopeSSHSig)
	o.addFlags(fs, "; one, since the file holds one signature", "write a Sigstore bundle, the default, or a signature file of OpenSSH: `bundle|sshsig`")
	fs.StringVar(&o.namespace, flagNamespace, keys.SSHSigFile, "with --envelope sshsig: sign for the purpose `NAME`, which verifying has to name too")
	o.fs = fs
}

func (o *blobFlags) check(s *session, name string) error {
	switch {
	case o.form() == envelopeDSSE:
		return fault.New(fault.UsageInvalid, "a signature over bare bytes has no DSSE envelope, and so one key").
			WithHint("sign once for each key, or sign a statement about the file: stella sign statement")
	case o.fs.Changed(flagNamespace) && o.form() != envelopeSSHSig:
		return fault.New(fault.UsageInvalid, "only signatures of OpenSSH have a namespace").WithHint("say --envelope sshsig")
	}
	return o.signFlags.check(s, name)
}

func runSignBlob(ctx context.Context, s *session, o *blobFlags, name string) error {
	if err := o.check(s, name); err != nil {
		return err
	}
	f, err := input.Open(name, s.Stdin, input.MaxArtifact)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := f.Content()
	if err != nil {
		return err
	}
	write, err := o.writer(ctx, content)
	if err != nil {
		return err
	}
	sum := content.SHA256Hex()
	signers, err := o.openSigners(ctx, s, audit.Use{Content: audit.Content{
		Subjects: []string{"sha256:" + sum}, SubjectCount: 1, PayloadSHA256: sum,
	}})
	if err != nil {
		return err
	}
	sealed, err := o.write(ctx, s, signers, []string{f.Name()}, func(out atomicfile.Output) (*bundle.Sealed, error) {
		return &bundle.Sealed{}, write(out, signers[0])
	})
	if err != nil {
		return err
	}
	return o.output.show(s, &blobResult{Artifact: name, SHA256: sum, Size: f.Size(), Namespace: o.namespaceOf(), sealedResult: sealed})
}

// writer returns what signs the content and writes the signature in the form that
// the flags say. What needs no key has been done and refused.
func (o *blobFlags) writer(ctx context.Context, content *input.Pinned) (func(atomicfile.Output, dsse.Signer) error, error) {
	if o.form() == envelopeBundle {
		return func(out atomicfile.Output, signer dsse.Signer) error {
			if dsse.ExtensionKind(signer) == keys.KindSSHSig {
				return fault.Wrap(fault.BundleSignatures, bundle.RefuseExtension(), "").
					WithHint("write it as OpenSSH does: --envelope sshsig")
			}
			return bundle.WriteBlob(ctx, out, content, signer)
		}, nil
	}
	signature, err := keys.NewSSHSig(o.namespace, content)
	return func(out atomicfile.Output, signer dsse.Signer) error {
		text, err := signature.Sign(ctx, signer)
		if err == nil {
			_, err = out.Write(text)
		}
		return err
	}, err
}

// namespaceOf returns the namespace, and "" where there is none.
func (o *blobFlags) namespaceOf() string {
	if o.form() != envelopeSSHSig {
		return ""
	}
	return o.namespace
}

// blobResult says which bytes were signed.
type blobResult struct {
	Artifact  string `json:"artifact"`
	SHA256    string `json:"sha256"`
	Size      int64  `json:"size"`
	Namespace string `json:"namespace,omitempty"`
	*sealedResult
}

// Text implements ui.Result.
func (r *blobResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("signed "+r.Artifact))
	pairs := []ui.Pair{ui.P("digest", p.Digest("sha256:"+r.SHA256))}
	if r.Namespace != "" {
		pairs = append(pairs, ui.P("namespace", ui.T(r.Namespace)))
	}
	p.Pairs(append(pairs, r.sealedResult.pairs(p)...)...)
}
