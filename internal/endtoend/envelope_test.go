package endtoend

import (
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"os"

	"github.com/stretchr/testify/require"
)

func removeAll(path string) error { return os.RemoveAll(path) }

// envelope is DSSE as other programs read it.
type envelope struct {
	Payload     string           `json:"payload"`
	PayloadType string           `json:"payloadType"`
	Signatures  []jsontext.Value `json:"signatures"`
}

// envelopeOf reads the envelope in a file, bare or in a bundle.
func (w *world) envelopeOf(name string) envelope {
	w.t.Helper()
	var file struct {
		envelope `json:",inline"`
		Bundle   *envelope `json:"dsseEnvelope"`
	}
	require.NoError(w.t, json.Unmarshal(w.read(name), &file))
	if file.Bundle != nil {
		return *file.Bundle
	}
	return file.envelope
}

// payload is the payload of the envelope in a file.
func (w *world) payload(name string) []byte {
	w.t.Helper()
	payload, err := base64.StdEncoding.DecodeString(w.envelopeOf(name).Payload)
	require.NoError(w.t, err)
	return payload
}
