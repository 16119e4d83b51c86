package cli

import (
	"context"
	"crypto"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/timestamp"
)

func newAttestTimestampCommand(a *app) *cobra.Command {
	opts := attestTimestampOptions{hash: newChoice("sha256", "sha256", "sha384", "sha512")}
	cmd := &cobra.Command{
		Use:   "timestamp FILE|-",
		Short: "have the age of a signature proven by a time stamp authority",
		Long: `Put an RFC 3161 time stamp over a signature into its Sigstore bundle. It proves
that the signature existed at that time, to whoever trusts the authority.

Without a network, --request writes a request, which you carry to an authority;
--attach takes the response that you bring back. It must be over exactly this
signature and, with --query, the answer to that request. With --online, --tsa
asks an authority over HTTP.

The response is verified if --trusted-root or --timestamp-certificate-chain says
who is trusted; else nothing vouches for it yet, and the result says so. The new
bundle holds everything that the old one held, unchanged.

Only a bundle has a place for a time stamp. Beside other evidence the response
is kept in a file of its own: see stella verify --rfc3161-timestamp.`,
		Example: `  stella attest timestamp sbom.sigstore.json --request -o sbom.tsq
  stella attest timestamp stamp/app.sigstore.json --attach stamp/app.tsr --query stamp/app.tsq \
      --timestamp-certificate-chain stamp/tsa.pem -o app.sigstore.json
  stella attest timestamp sbom.sigstore.json --tsa https://tsa.example.com -o out.json  # exit 5`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runAttestTimestamp(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type attestTimestampOptions struct {
	request       bool
	attach, query string
	tsa           string
	online        bool
	signature     int
	hash          *choice
	roots, chains []string
	output        outputFlags
}

// AddFlags registers the flags.
func (o *attestTimestampOptions) AddFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.request, "request", false, "write a request to be carried to an authority")
	fs.StringVar(&o.attach, "attach", "", "take the authority's response from `FILE`")
	fs.StringVar(&o.query, "query", "", "demand that the response answers the request in `FILE`")
	fs.StringVar(&o.tsa, "tsa", "", "ask the authority at `URL`")
	fs.BoolVar(&o.online, "online", false, "allow the network for this command")
	fs.IntVar(&o.signature, "signature", 0, "which of several signatures to stamp: the `N`th that attest show shows")
	fs.Var(o.hash, "hash", "hash function of the request: `sha256|sha384|sha512`")
	fs.StringArrayVar(&o.roots, "trusted-root", nil, "trust the time stamp authorities of a Sigstore trusted root in `FILE`; repeatable")
	fs.StringArrayVar(&o.chains, "timestamp-certificate-chain", nil, "trust the time stamp authority with the certificate chain in `FILE`; repeatable")
	o.output.AddFlags(fs)
}

// check refuses what no evidence can help.
func (o *attestTimestampOptions) check(s *session, name string) error {
	ways := 0
	for _, given := range []bool{o.request, o.attach != "", o.tsa != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways != 1:
		return fault.New(fault.UsageInvalid, "say one of --request, --attach and --tsa").WithHint("see stella attest timestamp --help")
	case o.query != "" && o.attach == "":
		return fault.New(fault.UsageInvalid, "--query is the request that --attach brings the answer to")
	case o.signature < 0:
		return fault.New(fault.UsageInvalid, "signatures are counted from 1")
	case o.tsa != "" && s.config.Offline:
		return fault.New(fault.OfflineForbidden, "--tsa needs the network, which is forbidden").
			WithHint("carry the request to the authority yourself: --request, then --attach")
	case o.tsa != "" && !o.online:
		return fault.New(fault.OfflineForbidden, "--tsa needs the network, which was not allowed").
			WithHint("allow it for this command with --online, or carry the request to the authority yourself: --request, then --attach")
	}
	if err := stdinOnce(name, o.attach, o.query); err != nil {
		return err
	}
	return o.output.requireName(s, o.suggestion(name))
}

// suggestion is the name that a hint proposes for the output.
func (o *attestTimestampOptions) suggestion(name string) string {
	if name == "-" {
		name = "evidence"
	}
	if o.request {
		return filepath.Base(name) + ".tsq"
	}
	return "stamped-" + filepath.Base(name)
}

func runAttestTimestamp(ctx context.Context, s *session, o *attestTimestampOptions, name string) error {
	if err := o.check(s, name); err != nil {
		return err
	}
	f, err := input.Open(name, s.Stdin, input.MaxEvidence)
	if err != nil {
		return err
	}
	defer f.Close()
	item, signature, err := o.find(f)
	if err != nil {
		return err
	}
	if o.request {
		return o.writeRequest(ctx, s, f, signature)
	}
	if err := item.TakesTimestamp(); err != nil {
		return about(f, err)
	}
	var response *timestamp.Response
	if o.tsa != "" {
		response, err = o.ask(ctx, s, signature)
	} else {
		response, err = o.bring(s, signature)
	}
	if err != nil {
		return err
	}
	return o.stamp(ctx, s, f, item, signature, response)
}

// find reads the one item of a file, and the signature in it that is meant.
func (o *attestTimestampOptions) find(f *input.File) (*bundle.Item, []byte, error) {
	items, _, err := bundle.Read(f)
	if err != nil {
		return nil, nil, err
	}
	if len(items) != 1 {
		return nil, nil, fault.New(fault.UsageInvalid, "%s holds %d signed documents; a time stamp is for one", input.Display(f.Name()), len(items)).
			WithHint("put the one that is meant into a file of its own")
	}
	item := &items[0]
	signatures := [][]byte{}
	if item.Blob != nil {
		signatures = append(signatures, item.Blob.Signature)
	} else {
		for _, s := range item.Envelope.Signatures() {
			signatures = append(signatures, s.Sig)
		}
	}
	switch n := len(signatures); {
	case n == 0:
		return nil, nil, fault.New(fault.SignatureMissing, "%s holds no signature", input.Display(f.Name()))
	case o.signature > n:
		return nil, nil, fault.New(fault.UsageInvalid, "%s holds %d signatures, and --signature says %d", input.Display(f.Name()), n, o.signature)
	case o.signature == 0 && n > 1:
		return nil, nil, fault.New(fault.UsageInvalid, "%s holds %d signatures, and a time stamp is for one", input.Display(f.Name()), n).
			WithHint("say which: --signature N, as stella attest show counts them")
	}
	return item, signatures[max(o.signature, 1)-1], nil
}

func (o *attestTimestampOptions) newRequest(signature []byte) (*timestamp.Request, error) {
	h := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}[o.hash.value]
	return timestamp.NewRequest(h, signature)
}

