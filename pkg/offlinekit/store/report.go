package store

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// ReportFormat is the format string of a report.json.
const ReportFormat = "stella.ops/kitReport@v1"

// A report has at most maxReport bytes, also if JSON needs six for each character: most
// of its texts come from the kit.
const (
	// maxReported bounds its findings.
	maxReported = 100
	// maxFound bounds each text of a finding, and each holder, in characters.
	maxFound = 256
	// maxText bounds each other text, in characters.
	maxText = 1024
)

// Report says why a kit is in quarantine.
type Report struct {
	Format string    `json:"format"`
	Time   time.Time `json:"time"`
	// Input is what was to be imported, as the user named it.
	Input string `json:"input"`
	By    string `json:"by,omitempty"`
	// Reason, Message and Hint are the error.
	Reason  fault.Reason `json:"reason"`
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`
	// Findings are what is wrong with single files, and More how many there are beyond
	// those.
	Findings []offlinekit.Finding `json:"findings,omitempty"`
	More     int                  `json:"moreFindings,omitzero"`
	// Claims are what the manifest says; nil if it could not be read.
	Claims *Claims `json:"claims,omitempty"`
	// Signers are the holders whose signatures counted. Where there are none, nobody
	// vouches for the claims.
	Signers []string `json:"signers,omitempty"`
	// Trust is what the kit brought to the trust bundle, which stays.
	Trust []trust.Change `json:"trust,omitempty"`
	// Kept is the kit as it came; nil if it is not kept, and NotKept says why.
	Kept    *Kept  `json:"kept,omitempty"`
	NotKept string `json:"notKept,omitempty"`

	// Path is the directory of the report.
	Path string `json:"-"`
}

// Claims are what a kit says of itself.
type Claims struct {
	Name           string    `json:"name"`
	Channel        string    `json:"channel"`
	Version        int64     `json:"version"`
	CreatedAt      time.Time `json:"createdAt"`
	ManifestSHA256 string    `json:"manifestSha256"`
}

// Kept is a kit in quarantine.
type Kept struct {
	File   string `json:"file"`
	Size   int64  `json:"size"` // in bytes
	SHA256 string `json:"sha256"`
}

// report describes a kit that failed.
func (i *importing) report(failed error) *Report {
	r := &Report{
		Format: ReportFormat, Time: i.o.Now.UTC().Truncate(time.Second), Input: clip(i.source.Name(), maxText), By: clip(i.o.By, maxText),
		Reason: fault.ReasonOf(failed), Message: clip(failed.Error(), maxText), Hint: clip(fault.HintOf(failed), maxText),
	}
	for _, holder := range i.signers {
		r.Signers = append(r.Signers, clip(holder, maxFound))
	}
	if i.header != nil {
		m := i.header.Manifest
		r.Claims = &Claims{m.Name, m.Channel, m.Version, m.CreatedAt, i.header.ManifestSHA256()}
	}
	if c := i.contents; c != nil {
		n := min(len(c.Findings), maxReported)
		for _, f := range c.Findings[:n] {
			r.Findings = append(r.Findings, offlinekit.Finding{Reason: f.Reason, File: clip(f.File, maxFound), Expected: clip(f.Expected, maxFound), Found: clip(f.Found, maxFound)})
		}
		r.More = len(c.Findings) - n + c.More
	}
	if i.out.Trust != nil {
		r.Trust = i.out.Trust.Changes
	}
	return r
}

func (r *Report) marshal() ([]byte, error) {
	b, err := json.Marshal(r, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.KitFailed, err, "failed to write the report about a kit")
	}
	return append(b, '\n'), nil
}

// readReport reads the report in a directory of the quarantine.
func readReport(path string) (*Report, error) {
	f, err := input.Open(path, nil, maxReport)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := f.ReadAll()
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(text, &r, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if r.Format != ReportFormat {
		return nil, errors.New("it has another format")
	}
	return &r, nil
}

// blamed reports whether an import failed because of the kit, and not for what is
// wrong with this machine or with what was asked for.
func (i *importing) blamed(failed error) bool {
	ours := []fault.Reason{
		fault.UsageInvalid, fault.InputNotFound, fault.KitNotOne, fault.TrustAmbiguous, fault.TrustIncomplete, fault.TrustSuperseded,
		fault.TrustRequired, fault.ClockBehind,
	}
	reason := fault.ReasonOf(failed)
	if i.ctx.Err() != nil || slices.Contains(ours, reason) {
		return false
	}
	exit := reason.Exit()
	return exit == fault.ExitRejected || exit == fault.ExitUsage || exit == fault.ExitMissing
}

func clip(s string, most int) string {
	if runes := []rune(strings.ToValidUTF8(s, "?")); len(runes) > most {
		return string(runes[:most])
	}
	return strings.ToValidUTF8(s, "?")
}
