// Package world is a Sigstore of its own for tests.
package world
