//go:build linux

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// budget bounds one figure.
type budget struct {
	cpu time.Duration
	rss int64 // bytes
}

// A figure is one command that is measured.
type figure struct {
	name   string
	args   []string // of stella
	limit  budget
	aim    time.Duration // CPU time to strive for, zero for none
	cosign []string      // arguments of cosign for the same work, nil for none
}

// result is a figure as measured.
type result struct {
	figure
	stella, peer usage
}

// megabyte is the unit of the table.
const megabyte = 1_000_000

// binaryLimit bounds the size of the binary, in bytes.
const binaryLimit = 40 * megabyte

// figures are the rows of the table. Their files are made by prepare, and by
// the rows above them.
func figures() []figure {
	return []figure{
		{
			name: "version", args: []string{"version"},
			limit:  budget{15 * time.Millisecond, 30 * megabyte},
			cosign: []string{"version"},
		},
		{
			name: "sign a 1 KB predicate",
			args: signing("small.sigstore.json", "sign", "statement", "small.json",
				"--type", predicateType, "--subject", "small.json"),
			limit:  budget{20 * time.Millisecond, 35 * megabyte},
			cosign: attesting("small.json", predicateType),
		},
		{
			name:   "verify a 1 KB bundle",
			args:   []string{"verify", "small.sigstore.json", "--key", "key.pub", "--subject", "small.json"},
			limit:  budget{20 * time.Millisecond, 35 * megabyte},
			cosign: verifying("small.json", predicateType),
		},
		{
			name: "verify a keyless bundle",
			args: []string{
				"verify", "keyless.sigstore.json", "--subject", "app", "--trusted-root", "trusted_root.json",
				"--certificate-identity", "ci@example.com", "--certificate-oidc-issuer", "https://issuer.world.test",
			},
			limit: budget{20 * time.Millisecond, 35 * megabyte},
			cosign: []string{
				"verify-blob-attestation", "--bundle", "keyless.sigstore.json", "--trusted-root", "trusted_root.json", "--use-signed-timestamps",
				"--certificate-identity", "ci@example.com", "--certificate-oidc-issuer", "https://issuer.world.test",
				"--type", "https://slsa.dev/provenance/v1", "app",
			},
		},
		{
			name:  "verify a directory of 10,000 bundles",
			args:  []string{"verify", "evidence", "--key", "key.pub", "--expect", strconv.Itoa(bulkSize)},
			limit: budget{2 * time.Second, 100 * megabyte},
		},
		{
			name:  "sign a batch of 20,000 statements",
			args:  signing("batch.intoto.jsonl", "sign", "statement", "--batch", "batch.jsonl"),
			limit: budget{1100 * time.Millisecond, 60 * megabyte}, aim: 800 * time.Millisecond,
		},
		{
			name:   "sign a 100 MB SBOM, canonical",
			args:   signing("large.sigstore.json", "sign", "sbom", "large.cdx.json"),
			limit:  budget{1200 * time.Millisecond, largeSize / 10 * 22},
			cosign: attesting("large.cdx.json", "cyclonedx"),
		},
		{
			name:  "sign a 100 MB SBOM, --preserve",
			args:  signing("preserved.sigstore.json", "sign", "sbom", "large.cdx.json", "--preserve"),
			limit: budget{800 * time.Millisecond, 40 * megabyte}, aim: 500 * time.Millisecond,
		},
		{
			name:  "verify a 100 MB attestation",
			args:  []string{"verify", "large.sigstore.json", "--key", "key.pub", "--subject", "large.cdx.json"},
			limit: budget{600 * time.Millisecond, 64 * megabyte}, aim: 400 * time.Millisecond,
			cosign: verifying("large.cdx.json", "cyclonedx"),
		},
		{
			name:  "verify a snapshot of 2,000 files, 200 MB, 200 attestations",
			args:  judgingCase(),
			limit: budget{500 * time.Millisecond, caseMemory},
		},
		{
			name:  "verify a timeline of 100,000 events",
			args:  judgingEvents(),
			limit: budget{caseEvents / 10, 100 * megabyte},
		},
		{
			name:  "build and check a kit of 100 MB",
			args:  building("kit.tar.zst", "1", "--image", kitImage),
			limit: budget{700 * time.Millisecond, kitMemory},
		},
		{
			name:  "verify a kit of 100 MB",
			args:  checking("kit.tar.zst"),
			limit: budget{250 * time.Millisecond, kitMemory},
		},
		{
			name:  "import a kit of 100 MB",
			args:  importing("kit.tar.zst"),
			limit: budget{450 * time.Millisecond, kitMemory},
		},
		{
			name:  "status of the kits",
			args:  []string{"offline-kit", "status"},
			limit: budget{20 * time.Millisecond, 35 * megabyte},
		},
		{
			name:  "build a kit of 10,000 small files",
			args:  building("files.tar.zst", "2", "--document", "files"),
			limit: budget{900 * time.Millisecond, kitMemory},
		},
		{
			name:  "verify a kit of 10,000 small files",
			args:  checking("files.tar.zst"),
			limit: budget{300 * time.Millisecond, kitMemory},
		},
	}
}

// signing are the arguments of a signing verb of stella.
func signing(output string, args ...string) []string {
	return append(args, "--key", "key", "--force", "-o", output)
}

// attesting are cosign's arguments that sign a file as the predicate about itself.
func attesting(file, kind string) []string {
	return []string{
		"attest-blob", "--yes", "--key", "cosign.key", "--use-signing-config=false", "--tlog-upload=false",
		"--predicate", file, "--type", kind, "--bundle", file + ".cosign", file,
	}
}

// verifying are cosign's arguments that verify what attesting made.
func verifying(file, kind string) []string {
	return []string{
		"verify-blob-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog",
		"--type", kind, "--bundle", file + ".cosign", file,
	}
}

// over names what is over the figure's limit, empty when nothing is.
func (r result) over() string {
	var over []string
	if r.stella.cpu > r.limit.cpu {
		over = append(over, "CPU")
	}
	if r.stella.rss > r.limit.rss {
		over = append(over, "memory")
	}
	return strings.Join(over, " and ")
}

// verdict is the last column: what is over, or how far the aim is.
func (r result) verdict() string {
	switch over := r.over(); {
	case over != "":
		return "OVER: " + over
	case r.aim != 0 && r.stella.cpu > r.aim:
		return "ok, aim is " + seconds(r.aim)
	default:
		return "ok"
	}
}

// report prints the table and counts the figures that are over.
func report(out io.Writer, m measured) (over int, err error) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "work\tCPU\tat most\tmemory\tat most\tcosign\tverdict")
	for _, r := range m.figures {
		peer := "-"
		if r.peer != (usage{}) {
			peer = seconds(r.peer.cpu) + ", " + megabytes(r.peer.rss)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.name, seconds(r.stella.cpu), seconds(r.limit.cpu),
			megabytes(r.stella.rss), megabytes(r.limit.rss), peer, r.verdict())
		if r.over() != "" {
			over++
		}
	}
	verdict := "ok"
	if m.binary > binaryLimit {
		verdict = "OVER: size"
		over++
	}
	fmt.Fprintf(w, "size of the binary\t\t\t%s\t%s\t-\t%s\n", megabytes(m.binary), megabytes(binaryLimit), verdict)
	return over, w.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/megabyte) }
