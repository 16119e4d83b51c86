//go:build linux

package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
)

// largeSize is the size of the large SBOM in bytes.
const largeSize = 100 * megabyte

// sbomHead opens the large SBOM.
const sbomHead = `{
  "bomFormat": "CycloneDX",
  "specVersion": "1.6",
  "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
  "version": 1,
  "components": [`

// writeSBOM writes a CycloneDX SBOM of size bytes, to within one component, and
// the same bytes each time: components with the members that real ones have, in the order in which
// real generators write them, text outside of ASCII and escapes included.
func writeSBOM(path string, size int) (err error) {
	f, err := os.Create(path) // #nosec G304 -- in a directory made for it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)

	written, err := w.WriteString(sbomHead)
	for i := 0; err == nil && written < size; i++ {
		var n int
		n, err = w.WriteString(component(i))
		written += n
	}
	if err != nil {
		return err
	}
	if _, err := w.WriteString("\n  ]\n}\n"); err != nil {
		return err
	}
	return w.Flush()
}

// component is the i-th component, about 1 KB.
func component(i int) string {
	digest := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "component %d", i)))
	version := fmt.Sprintf("%d.%d.%d", i%7, i%31, i%101)
	purl := fmt.Sprintf("pkg:maven/org.example.group%d/artifact-%d@%s?type=jar", i%97, i, version)
	var b strings.Builder
	if i > 0 {
		b.WriteByte(',')
	}
	fmt.Fprintf(&b, `
    {
      "type": "library",
      "bom-ref": %[1]q,
      "group": "org.example.group%[2]d",
      "name": "artifact-%[3]d",
      "version": %[4]q,
      "description": "Größe und Maß №%[3]d: a \"library\" for <things>, in C:\\temp\\%[3]d",
      "scope": "required",
      "hashes": [ { "alg": "SHA-256", "content": %[5]q }, { "alg": "SHA-1", "content": %[6]q } ],
      "licenses": [ { "license": { "id": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" } } ],
      "purl": %[1]q,
      "externalReferences": [
        { "type": "website", "url": "https://group%[2]d.example.org/artifact-%[3]d" },
        { "type": "vcs", "url": "https://git.example.org/group%[2]d/artifact-%[3]d.git" }
      ],
      "evidence": { "identity": [ { "field": "purl", "confidence": 0.%[7]d } ], "occurrences": [ { "location": "/lib/%[3]d.jar", "line": %[3]d } ] }
    }`, purl, i%97, i, version, digest, digest[:40], i%9+1)
	return b.String()
}
