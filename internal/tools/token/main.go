// Token plugs in an emulated FIDO2 token that is touched at once, and prints the
// device file that clients open. It is unplugged, and all in it is gone, when the
// program's standard input ends or a signal ends the program.
//
//	go run ./internal/tools/token -pin 1234
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

func main() {
	pin := flag.String("pin", "", "the token's `PIN`; without it the token has none")
	flag.Parse()
	if err := run(*pin, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "token:", err)
		os.Exit(1)
	}
}

func run(pin string, stdin io.Reader, stdout io.Writer) error {
	var opts []authenticator.Option
	if pin != "" {
		opts = append(opts, authenticator.WithPIN(pin))
	}
	d, err := authenticator.New(opts...)
	if err != nil {
		return err
	}
	defer d.Unplug()
	if _, err := fmt.Fprintln(stdout, d.Path()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stdin)
	return err
}
