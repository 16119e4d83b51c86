// Package ui owns everything that a person sees: the two output streams,
// colour, glyphs, layout, prompts, and the escaping of strings that come from
// evidence.
//
// Results go to standard output, talk to standard error with the prefix
// "stella:". A result is one value with two renderings: its JSON form by
// struct tags, and its text by the method Text, which draws on a Printer.
//
// Every string that a Printer is given is escaped before it is styled, so no
// caller can forget to; bytes that must go out as they are (an artefact) do
// not pass through this package. Nothing here asks the terminal a question:
// terminals that do not answer stall for seconds.
package ui
