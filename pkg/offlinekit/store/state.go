package store

import (
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"slices"
	"strconv"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/offlinekit"
)

// StateFormat is the format string of a state.json. It changes when a reader of this
// version could misread a file.
const StateFormat = "stella.ops/kitState@v1"

// Kit is a kit that was activated.
type Kit struct {
	Name    string `json:"name"`
	Version int64  `json:"version"`
	// Label is what people call the version; it may be empty.
	Label string `json:"label,omitempty"`
	// CreatedAt is when it was built, as its manifest says.
	CreatedAt time.Time `json:"createdAt"`
	// ManifestSHA256 names all of its content, as 64 lower-case hex digits.
	ManifestSHA256 string `json:"manifestSha256"`
	// Signers are the holders of the signatures that counted.
	Signers    []string  `json:"signers"`
	ImportedAt time.Time `json:"importedAt"`
	// Files and Bytes count what was unpacked.
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
	// Directory is where it is, as a name in payloads/ of the channel's directory.
	Directory string `json:"directory"`
}

// The events of a history.
const (
	EventImport   = "import"
	EventForce    = "force-activate"
	EventRollback = "rollback"
)

// Event is one switch of the active kit.
type Event struct {
	Time time.Time `json:"time"`
	What string    `json:"event"`
	// Version and ManifestSHA256 are of the kit that was made active.
	Version        int64  `json:"version"`
	ManifestSHA256 string `json:"manifestSha256"`
	// From is the version that was active before; 0 for none.
	From int64 `json:"from,omitzero"`
	// Reason is why a version was made active that is not higher than all before.
	Reason string `json:"reason,omitempty"`
	// By names who did it, as the system tells.
	By string `json:"by,omitempty"`
}

// state is what is known of a channel.
type state struct {
	channel string
	// highest is the highest version that was ever active.
	highest  int64
	active   *Kit // nil before the first import
	previous *Kit // nil if there is none to go back to
	history  []Event
}

// activate makes kit the active one and the one before it the previous one.
func (s *state) activate(kit *Kit, e Event) error {
	if len(s.history) == maxHistory {
		return fault.New(fault.KitFailed, "the history of channel %q is full, with %d events", s.channel, maxHistory).
			WithHint("keep the channel's directory as a record, under another name, and begin anew")
	}
	if s.active != nil {
		e.From = s.active.Version
	}
	e.Version, e.ManifestSHA256, e.Time = kit.Version, kit.ManifestSHA256, e.Time.UTC().Truncate(time.Second)
	s.history = append(slices.Clone(s.history), e)
	if s.active == nil || s.active.ManifestSHA256 != kit.ManifestSHA256 {
		s.previous = s.active // else it is unpacked anew
	}
	s.active = kit
	s.highest = max(s.highest, kit.Version)
	return nil
}

// directories are the names in payloads/ that the state refers to.
func (s *state) directories() []string {
	var out []string
	for _, k := range []*Kit{s.active, s.previous} {
		if k != nil {
			out = append(out, k.Directory)
		}
	}
	return out
}

// next is the name of the directory of the kit that is activated next. No kit ever
// had it, since every activation makes the history longer.
func (s *state) next(version int64) string {
	return number(version) + "-" + strconv.Itoa(len(s.history)+1)
}

type stateJSON struct {
	Format   string      `json:"format"`
	Channel  string      `json:"channel"`
	Highest  string      `json:"highest"`
	Active   *kitJSON    `json:"active,omitempty"`
	Previous *kitJSON    `json:"previous,omitempty"`
	History  []eventJSON `json:"history"`
}

type kitJSON struct {
	Name       string    `json:"name"`
	Version    string    `json:"version"`
	Label      string    `json:"label,omitempty"`
	CreatedAt  time.Time `json:"createdAt"`
	Manifest   string    `json:"manifestSha256"`
	Signers    []string  `json:"signers"`
	ImportedAt time.Time `json:"importedAt"`
	Files      string    `json:"files"`
	Bytes      string    `json:"bytes"`
	Directory  string    `json:"directory"`
}

