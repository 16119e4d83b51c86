package canonical_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
)

// sbom returns a synthetic CycloneDX document of at least size bytes, always
// the same one: members stand as generators write them, not in canonical order.
func sbom(size int, indented bool) []byte {
	g := sbomWriter{rand: rand.New(rand.NewPCG(8785, 1)), indented: indented}
	g.open("", '{')
	g.str("bomFormat", "CycloneDX")
	g.str("specVersion", "1.6")
	g.str("serialNumber", "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79")
	g.raw("version", "1")
	g.open("components", '[')
	refs := []string{}
	for n := 0; g.Len() < size*9/10; n++ {
		refs = append(refs, g.component(n))
	}
	g.close(']')
	g.open("dependencies", '[')
	for i := 0; g.Len() < size; i++ {
		g.open("", '{')
		g.str("ref", refs[i%len(refs)])
		g.open("dependsOn", '[')
		for range g.rand.IntN(4) {
			g.str("", refs[g.rand.IntN(len(refs))])
		}
		g.close(']')
		g.close('}')
	}
	g.close(']')
	g.close('}')
	return g.Bytes()
}

type sbomWriter struct {
	bytes.Buffer
	rand     *rand.Rand
	indented bool
	depth    int
	inside   bool // something stands before in the same object or array
}

func (g *sbomWriter) component(n int) string {
	name := fmt.Sprintf("%s-%d", [...]string{"commons", "jackson-databind", "left-pad", "zlib1g", "tokio"}[n%5], n)
	version := fmt.Sprintf("%d.%d.%d", n%9, n%23, n%31)
	purl := fmt.Sprintf("pkg:maven/org.example.group%d/%s@%s", n%97, name, version)
	g.open("", '{')
	g.str("type", "library")
	g.str("bom-ref", purl)
	g.str("group", fmt.Sprintf("org.example.group%d", n%97))
	g.str("name", name)
	g.str("version", version)
	if n%3 == 0 {
		g.str("description", "A library for things \\\"quoted\\\" and naïve ones — as they are.\\nSecond line.")
	}
	g.str("scope", "required")
	g.open("hashes", '[')
	for _, alg := range []string{"SHA-1", "SHA-256"} {
		g.open("", '{')
		g.str("alg", alg)
		g.str("content", fmt.Sprintf("%016x%016x", g.rand.Uint64(), g.rand.Uint64()))
		g.close('}')
	}
	g.close(']')
	g.open("licenses", '[')
	g.open("", '{')
	g.open("license", '{')
	g.str("id", "Apache-2.0")
	g.str("url", "https://www.apache.org/licenses/LICENSE-2.0")
	g.close('}')
	g.close('}')
	g.close(']')
	g.str("purl", purl)
	g.open("properties", '[')
	for i := range 3 {
		g.open("", '{')
		g.str("name", fmt.Sprintf("example:package:property%d", i))
		g.str("value", fmt.Sprint(n*i))
		g.close('}')
	}
	g.close(']')
	g.open("evidence", '{')
	g.raw("confidence", fmt.Sprintf("0.%d", 1+n%9))
	g.raw("line", fmt.Sprint(n))
	g.raw("direct", fmt.Sprint(n%2 == 0))
	g.close('}')
	g.close('}')
	return purl
}

func (g *sbomWriter) str(name, value string) { g.raw(name, `"`+value+`"`) }

func (g *sbomWriter) raw(name, value string) {
	g.next(name)
	g.WriteString(value)
}

func (g *sbomWriter) open(name string, bracket byte) {
	if g.depth > 0 {
		g.next(name)
	}
	g.WriteByte(bracket)
	g.depth++
	g.inside = false
}

func (g *sbomWriter) close(bracket byte) {
	g.depth--
	if g.inside {
		g.line()
	}
	g.WriteByte(bracket)
	g.inside = true
}

func (g *sbomWriter) next(name string) {
	if g.inside {
		g.WriteByte(',')
	}
	g.inside = true
	g.line()
	if name == "" {
		return
	}
	fmt.Fprintf(g, "%q:", name)
	if g.indented {
		g.WriteByte(' ')
	}
}

func (g *sbomWriter) line() {
	if g.indented {
		g.WriteByte('\n')
		for range g.depth {
			g.WriteString("  ")
		}
	}
}
