package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tamper:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	list, all, judge bool
	other, stolen    string
}

func run(args []string, stdout io.Writer) error {
	var o options
	fs := flag.NewFlagSet("tamper", flag.ContinueOnError)
	fs.BoolVar(&o.list, "list", false, "list the tamperings, and what a verifier has to say of each")
	fs.BoolVar(&o.all, "all", false, "do each of them")
	fs.BoolVar(&o.judge, "judge", false, "hold verdicts to what they should be")
	fs.StringVar(&o.other, "other", "", "a `SNAPSHOT` of another case")
	fs.StringVar(&o.stolen, "stolen", "", "`DIR` with stolen keys")
	if err := fs.Parse(args); err != nil {
		return err
	}
	args = fs.Args()
	switch {
	case o.list && len(args) == 0:
		return writeList(stdout)
	case o.judge && len(args) == 1:
		return judge(args[0], stdout)
	case o.all && len(args) == 2:
		return o.doAll(args[0], args[1])
	case !o.all && !o.list && !o.judge && len(args) == 3:
		return o.doOne(args[0], args[1], args[2])
	}
	return errors.New("want -list, NAME IN OUT, -all IN DIR, or -judge DIR")
}

// writeList writes the rows of a table, as docs/forensics.md has them.
func writeList(w io.Writer) error {
	for _, t := range tamperings() {
		if _, err := fmt.Fprintf(w, "| `%s` | %s | %s |\n", t.name, t.does, t.wanted()); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) doOne(name, in, out string) error {
	s, err := o.spoils(in)
	if err != nil {
		return err
	}
	t, err := find(name)
	if err != nil {
		return err
	}
	return s.to(t, out)
}

func (o *options) doAll(in, dir string) error {
	s, err := o.spoils(in)
	if err != nil {
		return err
	}
	for _, t := range append(tamperings(), untouched()) {
		if err := s.to(t, filepath.Join(dir, t.name+".tar.gz")); err != nil {
			return err
		}
	}
	return nil
}