type eventJSON struct {
	Time     time.Time `json:"time"`
	What     string    `json:"event"`
	Version  string    `json:"version"`
	Manifest string    `json:"manifestSha256"`
	From     string    `json:"from,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	By       string    `json:"by,omitempty"`
}

// marshal writes a state.json. What parseState would refuse is an error.
func (s *state) marshal() ([]byte, error) {
	out := stateJSON{
		Format: StateFormat, Channel: s.channel, Highest: number(s.highest),
		Active: s.active.json(), Previous: s.previous.json(), History: make([]eventJSON, len(s.history)),
	}
	for i, e := range s.history {
		out.History[i] = eventJSON{Time: e.Time, What: e.What, Version: number(e.Version), Manifest: e.ManifestSHA256, Reason: e.Reason, By: e.By}
		if e.From > 0 {
			out.History[i].From = number(e.From)
		}
	}
	b, err := json.Marshal(out, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.KitFailed, err, "failed to write the state of channel %q", s.channel)
	}
	b = append(b, '\n')
	_, err = parseState(b, stateName)
	return b, err
}

func (k *Kit) json() *kitJSON {
	if k == nil {
		return nil
	}
	return &kitJSON{
		Name: k.Name, Version: number(k.Version), Label: k.Label, CreatedAt: k.CreatedAt, Manifest: k.ManifestSHA256, Signers: k.Signers,
		ImportedAt: k.ImportedAt, Files: strconv.FormatInt(k.Files, 10), Bytes: strconv.FormatInt(k.Bytes, 10), Directory: k.Directory,
	}
}

// parseState reads a state.json. Every failure is fault.KitFailed: nobody but this
// program writes it.
func parseState(b []byte, source string) (*state, error) {
	top, err := strictjson.Document{Source: source, Reason: fault.KitFailed}.Parse(b)
	if err != nil {
		return nil, err
	}
	if format := top.Text("format", strictjson.Required, maxName, nil); top.Err() == nil && format != StateFormat {
		return nil, top.Fail("format", "unknown format %q, want %q", format, StateFormat).
			WithHint("a newer stella wrote it: use that one")
	}
	s := &state{
		channel: top.Text("channel", strictjson.Required, maxName, offlinekit.IsWord),
		highest: parseNumber(top.Text("highest", strictjson.Required, maxName, isNumber)),
		active:  readKit(top, "active"), previous: readKit(top, "previous"),
	}
	for _, o := range top.Objects("history", strictjson.Required, maxHistory) {
		s.history = append(s.history, readEvent(o))
		top.Keep(o.Close("time", "event", "version", "manifestSha256", "from", "reason", "by"))
	}
	if err := top.Close("format", "channel", "highest", "active", "previous", "history"); err != nil {
		return nil, err
	}
	return s, s.consistent(top)
}

// consistent holds the members of a state to one another.
func (s *state) consistent(top *strictjson.Object) error {
	switch {
	case s.active == nil, len(s.history) == 0:
		return top.Fail("active", "is missing")
	case s.highest < s.active.Version:
		return top.Fail("highest", "is lower than the version that is active")
	case s.previous != nil && s.previous.Directory == s.active.Directory:
		return top.Fail("previous", "is the active kit")
	}
	return nil
}

func readKit(top *strictjson.Object, member string) *Kit {
	o := top.Child(member)
	if o == nil {
		return nil
	}
	k := &Kit{
		Name: o.Text("name", strictjson.Required, maxName, nil), Version: parseNumber(o.Text("version", strictjson.Required, maxName, isNumber)),
		Label: o.Text("label", strictjson.Optional, maxName, nil), CreatedAt: o.Time("createdAt", strictjson.Required), ManifestSHA256: o.Text("manifestSha256", strictjson.Required, maxName, isSHA256),
		Signers: o.Texts("signers", strictjson.Required, maxSigners, maxSigner, nil), ImportedAt: o.Time("importedAt", strictjson.Required),
		Files: parseNumber(o.Text("files", strictjson.Required, maxName, isCount)), Bytes: parseNumber(o.Text("bytes", strictjson.Required, maxName, isCount)),
		Directory: o.Text("directory", strictjson.Required, maxName, isDirectory),
	}
	top.Keep(o.Close("name", "version", "label", "createdAt", "manifestSha256", "signers", "importedAt", "files", "bytes", "directory"))
	return k
}

func readEvent(o *strictjson.Object) Event {
	return Event{
		Time: o.Time("time", strictjson.Required), What: o.Text("event", strictjson.Required, maxName, isEvent),
		Version:        parseNumber(o.Text("version", strictjson.Required, maxName, isNumber)),
		ManifestSHA256: o.Text("manifestSha256", strictjson.Required, maxName, isSHA256),
		From:           parseNumber(o.Text("from", strictjson.Optional, maxName, isNumber)),
		Reason:         o.Text("reason", strictjson.Optional, MaxReason, nil), By: o.Text("by", strictjson.Optional, maxName, nil),
	}
}

func isEvent(s string) bool { return s == EventImport || s == EventForce || s == EventRollback }

func isSHA256(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && hex.EncodeToString(b) == s
}

// number writes a version as text: JSON readers differ on large numbers.
func number(n int64) string { return strconv.FormatInt(n, 10) }

func parseNumber(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // was checked, or is not there
	return n
}

func isCount(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n >= 0 && number(n) == s
}

func isNumber(s string) bool { return isCount(s) && s != "0" }

// isDirectory reports whether a name is one that next gives.
func isDirectory(s string) bool {
	for i, c := range []byte(s) {
		if (c < '0' || c > '9') && (c != '-' || i == 0) {
			return false
		}
	}
	return s != ""
}
