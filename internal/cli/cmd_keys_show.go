package cli

import (
	"context"
	"crypto"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

func newKeysShowCommand(a *app) *cobra.Command {
	opts := keysShowOptions{}
	cmd := &cobra.Command{
		Use:   "show KEY",
		Short: "show what is in a key file, or what the keyring knows of a key",
		Long: `Show the keys in the file KEY: a private key, public keys, a certificate,
keys.json, or a directory of them. What keys.json says of a key, and the names
in a certificate, are shown as they stand there; nothing is verified. For
keyring:NAME, show what the keyring knows of the key, with its history.

An encrypted private key is opened only if a flag says where its passphrase
comes from. Otherwise KEY.pub beside it is shown.`,
		Example: `  stella keys show release.key.pub
  stella keys show release.key --format json`,
		Args:              wantArgs("KEY"),
		ValidArgsFunction: a.completeKey,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysShow(cmd.Context(), s, opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.secrets.AddFlags(cmd.Flags())
	addKeyring(cmd.Flags())
	return cmd
}

type keysShowOptions struct{ secrets secretFlags }

func runKeysShow(ctx context.Context, s *session, opts keysShowOptions, path string) error {
	if name, found := inKeyring(path); found {
		entry, err := s.findInKeyring(name)
		if err != nil {
			return err
		}
		return s.ui.Show(newEntryResult(entry, s.Now()))
	}
	trust, err := keys.LoadTrust(path)
	if err == nil {
		return s.ui.Show(keysShowResult{File: path, Kind: "public", Keys: shownKeys(trust.Keys())})
	}
	if fault.ReasonOf(err) != fault.KeyPrivate {
		return err
	}
	result, err := showPrivate(ctx, s, opts, path)
	if err != nil {
		return err
	}
	return s.ui.Show(result)
}

// errLocked stops the reading of a private key where its passphrase is needed.
var errLocked = errors.New("encrypted")

func showPrivate(ctx context.Context, s *session, opts keysShowOptions, path string) (*keysShowResult, error) {
	text, err := readKeyFile(s, path)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	result := &keysShowResult{File: path, Kind: "private"}
	key, format, err := keys.ParsePrivate(text, func() ([]byte, error) {
		result.Encrypted = true
		if len(opts.secrets.given()) == 0 {
			return nil, errLocked
		}
		ask, err := opts.secrets.passphrases(s)
		if err != nil {
			return nil, err
		}
		return ask(ctx, keys.Prompt{Key: path})
	})
	if errors.Is(err, errLocked) {
		return result, result.addPublicFile(path + ".pub")
	}
	if err != nil {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "%q", path).With("path", path)
	}
	result.Format = string(format)
	return result, result.add(key.Public())
}

func readKeyFile(s *session, path string) ([]byte, error) {
	f, err := input.Open(path, s.Stdin, keys.MaxPrivateKeySize)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadAll()
}

type keysShowResult struct {
	File      string `json:"file"`
	Kind      string `json:"kind"` // public or private
	Format    string `json:"format,omitempty"`
	Encrypted bool   `json:"encrypted"`
	// PublicFile is where Keys come from when the private key was not opened.
	PublicFile string     `json:"publicFile,omitempty"`
	Keys       []shownKey `json:"keys"`
}

type shownKey struct {
	Name           string     `json:"name,omitempty"`
	KeyID          string     `json:"keyId"`
	Algorithm      string     `json:"algorithm"`
	Scheme         string     `json:"scheme,omitempty"`
	Holder         string     `json:"holder,omitempty"`
	Hybrid         string     `json:"hybrid,omitempty"`
	Roles          []string   `json:"roles,omitempty"`
	NotBefore      *time.Time `json:"notBefore,omitzero"`
	NotAfter       *time.Time `json:"notAfter,omitzero"`
	RevokedAt      *time.Time `json:"revokedAt,omitzero"`
	Reason         string     `json:"reason,omitempty"`
	PredicateTypes []string   `json:"predicateTypes,omitempty"`
	Certificate    bool       `json:"certificate,omitzero"`
}

func (r *keysShowResult) add(pub crypto.PublicKey) error {
	algorithm, err := keys.AlgorithmOf(pub)
	if err != nil {
		return err
	}
	id, err := dsse.KeyID(pub)
	if err != nil {
		return err
	}
	r.Keys = append(r.Keys, shownKey{KeyID: id, Algorithm: string(algorithm)})
	return nil
}

// addPublicFile adds what the file beside an encrypted key says, if it is
// there.
func (r *keysShowResult) addPublicFile(path string) error {
	r.Keys = []shownKey{}
	trust, err := keys.LoadTrust(path)
	if fault.ReasonOf(err) == fault.InputNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	r.PublicFile = path
	r.Keys = shownKeys(trust.Keys())
	return nil
}

func shownKeys(list []keys.TrustedKey) []shownKey {
	shown := make([]shownKey, len(list))
	for i, k := range list {
		id, err := dsse.KeyID(k.Public)
		if err != nil {
			id = "" // cannot be: the key was read from this form
		}
		shown[i] = shownKey{
			Name: k.Name, KeyID: id, Algorithm: string(k.Algorithm), Scheme: string(k.Scheme),
			Holder: k.Holder, Hybrid: k.Hybrid, Roles: k.Roles,
			NotBefore: instant(k.NotBefore), NotAfter: instant(k.NotAfter), RevokedAt: instant(k.RevokedAt),
			Reason: k.Reason, PredicateTypes: k.PredicateTypes, Certificate: k.Certificate != nil,
		}
	}
	return shown
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (r keysShowResult) Text(p *ui.Printer) {
	head := []ui.Pair{ui.P("file", ui.T(r.File)), ui.P("kind", ui.T(r.Kind))}
	if r.Kind == "private" {
		head = append(head, ui.P("encrypted", ui.T(map[bool]string{true: "yes", false: "no"}[r.Encrypted])))
	}
	switch {
	case r.PublicFile != "":
		head = append(head, ui.P("not opened", ui.T("what follows is from "+r.PublicFile)))
	case len(r.Keys) == 0:
		head = append(head, ui.P("not opened", ui.T("say --passphrase-file, --passphrase-env or --askpass to see more")))
	}
	p.Pairs(head...)
	for _, k := range r.Keys {
		p.Blank()
		p.Pairs(k.pairs(p)...)
	}
}

func (k shownKey) pairs(p *ui.Printer) []ui.Pair {
	pairs := []ui.Pair{ui.P("key id", p.Digest(k.KeyID)), ui.P("algorithm", ui.T(k.Algorithm))}
	text := func(label, value string) {
		if value != "" {
			pairs = append(pairs, ui.P(label, ui.T(value)))
		}
	}
	text("name", k.Name)
	text("holder", k.Holder)
	text("hybrid", k.Hybrid)
	text("roles", strings.Join(k.Roles, ", "))
	text("not before", rfc3339(k.NotBefore))
	text("not after", rfc3339(k.NotAfter))
	text("revoked", rfc3339(k.RevokedAt))
	text("reason", k.Reason)
	text("may sign", strings.Join(k.PredicateTypes, ", "))
	return pairs
}

func rfc3339(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}
