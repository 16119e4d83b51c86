package material

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
)

// A kind is one type of log entry, and the version of Rekor that writes it.
type kind struct {
	kind, version string
	rekor         int
	// needs are the texts, as paths, that the library follows without looking.
	needs [][]string
	// key is the path of the signer's key or certificate, PEM in base64, with which
	// the library verifies; nil if it does not.
	key []string
}

// kinds are the entries that can be about what we verify.
func kinds() []kind {
	return []kind{
		{
			kind: "hashedrekord", version: "0.0.1", rekor: 1,
			needs: [][]string{{"data", "hash", "algorithm"}, {"data", "hash", "value"}, {"signature", "content"}},
			key:   []string{"signature", "publicKey", "content"},
		}, {
			kind: "dsse", version: "0.0.1", rekor: 1,
			needs: [][]string{{"payloadHash", "algorithm"}, {"payloadHash", "value"}, {"envelopeHash", "value"}, {"signatures", "0", "signature"}},
			key:   []string{"signatures", "0", "verifier"},
		}, {
			kind: "intoto", version: "0.0.2", rekor: 1,
			needs: [][]string{
				{"content", "payloadHash", "algorithm"}, {"content", "payloadHash", "value"},
				{"content", "envelope", "payloadType"}, {"content", "envelope", "signatures", "0", "sig"},
			},
			key: []string{"content", "envelope", "signatures", "0", "publicKey"},
		}, {
			kind: "hashedrekord", version: "0.0.2", rekor: 2,
			needs: [][]string{
				{"hashedRekordV002", "data", "digest"}, {"hashedRekordV002", "data", "algorithm"},
				{"hashedRekordV002", "signature", "content"}, {"hashedRekordV002", "signature", "verifier", "keyDetails"},
			},
		},
	}
}

// checkBody refuses a body that is no entry of a known kind before the library
// reads it: duplicate members, which readers resolve in different ways, missing
// ones, and keys with which verifying would take for ever.
func checkBody(b []byte) (kind, error) {
	if len(b) == 0 || len(b) > maxBody {
		return kind{}, fmt.Errorf("its body has %d bytes, not between 1 and %d", len(b), maxBody)
	}
	var head struct {
		Kind    string         `json:"kind"`
		Version string         `json:"apiVersion"`
		Spec    jsontext.Value `json:"spec"`
	}
	if err := json.Unmarshal(b, &head, json.RejectUnknownMembers(true)); err != nil {
		return kind{}, fmt.Errorf("its body is malformed: %w", inWords(err))
	}
	list := kinds()
	i := slices.IndexFunc(list, func(k kind) bool { return k.kind == head.Kind && k.version == head.Version })
	if i < 0 {
		return kind{}, fmt.Errorf("entries of type %.40q %.40q are not supported", head.Kind, head.Version)
	}
	return list[i], list[i].check(head.Spec)
}

func (k kind) check(raw jsontext.Value) error {
	var spec any
	if err := json.Unmarshal(raw, &spec); err != nil {
		return fmt.Errorf("its body is malformed: %w", inWords(err))
	}
	for _, path := range k.needs {
		if textAt(spec, path) == "" {
			return fmt.Errorf("its body lacks %q", path)
		}
	}
	if k.key == nil {
		return nil
	}
	if err := checkKey(textAt(spec, k.key)); err != nil {
		return fmt.Errorf("its key at %q: %w", k.key, err)
	}
	return nil
}

// textAt returns the string at a path, or "". Of an array, only the one element 0
// may be there: the library looks at no other.
func textAt(v any, path []string) string {
	if len(path) == 0 {
		s, _ := v.(string)
		return s
	}
	if list, ok := v.([]any); ok && len(list) == 1 && path[0] == "0" {
		return textAt(list[0], path[1:])
	}
	members, _ := v.(map[string]any)
	return textAt(members[path[0]], path[1:])
}

// checkKey bounds the keys and certificates in an entry.
func checkKey(text string) error {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return errors.New("it is not base64")
	}
	for i := 0; ; i++ {
		block, rest := pem.Decode(data)
		switch {
		case block == nil && i == 0:
			return errors.New("it is not PEM")
		case block == nil:
			return nil
		case i == maxChain:
			return fmt.Errorf("it has more than %d parts", maxChain)
		}
		if err := checkKeyDER(block.Bytes); err != nil {
			return err
		}
		data = rest
	}
}

func checkKeyDER(der []byte) error {
	if cert, err := x509.ParseCertificate(der); err == nil {
		return boundKey(cert.PublicKey)
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return errors.New("it is neither certificate nor public key")
	}
	return boundKey(key)
}

// boundKey refuses keys with which verifying takes long. crypto/rsa has no limit
// of its own.
func boundKey(key crypto.PublicKey) error {
	if k, ok := key.(*rsa.PublicKey); ok && k.N.BitLen() > maxRSABits {
		return fmt.Errorf("an RSA key of more than %d bits", maxRSABits)
	}
	return nil
}
