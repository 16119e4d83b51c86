package trust

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// StateFormat is the format string of a state.json. It changes when a reader of
// this version could misread a file.
const StateFormat = "stella.ops/trustState@v1"

// Bounds of a state.json.
const (
	// MaxState bounds the file, in bytes.
	MaxState = 8 << 20
	// maxHistory bounds the events that are kept: the newest.
	maxHistory = 1024
	// maxRevocations bounds the revocations that are remembered.
	maxRevocations = 4096

	maxName   = 128  // characters of names
	maxText   = 256  // characters of reasons
	maxDetail = 1024 // characters of details and paths
)

// state is what is known of one trust bundle. Nothing in it goes back.
type state struct {
	name string
	// text is the file that it was read from.
	text string
	// pinned is the digest of the first root.
	pinned string
	// roots is every root from the first one on.
	roots []file
	// newest is the newest metadata of each other role that was ever verified.
	newest []file
	// active is what verification rests on; nil before the first whole import.
	active *activeState
	// newestTime is the newest time that verified metadata was signed at.
	newestTime time.Time
	// revocations are all that were ever imported, each at its earliest.
	revocations []Revocation
	history     []Event
}

// file is a blob and what it is.
type file struct {
	name    string // role or target
	version int64  // of metadata
	sha256  string // lower-case hex
}

// activeState is one whole import.
type activeState struct {
	importedAt time.Time
	root       int64 // version of the root that vouched for it
	metadata   []file
	targets    []file
	// carried are CRLs of earlier imports that this one does not replace.
	carried []file
}

// Event is one line of a bundle's history.
type Event struct {
	Time   time.Time `json:"time"`
	What   string    `json:"event"`
	Detail string    `json:"detail,omitempty"`
}

// note adds an event. The oldest give way.
func (s *state) note(at time.Time, what, detail string) {
	if runes := []rune(detail); len(runes) > maxDetail {
		detail = string(runes[:maxDetail])
	}
	s.history = append(s.history, Event{at.UTC().Truncate(time.Second), what, detail})
	s.history = s.history[max(0, len(s.history)-maxHistory):]
}

type stateJSON struct {
	Format      string       `json:"format"`
	Name        string       `json:"name"`
	Pinned      string       `json:"pinnedRoot"`
	Roots       []fileJSON   `json:"roots"`
	Newest      []fileJSON   `json:"newest"`
	Active      *activeJSON  `json:"active,omitempty"`
	NewestTime  time.Time    `json:"newestTime,omitzero"`
	Revocations []Revocation `json:"revocations"`
	History     []Event      `json:"history"`
}

type fileJSON struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256"`
}

type activeJSON struct {
	ImportedAt time.Time  `json:"importedAt"`
	Root       string     `json:"root"`
	Metadata   []fileJSON `json:"metadata"`
	Targets    []fileJSON `json:"targets"`
	Carried    []fileJSON `json:"carriedCRLs"`
}

// marshal writes a state.json. What parseState would refuse is an error.
func (s *state) marshal() ([]byte, error) {
	out := stateJSON{
		Format: StateFormat, Name: s.name, Pinned: s.pinned, Roots: filesJSON(s.roots), Newest: filesJSON(s.newest),
		NewestTime: s.newestTime, Revocations: slices.Concat([]Revocation{}, s.revocations), History: slices.Concat([]Event{}, s.history),
	}
	if a := s.active; a != nil {
		out.Active = &activeJSON{a.importedAt, strictjson.Number(a.root), filesJSON(a.metadata), filesJSON(a.targets), filesJSON(a.carried)}
	}
	b, err := json.Marshal(out, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.TrustFailed, err, "failed to write the trust state")
	}
	b = append(b, '\n')
	_, err = parseState(b, stateName)
	return b, err
}

func filesJSON(list []file) []fileJSON {
	out := make([]fileJSON, len(list))
	for i, f := range list {
		out[i] = fileJSON{Name: f.name, SHA256: f.sha256}
		if f.version > 0 {
			out[i].Version = strictjson.Number(f.version)
		}
	}
	return out
}

// parseState reads a state.json. Every failure is fault.TrustFailed: nobody but this
// program writes it.
func parseState(b []byte, source string) (*state, error) {
	top, err := strictjson.Document{Source: source, Reason: fault.TrustFailed}.Parse(b)
	if err != nil {
		return nil, err
	}
	if format := top.Text("format", strictjson.Required, maxName, nil); top.Err() == nil && format != StateFormat {
		return nil, top.Fail("format", "unknown format %q, want %q", format, StateFormat).
			WithHint("a newer stella wrote it: use that one")
	}
	s := &state{
		name: top.Text("name", strictjson.Required, maxName, IsName), pinned: top.Text("pinnedRoot", strictjson.Required, maxName, strictjson.IsSHA256),
		roots: readFiles(top, "roots", MaxRotations*16), newest: readFiles(top, "newest", MaxRoles*4),
		newestTime: top.Time("newestTime", strictjson.Optional),
	}
	if active := top.Child("active"); active != nil {
		s.active = readActive(active)
		top.Keep(active.Close("importedAt", "root", "metadata", "targets", "carriedCRLs"))
	}
	s.revocations = readRevocations(top, "revocations", maxRevocations)
	for _, o := range top.Objects("history", strictjson.Required, maxHistory) {
		s.history = append(s.history, Event{
			o.Time("time", strictjson.Required), o.Text("event", strictjson.Required, maxName, nil), o.Text("detail", strictjson.Optional, maxDetail, nil),
		})
		top.Keep(o.Close("time", "event", "detail"))
	}
	if err := top.Close("format", "name", "pinnedRoot", "roots", "newest", "active", "newestTime", "revocations", "history"); err != nil {
		return nil, err
	}
	if len(s.roots) == 0 {
		return nil, top.Fail("roots", "is empty")
	}
	return s, nil
}

func readFiles(o *strictjson.Object, member string, most int) []file {
	var out []file
	for _, e := range o.Objects(member, strictjson.Required, most) {
		f := file{name: e.Text("name", strictjson.Required, maxDetail, nil), sha256: e.Text("sha256", strictjson.Required, maxName, strictjson.IsSHA256)}
		f.version = strictjson.ParseNumber(e.Text("version", strictjson.Optional, maxName, strictjson.IsNumber))
		o.Keep(e.Close("name", "version", "sha256"))
		out = append(out, f)
	}
	return out
}

func readActive(o *strictjson.Object) *activeState {
	return &activeState{
		importedAt: o.Time("importedAt", strictjson.Required),
		root:       strictjson.ParseNumber(o.Text("root", strictjson.Required, maxName, strictjson.IsNumber)),
		metadata:   readFiles(o, "metadata", MaxRoles*4),
		targets:    readFiles(o, "targets", MaxTargets),
		carried:    readFiles(o, "carriedCRLs", maxCarried),
	}
}
