package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/offlinekit"
)

// kitBuildOptions are the flags of offline-kit build.
type kitBuildOptions struct {
	file     string
	inputs   kitFile // of flags, and then also of the file
	binaries []string
	sign     signFlags
	output   outputFlags
	unsigned string

	from, statement string
	evidence        []string
}

// AddFlags registers the flags.
func (o *kitBuildOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.file, "file", "", "read what the kit is made of from the YAML in `FILE`; flags add to it, or replace single values")
	fs.StringVar(&o.inputs.Name, "name", "", "call the kit `NAME`: lower-case letters, digits, dots, dashes and underlines")
	fs.StringVar(&o.inputs.Channel, "channel", "", "the line of kits that it belongs to, written as a name: `CHANNEL`")
	fs.Int64Var(&o.inputs.Version, "kit-version", 0, "`N`, larger than that of every earlier kit of the channel")
	fs.StringVar(&o.inputs.Label, "label", "", "what people call the version: `TEXT`")
	fs.StringVar(&o.inputs.Trust, "trust", "", "the export of a trust bundle in `PATH`, a directory or archive")
	fs.StringArrayVar(&o.inputs.Evidence, "evidence", nil, "evidence in `FILE|DIR`, and trusted_root.jsonl beside it; repeatable")
	fs.StringArrayVar(&o.inputs.SBOMs, "sbom", nil, "SBOMs in `FILE|DIR`; repeatable")
	fs.StringArrayVar(&o.inputs.Reports, "report", nil, "scan reports, verdicts and VEX in `FILE|DIR`; repeatable")
	fs.StringArrayVar(&o.inputs.Policies, "policy", nil, "policies in `FILE|DIR`; repeatable")
	fs.StringArrayVar(&o.inputs.Documents, "document", nil, "anything in `FILE|DIR`; repeatable")
	fs.StringArrayVar(&o.inputs.Images, "image", nil, "images and what is attached to them in the OCI layout `DIR|TAR`; repeatable")
	fs.StringArrayVar(&o.binaries, "binary", nil, "stella for a platform: `SYSTEM/MACHINE=FILE`, as in linux/amd64=stella; repeatable")
	fs.StringArrayVar(&o.sign.keys, "key", nil, "sign the statement with the key that `REF` names; repeat it for several signatures")
	fs.StringVar(&o.unsigned, "unsigned", "", "sign nothing, and write the statement that is to be signed to `FILE`")
	fs.StringVar(&o.from, "from", "", "write the kit in `KIT` again, in the form that -o names, and sign nothing")
	fs.StringVar(&o.statement, "statement", "", "with --from, the signed statement in `FILE` instead of the kit's own")
	fs.StringArrayVar(&o.evidence, "statement-evidence", nil, "with --from, a bundle around the same statement with a time stamp or log entry: `FILE`; repeatable")
	fs.StringVarP(&o.output.path, "output", "o", "", "write to `OUT`: .tar.zst, .tar.gz, .tar, or else a directory")
	o.output.addForce(fs)
	o.sign.envelope = newChoice(envelopeDSSE, envelopeDSSE)
	o.sign.envelope.value = envelopeDSSE
	o.sign.secrets.AddFlags(fs)
	addKeyring(fs)
	addAuditFlag(fs)
}

// check refuses what no input can help.
func (o *kitBuildOptions) check() error {
	switch {
	case o.statement != "" || len(o.evidence) > 0:
		return fault.New(fault.UsageInvalid, "--statement and --statement-evidence are about a kit that is there").
			WithHint("name it with --from")
	case o.unsigned != "" && len(o.sign.keys) > 0:
		return fault.New(fault.UsageInvalid, "--unsigned signs nothing, and a key was given")
	case o.unsigned != "":
		return o.requireOutput()
	}
	if err := o.sign.checkKeys(); err != nil {
		return err
	}
	return o.requireOutput()
}

func (o *kitBuildOptions) requireOutput() error {
	if o.output.onStdout() {
		return fault.New(fault.OutputRequired, "a kit is an archive or a directory").WithHint("say where it shall go: -o kit.tar.zst")
	}
	return nil
}

// checkRepack refuses flags that are about a new kit.
func (o *kitBuildOptions) checkRepack() error {
	if o.file != "" || !o.inputs.empty() || len(o.binaries) > 0 || len(o.sign.keys) > 0 || o.unsigned != "" {
		return fault.New(fault.UsageInvalid, "--from writes a kit again as it is: nothing can be added to it but signatures").
			WithHint("sign its statement with stella attest add, and give what comes out with --statement")
	}
	return o.requireOutput()
}

// newEvidence reads the statement and further evidence that a kit is to get.
func (o *kitBuildOptions) newEvidence(s *session) (statement []byte, evidence [][]byte, err error) {
	if o.statement != "" {
		if statement, err = readEvidence(s, o.statement); err != nil {
			return nil, nil, err
		}
	}
	for _, name := range o.evidence {
		content, err := readEvidence(s, name)
		if err != nil {
			return nil, nil, err
		}
		evidence = append(evidence, content)
	}
	return statement, evidence, nil
}

func readEvidence(s *session, name string) ([]byte, error) {
	f, err := input.Open(name, s.Stdin, offlinekit.MaxStatement)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadAll()
}

// plan puts file and flags together.
func (o *kitBuildOptions) plan(s *session) (*offlinekit.Plan, error) {
	all := &kitFile{}
	if o.file != "" {
		var err error
		if all, err = readKitFile(s, o.file); err != nil {
			return nil, err
		}
	}
	all.merge(&o.inputs)
	for _, text := range o.binaries {
		platform, path, found := strings.Cut(text, "=")
		if !found || path == "" {
			return nil, fault.New(fault.UsageInvalid, "--binary %q is not SYSTEM/MACHINE=FILE", text).WithHint("write linux/amd64=FILE")
		}
		if all.Binaries == nil {
			all.Binaries = map[string]string{}
		}
		all.Binaries[platform] = path
	}
	at, err := s.artefactTime()
	if err != nil {
		return nil, err
	}
	return all.plan(at)
}

// empty reports whether nothing is named.
func (f *kitFile) empty() bool {
	return f.Name == "" && f.Channel == "" && f.Version == 0 && f.Label == "" && f.Trust == "" && len(f.Binaries) == 0 &&
		len(slices.Concat(f.Evidence, f.SBOMs, f.Reports, f.Policies, f.Documents, f.Images)) == 0
}
