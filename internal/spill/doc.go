// Package spill sorts more records than memory should hold. What is over a bound
// goes, sorted, to a temporary file that nobody else can open, and is merged with
// the rest when the records are read.
package spill
