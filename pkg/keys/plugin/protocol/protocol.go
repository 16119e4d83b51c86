// Package protocol is the sigstore KMS plugin protocol, version v1, on the wire:
// what the host and the plugin say to each other.
//
// A plugin is a program called sigstore-kms-NAME. It is started once for each
// request, with two arguments: the version and the request, an [Args] in JSON.
// The message to sign or to verify comes on its standard input; its answer, a
// [Response] in JSON, goes to its standard output. What it writes to standard
// error is for people. The protocol is that of github.com/sigstore/sigstore,
// pkg/signature/kms/cliplugin, and a plugin written for one host works with the
// other.
//
// stella adds two conventions that another host does not notice. An error
// message may begin with a word that tells what kind of error it is, see
// [Failure]. And a key may be given as a public key instead of a name, see
// [PublicKeyResource], for plugins that verify for an algorithm that the host
// does not know.
package protocol

import (
	"encoding/base64"
	"strings"
	"time"
)

const (
	// Version is the version of the protocol, the first argument of a plugin.
	Version = "v1"
	// ProgramPrefix and the plugin's name are the name of its program.
	ProgramPrefix = "sigstore-kms-"
)

// The methods.
const (
	DefaultAlgorithm    = "defaultAlgorithm"
	SupportedAlgorithms = "supportedAlgorithms"
	CreateKey           = "createKey"
	PublicKey           = "publicKey"
	SignMessage         = "signMessage"
	VerifySignature     = "verifySignature"
)

// Args is a request: the second argument of a plugin. The member that bears the
// method's name holds its arguments.
type Args struct {
	InitOptions         *InitOptions         `json:"initOptions"`
	MethodName          string               `json:"methodName"`
	DefaultAlgorithm    *Empty               `json:"defaultAlgorithm,omitzero"`
	SupportedAlgorithms *Empty               `json:"supportedAlgorithms,omitzero"`
	CreateKey           *CreateKeyArgs       `json:"createKey,omitzero"`
	PublicKey           *PublicKeyArgs       `json:"publicKey,omitzero"`
	SignMessage         *SignMessageArgs     `json:"signMessage,omitzero"`
	VerifySignature     *VerifySignatureArgs `json:"verifySignature,omitzero"`
}

// Empty is an object without members.
type Empty struct{}

// InitOptions say which key is meant.
type InitOptions struct {
	CtxDeadline     *time.Time `json:"ctxDeadline,omitzero"`
	ProtocolVersion string     `json:"protocolVersion"`
	// KeyResourceID is the key reference without "NAME://".
	KeyResourceID string `json:"keyResourceID"`
	// HashFunc is the number of a crypto.Hash, 0 for none.
	HashFunc   uint       `json:"hashFunc"`
	RPCOptions RPCOptions `json:"rpcOptions"`
}

// RPCOptions go with every call of a service.
type RPCOptions struct {
	CtxDeadline        *time.Time `json:"ctxDeadline,omitzero"`
	KeyVersion         *string    `json:"keyVersion,omitzero"`
	RemoteVerification *bool      `json:"remoteVerification,omitzero"`
}

// MessageOptions say how the message becomes what is signed.
type MessageOptions struct {
	// Digest replaces the message on standard input.
	Digest []byte `json:"digest,omitempty"`
	// HashFunc is the number of a crypto.Hash, 0 for a key that signs the message itself.
	HashFunc *uint `json:"hashFunc,omitzero"`
}

// CreateKeyArgs are the arguments of CreateKey.
type CreateKeyArgs struct {
	CtxDeadline *time.Time `json:"ctxDeadline,omitzero"`
	Algorithm   string     `json:"algorithm"`
}

// PublicKeyArgs are the arguments of PublicKey.
type PublicKeyArgs struct {
	PublicKeyOptions struct {
		RPCOptions RPCOptions `json:"rpcOptions"`
	} `json:"publicKeyOptions"`
}

// Options are those of signing and verifying.
type Options struct {
	RPCOptions     RPCOptions     `json:"rpcOptions"`
	MessageOptions MessageOptions `json:"messageOptions"`
}

// SignMessageArgs are the arguments of SignMessage.
type SignMessageArgs struct {
	SignOptions Options `json:"signOptions"`
}

// VerifySignatureArgs are the arguments of VerifySignature.
type VerifySignatureArgs struct {
	Signature     []byte  `json:"signature"`
	VerifyOptions Options `json:"verifyOptions"`
}

// Response is a plugin's answer. Either ErrorMessage is set, or the member that
// bears the method's name.
type Response struct {
	ErrorMessage        string                   `json:"errorMessage,omitempty"`
	DefaultAlgorithm    *DefaultAlgorithmResp    `json:"defaultAlgorithm,omitzero"`
	SupportedAlgorithms *SupportedAlgorithmsResp `json:"supportedAlgorithms,omitzero"`
	CreateKey           *PublicKeyResp           `json:"createKey,omitzero"`
	PublicKey           *PublicKeyResp           `json:"publicKey,omitzero"`
	SignMessage         *SignMessageResp         `json:"signMessage,omitzero"`
	VerifySignature     *Empty                   `json:"verifySignature,omitzero"`
}

// DefaultAlgorithmResp is the answer to DefaultAlgorithm.
type DefaultAlgorithmResp struct {
	DefaultAlgorithm string `json:"defaultAlgorithm"`
}

// SupportedAlgorithmsResp is the answer to SupportedAlgorithms.
type SupportedAlgorithmsResp struct {
	SupportedAlgorithms []string `json:"supportedAlgorithms"`
}

// PublicKeyResp is the answer to PublicKey and CreateKey.
type PublicKeyResp struct {
	PublicKeyPEM []byte `json:"publicKeyPEM"`
}

// SignMessageResp is the answer to SignMessage.
type SignMessageResp struct {
	Signature []byte `json:"signature"`
}

// publicKeyPrefix marks a key resource that is a public key. A plugin whose
// names are paths has them written ./pkix:… where a file is called so.
const publicKeyPrefix = "pkix:"

// PublicKeyResource returns the key resource that stands for a public key, given
// as SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7).
func PublicKeyResource(spki []byte) string {
	return publicKeyPrefix + base64.RawURLEncoding.EncodeToString(spki)
}

// ParsePublicKeyResource returns the public key that a resource stands for, and
// false for a resource that is a name.
func ParsePublicKeyResource(resource string) (spki []byte, ok bool) {
	text, found := strings.CutPrefix(resource, publicKeyPrefix)
	if !found {
		return nil, false
	}
	spki, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return spki, err == nil
}
