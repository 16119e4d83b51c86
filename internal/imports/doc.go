// Package imports holds no code: its test keeps the rules of who may import
// whom. The rules are the data in rules_test.go; depguard in .golangci.yml says
// the same of single files, so that an editor shows it.
//
// To bring in a new dependency, add its module to the row of the one package
// that may use it, with a sentence in the decision record why the standard
// library does not do.
package imports
