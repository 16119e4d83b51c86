package world

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"
)

// maxQuery bounds a request: one over SHA-512 with a nonce has about 120 bytes.
const maxQuery = 4096

var _ http.Handler = (*TSA)(nil)

// ServeHTTP answers TimeStampReq messages over HTTP (RFC 3161, section 3.4). A
// request that is not one is answered by a rejection, as that section has it.
func (t *TSA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "a POST of application/timestamp-query is expected", http.StatusBadRequest)
		return
	}
	query, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuery))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(t.Respond(query)) // the client has gone: nobody is left to tell
}

// query is RFC 3161's TimeStampReq, section 2.4.1.
type query struct {
	Version    int
	Imprint    messageImprint
	Policy     asn1.ObjectIdentifier `asn1:"optional"`
	Nonce      *big.Int              `asn1:"optional"`
	CertReq    bool                  `asn1:"optional,default:false"`
	Extensions asn1.RawValue         `asn1:"optional,tag:0"`
}

// Respond answers a TimeStampReq with a TimeStampResp: a token, or a rejection.
func (t *TSA) Respond(request []byte) []byte {
	q, hash, err := parseQuery(request)
	if err != nil {
		return rejected(err.Error())
	}
	return t.stampDigest(q.Imprint.Digest, Stamp{Hash: hash, Nonce: q.Nonce, NoCertificate: !q.CertReq})
}

func parseQuery(request []byte) (*query, crypto.Hash, error) {
	q := &query{}
	if rest, err := asn1.Unmarshal(request, q); err != nil || len(rest) > 0 {
		return nil, 0, errors.New("malformed request")
	}
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if algorithmOf(hash).Algorithm.Equal(q.Imprint.Algorithm.Algorithm) && hash.Size() == len(q.Imprint.Digest) {
			return q, hash, nil
		}
	}
	return nil, 0, errors.New("SHA-256, SHA-384 or SHA-512 is expected")
}

// rejected is a response without a token (RFC 3161, section 2.4.2).
func rejected(why string) []byte {
	type status struct {
		Status int
		Text   []asn1.RawValue
	}
	const rejection = 2
	text := []asn1.RawValue{{FullBytes: must(asn1.MarshalWithParams(why, "utf8"))}}
	return must(asn1.Marshal(struct{ Status status }{status{rejection, text}}))
}
