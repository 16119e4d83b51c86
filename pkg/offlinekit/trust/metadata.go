package trust

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// createdField is the member of signed metadata that says when it was made. Other
// clients pass it over, as TUF, section 4.1, demands.
const createdField = "x-stella-created"

// timeLayout is how TUF, section 4.2, writes times.
const timeLayout = "2006-01-02T15:04:05Z"

// signed is metadata that is well-formed; whether somebody signed it is asked by
// delegator.verify.
type signed[T metadata.Roles] struct {
	document
	body *T
}

// document is what signatures are about.
type document struct {
	head
	raw        []byte // the file
	payload    []byte // what its signatures cover
	signatures []metadata.Signature
}

// head is what the metadata of every role has.
type head struct {
	role    string
	version int64
	expires time.Time
	created time.Time // zero if it does not say
}

// made says when metadata was made, if it says so.
func (h *head) made() string {
	if h.created.IsZero() {
		return ""
	}
	return " of " + stamp(h.created)
}

// parse reads the metadata of a role from a file. Whatever is wrong with it is
// fault.TrustMalformed, and nothing of what go-tuf cannot stand gets as far as go-tuf.
func parse[T metadata.Roles](role, file string, raw []byte) (*signed[T], error) {
	err := wellFormed(raw)
	if err == nil {
		err = ofType[T](raw)
	}
	if err != nil {
		return nil, malformed(role, file, err)
	}
	m, err := new(metadata.Metadata[T]).FromBytes(raw)
	if err != nil {
		return nil, malformed(role, file, inWords(err))
	}
	out := &signed[T]{document{raw: raw, signatures: m.Signatures}, &m.Signed}
	if out.payload, err = payloadOf(raw); err != nil {
		return nil, malformed(role, file, err)
	}
	if out.head, err = headOf(role, raw); err == nil {
		err = checkBody(any(out.body))
	}
	if err != nil {
		return nil, malformed(role, file, err)
	}
	return out, nil
}

