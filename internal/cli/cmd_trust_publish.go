package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustPublishCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "publish",
		Short: "prepare, sign and export trust for others",
		Long: `Publish trust from a directory, DIR, that holds no private key: prepare what it
shall say, sign it with the keys of its roles, export it to a medium.

The keys of the root say whose signatures count for the rest. They are used
seldom, several of them together, each on a machine of its own: carry DIR
there, sign, and carry it back or merge the copy. A change is published once all
signatures are there.`,
	},
		newTrustPublishInitCommand(a),
		newTrustPublishAddKeyCommand(a),
		newTrustPublishAddRootCommand(a),
		newTrustPublishRevokeCommand(a),
		newTrustPublishSignCommand(a),
		newTrustPublishRotateRootCommand(a),
		newTrustPublishExportCommand(a),
	)
}

// validityFlags say for how long metadata is made.
type validityFlags struct{ root, rest string }

// The flags of validityFlags.
const (
	flagRootExpires = "root-expires"
	flagExpires     = "expires"
)

// AddFlags registers the flags.
func (f *validityFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.root, flagRootExpires, "365d", "a root is good for `SPAN`")
	fs.StringVar(&f.rest, flagExpires, "90d", "targets, snapshot and timestamp are good for `SPAN`: as long as a medium may travel")
}

// publishResult is what is published, and what waits for signatures.
type publishResult struct {
	*trust.Progress
	what string
}

// Text implements ui.Result.
func (r *publishResult) Text(p *ui.Printer) {
	if r.what != "" {
		p.Status(ui.Passed, ui.T(r.what))
	}
	var pairs []ui.Pair
	for _, role := range r.Published {
		pairs = append(pairs, ui.P("published", ui.T(fmt.Sprintf("%s version %d, until %s", role.Role, role.Version, moment(role.Expires)))))
	}
	p.Pairs(pairs...)
	for i := range r.Staged {
		showPending(p, &r.Staged[i])
	}
	switch {
	case !r.Complete():
		p.Line(ui.Styled(ui.Faint, "next: stella trust publish sign "+r.Dir+" --key KEY, with each key that is wanted"))
	case r.RootSHA256 != "":
		p.Pairs(ui.P("first root", p.Digest("sha256:"+r.RootSHA256)))
		p.Line(ui.Styled(ui.Faint, "next: stella trust publish export "+r.Dir+" -o MEDIUM; tell the digest of the first root in another way"))
	}
}

func showPending(p *ui.Printer, r *trust.Pending) {
	for _, n := range r.Needs {
		status := ui.Passed
		line := fmt.Sprintf("%s version %d has %d of the %d signatures that root version %d demands", r.Role, r.Version, n.Have, n.Want, n.Root)
		if n.Have < n.Want {
			status = ui.Warned
			line += "; wanted: " + listed(n.Of)
		}
		p.Status(status, ui.T(line))
	}
}

// listed joins names, of many the first.
func listed(names []string) string {
	text := ""
	for i, name := range names {
		if i == maxShownSubjects {
			return fmt.Sprintf("%s and %d more", text, len(names)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}
