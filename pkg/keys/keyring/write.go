package keyring

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

type entryJSON struct {
	keys.EntryJSON
	State        State             `json:"state"`
	Reference    string            `json:"reference,omitempty"`
	Successor    string            `json:"successor,omitempty"`
	Certificates [][]byte          `json:"certificates,omitempty"`
	Attestations []attestationJSON `json:"attestations,omitempty"`
	History      []eventJSON       `json:"history"`
}

type attestationJSON struct {
	Format     string    `json:"format"`
	Statement  []byte    `json:"statement"`
	Chain      [][]byte  `json:"chain,omitempty"`
	ObtainedAt time.Time `json:"obtainedAt"`
}

type eventJSON struct {
	Time   time.Time `json:"time"`
	Event  string    `json:"event"`
	Detail string    `json:"detail,omitempty"`
}

// Marshal returns the text of a keyring.json. What Parse would refuse is an
// error: nothing is written that cannot be read again.
func (c *Contents) Marshal() ([]byte, error) {
	entries := make([]entryJSON, len(c.Entries))
	for i := range c.Entries {
		var err error
		if entries[i], err = c.Entries[i].json(); err != nil {
			return nil, err
		}
	}
	out, err := json.Marshal(struct {
		Format  string      `json:"format"`
		Entries []entryJSON `json:"entries"`
	}{Format, entries}, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.KeyringMalformed, err, "failed to write the keyring")
	}
	out = append(out, '\n')
	_, err = Parse(out, fileName)
	return out, err
}

// Check returns what Marshal would refuse.
func (c *Contents) Check() error {
	_, err := c.Marshal()
	return err
}

func (e *Entry) json() (entryJSON, error) {
	shared, err := keys.NewEntryJSON(&e.Key)
	if err != nil {
		return entryJSON{}, err
	}
	out := entryJSON{
		EntryJSON: shared, State: e.State, Successor: e.Successor,
		Certificates: e.Certificates, History: []eventJSON{},
	}
	if e.HasReference() {
		out.Reference = e.Reference.String()
	}
	for _, a := range e.Attestations {
		out.Attestations = append(out.Attestations, attestationJSON{a.Format, a.Statement, a.Chain, a.ObtainedAt.UTC()})
	}
	for _, v := range e.History {
		out.History = append(out.History, eventJSON{v.Time.UTC(), v.What, v.Detail})
	}
	return out, nil
}
