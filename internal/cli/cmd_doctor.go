package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/doctor"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
)

func newDoctorCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "look at what stella needs on this machine, and say what to do",
		Long: `Look at key drivers, PKCS #11 modules, FIDO2 tokens, the TPM, plugins, state
directory, keyring, audit log, configuration, trust bundles, offline kits, the
clock and the cryptographic module. Each line says what is there, and what to do
where something is wrong.

Nothing is opened but files of stella's own: no device, no token, no network.
The exit status is 1 if there is a problem: something is set up and does not
work, or is not safe. What is not there, or is there and nobody asked for it, is
a note.`,
		Example: `  stella doctor
  stella doctor --format json`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.configured(cmd)
			if fault.ReasonOf(err) == fault.ConfigInvalid {
				return runDoctorWithout(a, cmd, err)
			}
			if err != nil {
				return err
			}
			return runDoctor(s, nil)
		},
	}
}

// runDoctorWithout looks at the rest where the configuration cannot be used.
func runDoctorWithout(a *app, cmd *cobra.Command, broken error) error {
	s, err := a.bare(cmd)
	if err != nil {
		return err
	}
	return runDoctor(s, broken)
}

func runDoctor(s *session, broken error) error {
	world, err := s.world(broken)
	if err != nil {
		return err
	}
	r := doctorResult{Findings: doctor.Examine(world)}
	r.Healthy = doctor.Healthy(r.Findings)
	if err := s.ui.Show(r); err != nil {
		return err
	}
	if !r.Healthy {
		return settled(fault.ExitFailed)
	}
	return nil
}

type doctorResult struct {
	Healthy  bool             `json:"healthy"`
	Findings []doctor.Finding `json:"findings"`
}

func (r doctorResult) Text(p *ui.Printer) {
	states := map[doctor.State]ui.Status{doctor.OK: ui.Passed, doctor.Note: ui.Skipped, doctor.Problem: ui.Failed}
	problems := 0
	for _, f := range r.Findings {
		p.Status(states[f.State], ui.Styled(ui.Strong, fmt.Sprintf("%-15s", f.Check)), ui.T(f.What))
		if f.Do != "" {
			p.Line(ui.T(strings.Repeat(" ", 17) + "→ " + f.Do))
		}
		if f.State == doctor.Problem {
			problems++
		}
	}
	if problems > 0 {
		p.Status(ui.Failed, ui.Styled(ui.Bad, plural(problems, "problem")))
		return
	}
	p.Status(ui.Passed, ui.Styled(ui.Good, "no problem"))
}
