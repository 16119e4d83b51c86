// Package strictjson reads JSON objects from outside: bounded, with duplicate
// names refused, with names that differ from a known one only by case
// refused, and with strings that are too long for memory left where they are.
//
// It is encoding/json/jsontext with those rules; it decodes one document
// member by member, so that a format's reader says in one place what it knows
// and how much of it it takes. What stands in memory and is written as most programs
// write it takes a shorter way to the same tokens (plain.go), which is most of the
// bundles of a directory.
package strictjson
