// Package keysmatrix is the table of who verifies what the keys of stella sign:
// every key driver, with every algorithm it has, against stella itself, both
// majors of cosign, OpenSSL and ssh-keygen.
//
// The tests of internal/interop run the real programs ("make keys-matrix") and
// keep a Cell of each run. A run that is expected to be refused is made like the
// others, so that a program that learns an algorithm is noticed. From the cells
// the page docs/keys.md is made.
package keysmatrix
