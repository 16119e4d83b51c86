package report

import _ "embed"

//go:embed schema/verdict.v1.json
var verdictSchema []byte

// Schema returns the JSON Schema (draft 2020-12) of a verdict, verify.Schema.
// With JSON lines each result is of its definition "result", and the last line of
// its definition "whole".
func Schema() []byte { return verdictSchema }
