package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/fault"
)

func newAuditShowCommand(a *app) *cobra.Command {
	var opts auditShowOptions
	cmd := &cobra.Command{
		Use:   "show [LOG]",
		Short: "show what a key signed",
		Long: `Show the records of the audit log: all of them, those of one key, those since a
time. A record is shown as it stands; a warning tells if the log does not
verify.

Keep a checkpoint and the key that verifies it where nobody who can write the
log can write: then stella audit verify also finds that the log was cut off or
written anew.`,
		Example: `  stella audit show --key ci.key --since 2026-01-01T00:00:00Z
  stella audit show --key ci.key.pub --format ndjson
  stella audit show --checkpoint > new.checkpoint
  stella audit show --public-key > new.vkey`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runAuditShow(s, &opts, args)
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.format = newChoice(formatText, formatText, formatJSON, formatNDJSON)
	fs := cmd.Flags()
	fs.Var(opts.format, keyFormat, "how the records are shown: `text|json|ndjson`")
	fs.StringVar(&opts.key, "key", "", "only uses of `KEY`: a reference as it was given to --key, a key id, or a public key file")
	fs.StringVar(&opts.since, "since", "", "only records from `TIME` (RFC 3339) on")
	fs.BoolVar(&opts.checkpoint, "checkpoint", false, "print the newest checkpoint and no records")
	fs.BoolVar(&opts.publicKey, "public-key", false, "print the key that verifies checkpoints and no records")
	return cmd
}

type auditShowOptions struct {
	format                *choice
	key, since            string
	checkpoint, publicKey bool
}

func runAuditShow(s *session, o *auditShowOptions, args []string) error {
	if o.checkpoint && o.publicKey {
		return fault.New(fault.UsageInvalid, "--checkpoint and --public-key exclude each other: each is printed alone")
	}
	path, err := auditArg(s, args)
	if err != nil {
		return err
	}
	switch {
	case o.checkpoint:
		text, err := audit.Kind().NewestCheckpoint(path)
		if err != nil {
			return err
		}
		return printText(s, text)
	case o.publicKey:
		key, err := audit.Kind().VerifierKey(path)
		if err != nil {
			return err
		}
		return printText(s, []byte(key+"\n"))
	}
	wanted, err := o.filter()
	if err != nil {
		return err
	}
	log, err := audit.OpenReader(path)
	if err != nil {
		return err
	}
	defer log.Close()
	return showRecords(s, o.format.value, log, wanted)
}

// printText prints what is for another program as it is.
func printText(s *session, text []byte) error {
	_, err := s.Stdout.Write(text)
	if err != nil {
		return fault.Wrap(fault.OutputFailed, err, "failed to write to standard output")
	}
	return nil
}

// filter returns what tells the records that are wanted.
func (o *auditShowOptions) filter() (func(*audit.Record) bool, error) {
	var since time.Time
	if o.since != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, o.since); err != nil {
			return nil, fault.New(fault.UsageInvalid, "--since %q is not a time", o.since).
				WithHint("write it as RFC 3339 does: 2026-11-23T12:00:00Z")
		}
	}
	ofKey, err := keyFilter(o.key)
	if err != nil {
		return nil, err
	}
	return func(r *audit.Record) bool { return !r.Time.Before(since) && ofKey(r) }, nil
}