// ofType fails unless a document is, by its own word, signed metadata of the type T.
func ofType[T metadata.Roles](raw []byte) error {
	var file struct {
		Signed jsontext.Value `json:"signed"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return err
	}
	if file.Signed.Kind() != '{' {
		return errors.New("it has no object \"signed\", as the metadata of a TUF repository has")
	}
	var signed struct {
		Type any `json:"_type"`
	}
	if err := json.Unmarshal(file.Signed, &signed); err != nil {
		return err
	}
	if kind, _ := signed.Type.(string); kind != typeName[T]() {
		return fmt.Errorf("its type is %.40q, not %q", kind, typeName[T]())
	}
	return nil
}

// typeName is what metadata of a type calls it. Roles that others delegate to are of
// the type targets, whatever their name.
func typeName[T metadata.Roles]() string {
	switch any(*new(T)).(type) {
	case metadata.RootType:
		return metadata.ROOT
	case metadata.SnapshotType:
		return metadata.SNAPSHOT
	case metadata.TimestampType:
		return metadata.TIMESTAMP
	}
	return metadata.TARGETS
}

// inWords puts an error of go-tuf into ours, if it is one of form: its own name types of
// the program.
func inWords(err error) error {
	if e, ok := errors.AsType[*metadata.ErrValue](err); ok {
		return errors.New(e.Msg)
	}
	if what, ok := strings.CutPrefix(err.Error(), "json: cannot unmarshal "); ok {
		what, _, _ = strings.Cut(what, " into Go ")
		return fmt.Errorf("a JSON %s stands where another kind of value must", what)
	}
	return err
}

func malformed(role, file string, err error) error {
	return fault.Wrap(fault.TrustMalformed, err, "malformed %s metadata in %q", role, file).
		With("path", file).With("role", role)
}

// payloadOf returns the canonical form of what is signed (TUF, section 4.2.1), made
// of the bytes that were received and not of what was understood of them.
func payloadOf(raw []byte) ([]byte, error) {
	var file struct {
		Signed jsontext.Value `json:"signed"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	return cjson.EncodeCanonical(file.Signed)
}

// headOf reads and checks what the metadata of every role has.
func headOf(role string, raw []byte) (head, error) {
	var file struct {
		Signed struct {
			Spec    string `json:"spec_version"`
			Version int64  `json:"version"`
			Expires string `json:"expires"`
			Created string `json:"x-stella-created"`
		} `json:"signed"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return head{}, err
	}
	s := &file.Signed
	h := head{role: role, version: s.Version}
	if major, _, _ := strings.Cut(s.Spec, "."); major != "1" {
		return h, fmt.Errorf("it is of version %.20q of the TUF specification, and this program reads version 1", s.Spec)
	}
	if h.version < 1 {
		return h, fmt.Errorf("its version is %d", h.version)
	}
	var err error
	if h.expires, err = time.Parse(timeLayout, s.Expires); err != nil {
		return h, fmt.Errorf("its expiry %.40q is not a time such as %s", s.Expires, timeLayout)
	}
	if s.Created == "" {
		return h, nil
	}
	if h.created, err = time.Parse(timeLayout, s.Created); err != nil {
		return h, fmt.Errorf("%s %.40q is not a time such as %s", createdField, s.Created, timeLayout)
	}
	return h, nil
}

// checkBody refuses what one kind of metadata cannot be without.
func checkBody(body any) error {
	switch body := body.(type) {
	case *metadata.RootType:
		return checkRoot(body)
	case *metadata.TimestampType:
		return checkMeta(body.Meta, metadata.SNAPSHOT)
	case *metadata.SnapshotType:
		return checkMeta(body.Meta, metadata.TARGETS)
	case *metadata.TargetsType:
		return checkTargets(body)
	}
	return nil
}

func checkRoot(root *metadata.RootType) error {
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		r := root.Roles[role]
		if r == nil {
			return fmt.Errorf("it has no role %q", role)
		}
		if err := checkRole(role, r.Threshold, r.KeyIDs); err != nil {
			return err
		}
	}
	return nil
}

// checkRole refuses a role that nobody has to sign for. TUF, section 4.3: "an
// integer threshold of keys" above zero.
func checkRole(name string, threshold int, keyIDs []string) error {
	switch {
	case threshold < 1:
		return fmt.Errorf("role %.100q has the threshold %d", name, threshold)
	case len(keyIDs) > maxKeys:
		return fmt.Errorf("role %.100q has more than %d keys", name, maxKeys)
	}
	return nil
}

func checkMeta(meta map[string]*metadata.MetaFiles, role string) error {
	if meta[role+".json"] == nil {
		return fmt.Errorf("it says nothing about %s.json", role)
	}
	for name, m := range meta {
		if m.Version < 1 || m.Length < 0 {
			return fmt.Errorf("it gives %.100q the version %d and the length %d", name, m.Version, m.Length)
		}
	}
	return nil
}

func checkTargets(targets *metadata.TargetsType) error {
	for path, t := range targets.Targets {
		if t.Length < 0 {
			return fmt.Errorf("it gives target %.100q the length %d", path, t.Length)
		}
	}
	d := targets.Delegations
	if d == nil {
		return nil
	}
	if d.SuccinctRoles != nil {
		return checkRole(d.SuccinctRoles.NamePrefix, d.SuccinctRoles.Threshold, d.SuccinctRoles.KeyIDs)
	}
	for i := range d.Roles {
		r := &d.Roles[i]
		switch {
		case r.Name == "" || len(r.Name) > maxRoleName:
			return fmt.Errorf("the name of a delegated role has %d bytes", len(r.Name))
		case IsRole(r.Name):
			return fmt.Errorf("it delegates to the top-level role %q", r.Name)
		}
		if err := checkRole(r.Name, r.Threshold, r.KeyIDs); err != nil {
			return err
		}
	}
	return nil
}

// IsRole reports whether role is one of the four that every repository has.
func IsRole(role string) bool {
	for _, name := range metadata.TOP_LEVEL_ROLE_NAMES {
		if role == name {
			return true
		}
	}
	return false
}

// opaque are the members whose own members have names that somebody chose.
func opaque(name string) bool {
	switch name {
	case "keys", "roles", "meta", "targets", "hashes", "custom":
		return true
	}
	return false
}

// ours are the names that metadata gives a meaning.
func ours(name string) bool {
	switch name {
	case "signed", "signatures", "_type", "spec_version", "version", "expires", "consistent_snapshot", "keys", "roles",
		"meta", "targets", "delegations", "keyid", "sig", "keytype", "scheme", "keyval", "public", "keyids", "threshold", "name",
		"terminating", "paths", "path_hash_prefixes", "succinct_roles", "bit_length", "name_prefix", "length", "hashes", "custom", createdField:
		return true
	}
	return false
}

// wellFormed refuses JSON that readers understand differently, or that go-tuf cannot
// stand: members that are there twice, names that differ from a known one by case
// only, null, and deep nesting.
func wellFormed(raw []byte) error {
	if len(raw) > MaxMetadata {
		return fmt.Errorf("it has more than %d bytes", MaxMetadata)
	}
	return (&scanner{d: jsontext.NewDecoder(strings.NewReader(string(raw)))}).document()
}