// writeRequest writes a request over a signature.
func (o *attestTimestampOptions) writeRequest(ctx context.Context, s *session, f *input.File, signature []byte) error {
	q, err := o.newRequest(signature)
	if err != nil {
		return err
	}
	out, err := o.output.create(ctx, s, f.Name())
	if err != nil {
		return err
	}
	defer out.Abort()
	if _, err := out.Write(q.DER); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return o.output.show(s, newRequestResult(o, f.Name(), q))
}

// ask asks the authority over the network.
func (o *attestTimestampOptions) ask(ctx context.Context, s *session, signature []byte) (*timestamp.Response, error) {
	u, err := timestamp.ParseURL(o.tsa)
	if err != nil {
		return nil, err
	}
	q, err := o.newRequest(signature)
	if err != nil {
		return nil, err
	}
	s.ui.Say("asking %s", u.Redacted())
	return timestamp.Ask(ctx, s.HTTP, u, q)
}

// bring reads the response that was carried here.
func (o *attestTimestampOptions) bring(s *session, signature []byte) (*timestamp.Response, error) {
	f, err := input.Open(o.attach, s.Stdin, input.MaxDocument)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	der, err := bundle.ReadTimestamp(f)
	if err != nil {
		return nil, err
	}
	r, err := timestamp.ParseResponse(der)
	if err == nil {
		err = r.Covers(signature)
	}
	if err != nil {
		return nil, about(f, err)
	}
	if o.query == "" {
		return r, nil
	}
	return r, o.answered(s, f, r)
}

// answered compares a response with the request that it is to answer.
func (o *attestTimestampOptions) answered(s *session, f *input.File, r *timestamp.Response) error {
	query, err := readSmall(s, o.query)
	if err != nil {
		return err
	}
	q, err := timestamp.ParseRequest(query)
	if err != nil {
		return fault.Wrap(fault.ReasonOf(err), err, "%s", input.Display(o.query)).With("path", o.query)
	}
	if err := r.Answers(q); err != nil {
		return about(f, err)
	}
	return nil
}
