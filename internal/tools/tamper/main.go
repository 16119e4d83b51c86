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
	all, judge          bool
	page, other, stolen string
}

func run(args []string, stdout io.Writer) error {
	var o options
	fs := flag.NewFlagSet("tamper", flag.ContinueOnError)
	fs.StringVar(&o.page, "page", "", "write the page about the tamperings to `FILE`")
	fs.BoolVar(&o.all, "all", false, "do each of them")
	fs.BoolVar(&o.judge, "judge", false, "hold verdicts to what they should be")
	fs.StringVar(&o.other, "other", "", "a `SNAPSHOT` of another case")
	fs.StringVar(&o.stolen, "stolen", "", "`DIR` with stolen keys")
	if err := fs.Parse(args); err != nil {
		return err
	}
	args = fs.Args()
	switch {
	case o.page != "" && len(args) == 0:
		return os.WriteFile(o.page, page(), 0o644)
	case o.judge && len(args) == 1:
		return judge(args[0], stdout)
	case o.all && len(args) == 2:
		return o.doAll(args[0], args[1])
	case !o.all && !o.judge && len(args) == 3:
		return o.doOne(args[0], args[1], args[2])
	}
	return errors.New("want -page FILE, NAME IN OUT, -all IN DIR, or -judge DIR")
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
