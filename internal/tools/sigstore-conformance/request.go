package main

import (
	"flag"
	"io"
	"regexp"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// A request is the arguments of one verify-bundle.
type request struct {
	staging          bool
	bundle           string
	identity, issuer string
	key              string
	trustedRoot      string
	artifact         string // a file, or sha256:<hex>
}

// parse reads the arguments behind verify-bundle.
func parse(args []string) (*request, error) {
	r := &request{}
	flags := flag.NewFlagSet("verify-bundle", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&r.staging, "staging", false, "")
	flags.StringVar(&r.bundle, "bundle", "", "")
	flags.StringVar(&r.identity, "certificate-identity", "", "")
	flags.StringVar(&r.issuer, "certificate-oidc-issuer", "", "")
	flags.StringVar(&r.key, "key", "", "")
	flags.StringVar(&r.trustedRoot, "trusted-root", "", "")
	if err := flags.Parse(args); err != nil {
		return nil, fault.Wrap(fault.UsageInvalid, err, "verify-bundle")
	}
	r.artifact = flags.Arg(0)
	return r, r.check(flags.NArg())
}

func (r *request) check(arguments int) error {
	keyless := r.identity != "" && r.issuer != ""
	switch {
	case r.bundle == "":
		return fault.New(fault.UsageInvalid, "verify-bundle needs --bundle")
	case arguments != 1:
		return fault.New(fault.UsageInvalid, "verify-bundle takes one file or digest, not %d", arguments)
	case keyless == (r.key != "") || !keyless && (r.identity != "" || r.issuer != ""):
		return fault.New(fault.UsageInvalid, "verify-bundle takes either --certificate-identity with --certificate-oidc-issuer, or --key")
	case r.staging && r.trustedRoot == "":
		return fault.New(fault.TrustRequired, "the staging instance's trusted root has to be given: --trusted-root FILE")
	}
	return nil
}

// digest returns the lower-case hex of an artifact that is given by its digest, or "".
func (r *request) digest() string {
	m := regexp.MustCompile(`\Asha256:([0-9a-fA-F]{64})\z`).FindStringSubmatch(r.artifact)
	if m == nil {
		return ""
	}
	return strings.ToLower(m[1])
}
