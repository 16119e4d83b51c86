// Command tuf-conformance answers to the command protocol of the tuf-conformance
// suite (https://github.com/theupdateframework/tuf-conformance, CLIENT-CLI.md) with
// the client of package trust:
//
//	tuf-conformance --metadata-dir DIR init ROOT
//	tuf-conformance --metadata-dir DIR --metadata-url URL refresh
//	tuf-conformance --metadata-dir DIR --metadata-url URL --target-name NAME
//	    --target-base-url URL --target-dir DIR download
//
// The client is the one that imports trust from files; here its source is a web
// server and its store a directory with one file for each role. It exits with 0 or
// 1, as the protocol has it, and says on standard error what was wrong.
//
// faketime, with which the suite moves the clock, has no effect on programs in Go,
// which ask the kernel and not libc. So the program reads the offset that faketime
// leaves in the environment, see clock.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func main() {
	os.Exit(run(os.Args[1:], time.Now(), os.Getenv(fakeTime), os.Stderr))
}

// run is one call of the program; it returns the exit status.
func run(args []string, now time.Time, fake string, stderr io.Writer) int {
	err := dispatch(args, now, fake, stderr)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "tuf-conformance: %v (%s)\n", err, fault.ReasonOf(err))
	return 1
}

// request is what the command line says.
type request struct {
	metadataDir, metadataURL             string
	targetName, targetBaseURL, targetDir string
	now                                  time.Time
}

func dispatch(args []string, now time.Time, fake string, stderr io.Writer) error {
	r := &request{}
	fs := flag.NewFlagSet("tuf-conformance", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&r.metadataDir, "metadata-dir", "", "where trusted metadata is kept")
	fs.StringVar(&r.metadataURL, "metadata-url", "", "where the repository's metadata is")
	fs.StringVar(&r.targetName, "target-name", "", "the target to download")
	fs.StringVar(&r.targetBaseURL, "target-base-url", "", "where the repository's targets are")
	fs.StringVar(&r.targetDir, "target-dir", "", "where targets are kept")
	err := fs.Parse(args)
	if err != nil {
		return err
	}
	if r.now, err = clock(now, fake); err != nil {
		return err
	}
	switch command := fs.Arg(0); {
	case r.metadataDir == "":
		return fault.New(fault.UsageInvalid, "--metadata-dir is missing")
	case command == "init" && fs.NArg() == 2:
		return r.init(fs.Arg(1))
	case command == "refresh" && fs.NArg() == 1:
		return r.client().Refresh()
	case command == "download" && fs.NArg() == 1:
		return r.download()
	}
	return fault.New(fault.UsageInvalid, "say init ROOT, refresh or download")
}

// init takes a root on the caller's word: it is checked at each refresh.
func (r *request) init(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return store(r.metadataDir).Save("root", 0, raw)
}

func (r *request) client() *trust.Client {
	source := &server{http: &http.Client{Timeout: patience}, metadata: r.metadataURL, targets: r.targetBaseURL}
	return &trust.Client{Source: source, Store: store(r.metadataDir), Now: r.now}
}

// patience is how long a request may take.
const patience = 30 * time.Second
