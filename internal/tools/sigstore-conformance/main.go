// Command sigstore-conformance answers to the command protocol of the
// sigstore-conformance suite (https://github.com/sigstore/sigstore-conformance,
// docs/cli_protocol.md) with package verify:
//
//	sigstore-conformance verify-bundle [--staging] --bundle FILE
//	    (--certificate-identity ID --certificate-oidc-issuer URL | --key PEM)
//	    [--trusted-root FILE] FILE_OR_DIGEST
//
// It exits with 0 if the bundle is verified, else with the status of stella verify
// and the reason on standard error. It never uses the network: without a trusted
// root it takes the public-good instance's, of the day when it was built; that of
// the staging instance has to be given. For the same reason it answers sign-bundle
// with a refusal.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], time.Now(), os.Stderr)) }

// run is one call of the program, at some time; it returns the exit status.
func run(ctx context.Context, args []string, at time.Time, stderr io.Writer) int {
	err := dispatch(ctx, args, at)
	if err == nil {
		return fault.ExitOK
	}
	reason := fault.ReasonOf(err)
	fmt.Fprintf(stderr, "sigstore-conformance: %v (%s)\n", err, reason)
	return reason.Exit()
}

func dispatch(ctx context.Context, args []string, at time.Time) error {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch command {
	case "verify-bundle":
		r, err := parse(args[1:])
		if err != nil {
			return err
		}
		return r.verify(ctx, at)
	case "sign-bundle":
		return fault.New(fault.OfflineForbidden, "signing with an identity token needs the network, which this client never uses")
	}
	return fault.New(fault.UsageInvalid, "unknown command %q: say verify-bundle", command)
}
