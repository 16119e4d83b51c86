package cli

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json/jsontext"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/timestamp"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
)

// certificateView is what a certificate beside a signature says of itself.
type certificateView struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"subjectAlternativeNames,omitempty"`
	Serial    string    `json:"serial"` // lower-case hex
	SHA256    string    `json:"sha256"` // of the certificate in DER
	KeyID     string    `json:"keyId,omitempty"`
	Algorithm string    `json:"algorithm,omitempty"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	Problem   string    `json:"problem,omitempty"`
}

// timeView is a time that something beside a signature says.
type timeView struct {
	Source string    `json:"source"` // "timestamp" or "log"
	Time   time.Time `json:"time"`
	Serial string    `json:"serial,omitempty"` // of a time stamp, lower-case hex
}

// logView is an entry in a transparency log.
type logView struct {
	Index   string `json:"logIndex"`
	LogID   string `json:"logId,omitempty"` // lower-case hex
	Kind    string `json:"kind,omitempty"`
	Problem string `json:"problem,omitempty"`
}

func viewCertificates(m *bundle.Material) []certificateView {
	var out []certificateView
	for _, der := range m.Certificates {
		sum := sha256.Sum256(der)
		v := certificateView{SHA256: hex.EncodeToString(sum[:])}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			v.Problem = "malformed certificate: " + err.Error()
			out = append(out, v)
			continue
		}
		v.Subject, v.Issuer, v.Serial = c.Subject.String(), c.Issuer.String(), c.SerialNumber.Text(16)
		v.NotBefore, v.NotAfter, v.Names = c.NotBefore.UTC(), c.NotAfter.UTC(), namesOf(c)
		if id, err := dsse.KeyID(c.PublicKey); err == nil {
			v.KeyID = id
		}
		if scheme, err := dsse.SchemeOf(c.PublicKey); err == nil {
			v.Algorithm = scheme.Name
		}
		out = append(out, v)
	}
	return out
}

func namesOf(c *x509.Certificate) []string {
	var names []string
	for _, name := range c.DNSNames {
		names = append(names, "DNS:"+name)
	}
	for _, name := range c.EmailAddresses {
		names = append(names, "email:"+name)
	}
	for _, name := range c.URIs {
		names = append(names, "URI:"+name.String())
	}
	for _, name := range c.IPAddresses {
		names = append(names, "IP:"+name.String())
	}
	return names
}

// viewTimes reads the time stamps and the times of log entries.
func viewTimes(m *bundle.Material) (times []timeView, log []logView) {
	responses, _ := m.TimestampResponses() // those that can be read; verifying says what is wrong
	for _, response := range responses {
		if r, err := timestamp.ParseResponse(response); err == nil {
			times = append(times, timeView{"timestamp", r.Time.UTC(), r.Serial.Text(16)})
		}
	}
	for _, text := range m.LogEntries {
		view, at := viewLogEntry(text)
		log = append(log, view)
		if !at.IsZero() {
			times = append(times, timeView{Source: "log", Time: at})
		}
	}
	return times, log
}

func viewLogEntry(raw jsontext.Value) (logView, time.Time) {
	e, err := bundle.ParseLogEntry(raw)
	if err != nil {
		return logView{Problem: "malformed log entry"}, time.Time{}
	}
	view := logView{
		Index: strconv.FormatInt(int64(e.LogIndex), 10), LogID: hex.EncodeToString(e.LogID.KeyID),
		Kind: strings.TrimSpace(e.KindVersion.Kind + " " + e.KindVersion.Version),
	}
	if e.IntegratedTime <= 0 {
		return view, time.Time{}
	}
	return view, time.Unix(int64(e.IntegratedTime), 0).UTC()
}

func (c *certificateView) pairs(p *ui.Printer) []ui.Pair {
	if c.Problem != "" {
		return []ui.Pair{ui.P("certificate", ui.T(c.Problem))}
	}
	pairs := []ui.Pair{
		ui.P("certificate", ui.T(fmt.Sprintf("subject %q, issuer %q", c.Subject, c.Issuer))),
		ui.P("", ui.T("valid "+c.NotBefore.Format(time.RFC3339)+" to "+c.NotAfter.Format(time.RFC3339)+", serial "+c.Serial)),
		ui.P("", ui.T("fingerprint "), p.Digest("sha256:"+c.SHA256)),
	}
	if c.KeyID != "" {
		pairs = append(pairs, ui.P("", ui.T("key "), p.Digest(c.KeyID), ui.T("  "+c.Algorithm)))
	}
	for i, name := range c.Names {
		if i == maxShownSubjects {
			return append(pairs, ui.P("", ui.T(fmt.Sprintf("and %d more names", len(c.Names)-i))))
		}
		pairs = append(pairs, ui.P("", ui.T("name "+name)))
	}
	return pairs
}

func (l *logView) words() string {
	if l.Problem != "" {
		return l.Problem
	}
	words := "index " + l.Index
	if l.LogID != "" {
		words += " of log " + l.LogID
	}
	if l.Kind != "" {
		words += ", " + l.Kind
	}
	return words
}
