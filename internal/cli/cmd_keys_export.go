package cli

import (
	"context"
	"crypto"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

func newKeysExportCommand(a *app) *cobra.Command {
	opts := keysExportOptions{as: newChoice(exportPEM, exportPEM, exportKeysJSON, exportOpenSSH)}
	cmd := &cobra.Command{
		Use:   "export --public|--private KEY",
		Short: "write the public key of a key, or a copy of a private key file",
		Long: `Write the public half of KEY as PEM (SubjectPublicKeyInfo), which stella,
openssl and cosign read, as a keys.json with what the keyring knows of the key,
or as the line of a public key of OpenSSH. KEY is a key reference, keyring:NAME,
or a file with one public key or certificate in another form.

A private key is written from a key file only, and encrypted: its new passphrase
is asked for twice. Only a key that was not encrypted can stay so. What a device
holds never leaves it.`,
		Example: `  stella keys export --public ci.key
  stella keys export --public ci.key --as keys.json --type cyclonedx -o keys.json
  stella keys export --public team.key --as openssh -o team.ssh.pub
  stella keys export --private ci.key --new-passphrase-file pass.txt -o backup.key`,
		Args:              wantArgs("KEY"),
		ValidArgsFunction: a.completeKey,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysExport(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd)
	return cmd
}

// The forms of a public key.
const (
	exportPEM      = "pem"
	exportKeysJSON = "keys.json"
	exportOpenSSH  = "openssh"
)

type keysExportOptions struct {
	public  bool
	private bool
	as      *choice
	types   []string
	copied  privateCopyFlags
	output  outputFlags
	secrets secretFlags
}

// AddFlags registers the flags.
func (o *keysExportOptions) AddFlags(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.BoolVar(&o.public, "public", false, "export the public key")
	fs.BoolVar(&o.private, "private", false, "export the private key of a key file")
	fs.Var(o.as, "as", "form of the public key: `pem|keys.json|openssh`")
	fs.StringArrayVar(&o.types, "type", nil, "in keys.json: the key may sign predicates of `TYPE`, by short name or URI, or \"*\" for any; repeatable")
	o.copied.AddFlags(fs)
	o.output.AddFlags(fs)
	o.secrets.AddFlags(fs)
	addKeyring(fs)
}

func (o *keysExportOptions) check() error {
	switch {
	case o.public && o.private:
		return fault.New(fault.UsageInvalid, "--public and --private exclude each other: a file holds one half of a key").
			WithHint("run the command once for each")
	case !o.public && !o.private:
		return fault.New(fault.UsageInvalid, "say which half of the key is exported").
			WithHint("say --public, or --private for a copy of a private key file")
	case o.private && (o.as.value != exportPEM || len(o.types) > 0):
		return fault.New(fault.UsageInvalid, "--as and --type are for public keys")
	case o.public && o.copied.given():
		return fault.New(fault.UsageInvalid, "--key-format, --new-passphrase-file and --no-passphrase are for private keys")
	case o.as.value == exportKeysJSON && len(o.types) == 0:
		return fault.New(fault.UsageInvalid, "a keys.json says what the key may sign").
			WithHint("say it with --type TYPE, such as --type cyclonedx, or --type '*' for anything")
	case o.as.value != exportKeysJSON && len(o.types) > 0:
		return fault.New(fault.UsageInvalid, "the form %q cannot say what the key may sign", o.as.value).WithHint("say --as keys.json")
	}
	return nil
}

func runKeysExport(ctx context.Context, s *session, o *keysExportOptions, key string) error {
	if err := o.check(); err != nil {
		return err
	}
	ref, err := keys.ParseRef(key)
	if err != nil {
		return err
	}
	if o.private {
		return o.exportPrivate(ctx, s, ref)
	}
	out, err := o.output.create(ctx, s, ref.Name())
	if err != nil {
		return err
	}
	defer out.Abort()
	public, err := publicHalf(ctx, s, &o.secrets, ref)
	if err != nil {
		return err
	}
	text, err := o.encode(public)
	if err != nil {
		return err
	}
	if o.as.value == exportPEM && keys.AssertionKind(public.Scheme) != "" {
		s.showNotes([]keys.Note{{
			Message: "a FIDO2 token makes the signatures of this key, and as bare PEM it verifies none of them",
			Hint:    "export what does: --as keys.json",
		}})
	}
	if _, err := out.Write(text); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return o.output.announce(s, public.Public)
}

func (o *keysExportOptions) encode(k *keys.TrustedKey) ([]byte, error) {
	switch o.as.value {
	case exportPEM:
		return keys.MarshalPublic(k.Public)
	case exportOpenSSH:
		return keys.MarshalSSHPublic(k)
	}
	k.AnyPredicateType, k.PredicateTypes = false, nil
	for _, name := range o.types {
		if name == "*" {
			k.PredicateTypes = append(k.PredicateTypes, name)
			continue
		}
		uri, err := predicate.Resolve(name)
		if err != nil {
			return nil, err
		}
		k.PredicateTypes = append(k.PredicateTypes, uri)
	}
	return keys.MarshalKeysJSON(*k)
}

// announce names the exported key, unless it went to standard output, where it
// is the result itself.
func (f *outputFlags) announce(s *session, public crypto.PublicKey) error {
	if f.onStdout() {
		return nil
	}
	id, err := dsse.KeyID(public)
	if err != nil {
		return err
	}
	return s.ui.Show(keysExportResult{PublicKey: f.path, KeyID: id})
}

// publicHalf returns the public half of a key with what is known of it. The
// keyring is asked for it rather than the place that holds the key, which may
// want a secret, or be gone.
func publicHalf(ctx context.Context, s *session, secrets *secretFlags, ref keys.Ref) (*keys.TrustedKey, error) {
	if ref.Scheme() == keyring.Scheme {
		entry, err := s.findInKeyring(ref.Name())
		if err != nil {
			return nil, err
		}
		known := entry.Trusted()
		return &known, nil
	}
	drivers, err := s.drivers(secrets)
	if err != nil {
		return nil, err
	}
	signer, err := s.openKey(ctx, drivers, ref)
	if err == nil {
		k := keys.Describe(signer)
		k.Name = exportName(ref, signer.Public())
		return &k, k.Complete()
	}
	if fault.ReasonOf(err) != fault.KeyPublic {
		return nil, err
	}
	trust, err := keys.LoadTrust(ref.Name())
	if err != nil {
		return nil, err
	}
	if n := len(trust.Keys()); n != 1 {
		return nil, fault.New(fault.UsageInvalid, "%q holds %d keys, and one can be exported", ref.Name(), n)
	}
	return &trust.Keys()[0], nil
}

// exportName is how a keys.json calls a key that has no name yet.
func exportName(ref keys.Ref, pub crypto.PublicKey) string {
	name := strings.TrimSuffix(filepath.Base(ref.Name()), ".key")
	if ref.Scheme() == keys.FileScheme && strictjson.IsName(name) {
		return name
	}
	id, err := dsse.KeyID(pub)
	if err != nil {
		return "key"
	}
	return id
}

type keysExportResult struct {
	PublicKey string `json:"publicKey"`
	KeyID     string `json:"keyId"`
}

func (r keysExportResult) Text(p *ui.Printer) {
	p.Pairs(ui.P("public key", ui.T(r.PublicKey)), ui.P("key id", p.Digest(r.KeyID)))
}
