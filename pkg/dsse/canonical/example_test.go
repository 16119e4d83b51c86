package canonical_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

func ExampleAppend() {
	out, err := canonical.Append(nil, []byte(`{ "b": 1.0, "a": "\u00e9\/" }`))
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s\n", out)
	// Output: {"a":"é/","b":1}
}

func ExampleParse() {
	d, err := canonical.Parse([]byte(`{"version": 1, "components": [ ], "bomFormat": "CycloneDX"}`), canonical.Options{ExactNumbers: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Size())
	if _, err := d.WriteTo(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 53
	// {"bomFormat":"CycloneDX","components":[],"version":1}
}

// A number that a double cannot hold is not signed as another number.
func ExampleOptions() {
	_, err := canonical.Parse([]byte(`{"serial": 12345678901234567890}`), canonical.Options{ExactNumbers: true})
	fmt.Println(err)
	fmt.Println(fault.ReasonOf(err), "-", fault.HintOf(err))
	// Output:
	// number 12345678901234567890 would become 12345678901234567000 at "/serial", byte 11
	// number.inexact - use --preserve to keep the exact bytes
}

// counter wants the format of a document and how many components it has.
type counter struct{}

func (counter) Visit(path []byte, kind canonical.Kind) canonical.Action {
	switch string(path) {
	case "":
		return canonical.Enter
	case "/bomFormat":
		return canonical.Text
	case "/components":
		return canonical.Count
	}
	return canonical.Skip
}

func (counter) Value(path []byte, v canonical.Value) error {
	if len(path) > 0 {
		fmt.Printf("%s %s %q %d\n", path, v.Kind, v.Data, v.Count)
	}
	return nil
}

func ExampleScan() {
	n, err := canonical.Scan(strings.NewReader(`{"bomFormat": "CycloneDX", "components": [{"name": "zlib"}, {"name": "musl"}]}`), counter{})
	fmt.Println(n, err)
	// Output:
	// /bomFormat string "CycloneDX" 0
	// /components array "" 2
	// 78 <nil>
}
