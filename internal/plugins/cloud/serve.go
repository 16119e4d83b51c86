// Package cloud makes a plugin out of a provider of github.com/sigstore/sigstore.
package cloud

import (
	"context"
	"crypto"
	"fmt"
	"os"

	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// Provider is a key service.
type Provider struct {
	// Scheme is how the provider's references begin, such as "awskms://".
	Scheme string
	// Load returns the key that a reference names. ctx ends with the request.
	Load func(ctx context.Context, ref string, hash crypto.Hash) (kms.SignerVerifier, error)
	// NotFound reports whether an error says that there is no such key.
	NotFound func(error) bool
}

// Main is the main function of a plugin. It answers the request in the
// program's arguments and returns the exit status.
func (p Provider) Main() int {
	// Checked by our own parser first: the other one takes any JSON.
	if _, err := protocol.ParseArgs(os.Args); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v; %s\n", os.Args[0], err, fault.HintOf(err))
		return p.refuse(err)
	}
	request, err := handler.GetPluginArgs(os.Args)
	if err != nil {
		return p.refuse(err)
	}
	ctx := context.Background()
	if deadline := request.InitOptions.CtxDeadline; deadline != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, *deadline)
		defer cancel()
	}
	key, err := p.Load(ctx, p.Scheme+request.InitOptions.KeyResourceID, request.InitOptions.HashFunc)
	if err != nil {
		return p.refuse(p.classify(err))
	}
	response, err := handler.Dispatch(os.Stdout, os.Stdin, request, &classified{SignerVerifier: key, classify: p.classify})
	if err != nil || response.ErrorMessage != "" {
		return fault.ExitFailed
	}
	return fault.ExitOK
}

// refuse answers with an error.
func (p Provider) refuse(err error) int {
	_ = handler.WriteErrorResponse(os.Stdout, err) // without an answer the host sees the status
	return fault.ExitFailed
}
