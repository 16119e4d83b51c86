// Package cli is the command line: one file per verb, each of which turns
// flags into one call of a package and the result into output. It is the only
// place that knows cobra, and config.go the only one that knows viper.
//
// A verb's file has four parts:
//
//	newVerbCommand(app *app) *cobra.Command     words, flags, and a RunE of two lines
//	type verbOptions struct                     what the flags set, with AddFlags
//	runVerb(ctx, s *session, opts, args) error  the work, which tests call
//	type verbResult struct                      what happened: JSON by tags, text by Text
//
// Its RunE takes a session, which is one run of one command: the world, the
// settings and the streams. app.load reads the configuration, app.bare does
// not.
//
// A verb returns an error and never prints one. Errors that a user can do
// something about are *fault.Error, whose reason decides the exit status; a
// verdict that stands on standard output already is returned with settled.
package cli

//go:generate go run github.com/stellaops/stella/internal/tools/gendocs -C ../..
