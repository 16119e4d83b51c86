package report

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// The part of SARIF 2.1.0 that a verdict needs. Its section 3 names the members.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
		Properties  sarifVerdict      `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string       `json:"id"`
		Short         sarifMessage `json:"shortDescription"`
		Help          sarifMessage `json:"help"`
		Configuration sarifLevel   `json:"defaultConfiguration"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifInvocation struct {
		Successful    bool        `json:"executionSuccessful"` // the tool's, not the evidence's
		ExitCode      int         `json:"exitCode"`
		Description   string      `json:"exitCodeDescription"`
		Notifications []sarifNote `json:"toolExecutionNotifications"`
	}
	sarifNote struct {
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Kind         string            `json:"kind"`
		Level        string            `json:"level"` // none unless the kind is fail (3.27.10)
		Message      sarifMessage      `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   sarifCheck        `json:"properties"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	// sarifCheck is the check as it stands in the verdict.
	sarifCheck struct {
		Check   string        `json:"check"`
		Status  verify.Status `json:"status"`
		Reason  fault.Reason  `json:"reason,omitempty"`
		Message string        `json:"message,omitempty"`
		Hint    string        `json:"hint,omitempty"`
	}
	sarifVerdict struct {
		Verdict summary `json:"verdict"`
	}
)

// sarifPlace is where in a file something is. A member of an archive and a part of a
// document have no place among the file's lines that a reader could look up, so they
// are named (3.33).
func sarifPlace(file, member string, line int, part string) sarifLocation {
	location := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{fileURI(file)}}}
	within := ""
	switch {
	case member != "" && line > 0:
		within = fmt.Sprintf("%s, line %d", ui.Escape(member), line)
	case member != "":
		within = ui.Escape(member)
	case line > 0:
		location.Physical.Region = &sarifRegion{line}
	}
	if part != "" {
		within = strings.TrimPrefix(within+", "+ui.Escape(part), ", ")
	}
	if within != "" {
		location.Logical = []sarifLogical{{within, "member"}}
	}
	return location
}

// fileURI returns the URI reference of a file as it was named: a relative name is
// resolved by who knows the root.
func fileURI(name string) string {
	if name == "-" {
		return "standard-input"
	}
	slashed := filepath.ToSlash(name)
	if !filepath.IsAbs(name) {
		return (&url.URL{Path: slashed}).String()
	}
	return (&url.URL{Scheme: "file", Path: "/" + strings.TrimLeft(slashed, "/")}).String()
}

// sarifText is a message without placeholders (3.11.5) and links (3.11.6): braces
// are doubled and brackets have a backslash.
func sarifText(s string) sarifMessage {
	return sarifMessage{strings.NewReplacer("{", "{{", "}", "}}", "[", `\[`, "]", `\]`).Replace(ui.EscapeMessage(s))}
}
