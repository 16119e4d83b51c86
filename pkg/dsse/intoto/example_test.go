package intoto_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

func ExampleNewMessage() {
	message, err := intoto.NewMessage("https://example.com/review/v1", []intoto.Subject{{
		Name:   "empty",
		Digest: map[string]string{"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	}}, dsse.Bytes(`{"approved":true}`))
	if err != nil {
		panic(err)
	}
	if _, err := message.WriteTo(os.Stdout); err != nil {
		panic(err)
	}
	// Output: {"_type":"https://in-toto.io/Statement/v1","predicate":{"approved":true},"predicateType":"https://example.com/review/v1","subject":[{"digest":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"name":"empty"}]}
}

func ExampleParseStatement() {
	statement, err := intoto.ParseStatement(strings.NewReader(`{
		"_type": "https://in-toto.io/Statement/v1",
		"subject": [{"name": "empty", "digest": {"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}],
		"predicateType": "https://example.com/review/v1",
		"predicate": {"approved": true}
	}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(statement.PredicateType, statement.Subjects[0].Name)
	// Output: https://example.com/review/v1 empty
}
