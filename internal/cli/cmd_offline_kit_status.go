package cli

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/store"
)

// flagMaxAge bounds the age of a kit.
const flagMaxAge = "max-age"

func newOfflineKitStatusCommand(a *app) *cobra.Command {
	var opts offlineKitStatusOptions
	cmd := &cobra.Command{
		Use:   "status",
		Short: "show the active kits, how old they are, and what is in quarantine",
		Long: `Show the active kit of each channel, how old it is, which kit can be gone back
to, how old the trust is, and which kits are in quarantine for which reason.
With --max-age, or the setting kit.max-age, a kit that was built longer ago, or
none at all, ends the command with exit status 4, so that a timer can watch it.

--path prints the directory of the active kit and nothing else. It holds the
files of the kit under their names, among them trust/ and payload/, and changes
with each import: ask for it each time.`,
		Example: `  stella offline-kit status
  stella offline-kit status --channel stable --max-age 30d --format json
  stella verify "$(stella offline-kit status --path)/payload/evidence"`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runOfflineKitStatus(s, &opts)
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type offlineKitStatusOptions struct {
	channel string
	path    bool
}

// AddFlags registers the flags.
func (o *offlineKitStatusOptions) AddFlags(fs *pflag.FlagSet) {
	addChannel(fs, &o.channel)
	fs.String(flagMaxAge, "", "refuse a kit that was built longer ago than `AGE`, such as 30d")
	fs.BoolVar(&o.path, "path", false, "print the directory of the active kit alone")
}

func runOfflineKitStatus(s *session, o *offlineKitStatusOptions) error {
	most, err := s.kitMaxAge()
	if err != nil {
		return err
	}
	kits := s.kitStore()
	if o.path {
		return showKitPath(s, kits, o.channel, most)
	}
	names := []string{o.channel}
	var stale error
	if o.channel == "" {
		if names, err = kits.Channels(); err != nil {
			return err
		}
		if len(names) == 0 && most > 0 {
			_, stale = kits.Choose("") // no kit is none that is new enough
		}
	}
	result := &kitStatusResult{Dir: kits.Dir(), Channels: []kitStatus{}, MaxAgeSeconds: int64(most.Seconds()), Trust: s.trustAge()}
	for _, name := range names {
		status, err := kits.Status(name, s.Now())
		if err != nil {
			return err
		}
		old := s.judgeAge(status, most)
		if stale == nil {
			stale = old
		}
		result.Channels = append(result.Channels, kitStatus{status, old != nil})
	}
	if result.Quarantine, err = kits.Quarantine(); err != nil {
		return err
	}
	if err := s.ui.Show(result); err != nil {
		return err
	}
	return stale
}

// kitMaxAge is how old a kit may be, 0 for any age.
func (s *session) kitMaxAge() (time.Duration, error) {
	if s.config.KitMaxAge == "" {
		return 0, nil
	}
	return parseLimit(flagMaxAge, s.config.KitMaxAge)
}

// judgeAge returns why a kit is too old, and warns of one from the future.
func (s *session) judgeAge(status *store.Status, most time.Duration) error {
	if status.Active.AgeSeconds < 0 {
		s.ui.Warn("the active kit of channel %q was built at %s, and the clock says %s: is it right?", status.Channel, moment(status.Active.CreatedAt), moment(s.Now()))
	}
	if most == 0 {
		return nil
	}
	return status.Stale(most)
}

func showKitPath(s *session, kits *store.Store, channel string, most time.Duration) error {
	name, err := kits.Choose(channel)
	if err != nil {
		return err
	}
	status, err := kits.Status(name, s.Now())
	if err != nil {
		return err
	}
	if err := s.judgeAge(status, most); err != nil {
		return err
	}
	return s.ui.Show(&kitPathResult{status.Active.Path})
}

// trustAge says how old the active trust is; nil if there is none.
func (s *session) trustAge() *kitTrustStatus {
	name, err := s.activeTrust()
	if err != nil || name == "" {
		return nil // several, and none chosen: none is
	}
	status, err := s.trustHome().Status(name, s.Now())
	if err != nil {
		return &kitTrustStatus{Name: name, Reason: fault.ReasonOf(err), Problem: err.Error()}
	}
	return &kitTrustStatus{Name: name, Usable: status.Usable, Reason: status.Reason, Problem: status.Problem, Imported: status.Imported}
}
