package protocol

import (
	"context"
	"encoding/json/v2"
	"errors"
	"io"

	"github.com/stellaops/stella/internal/fault"
)

// Key is what a plugin does with one key. A method that it lacks returns
// ErrUnsupported.
type Key interface {
	DefaultAlgorithm() string
	SupportedAlgorithms() []string
	// CreateKey and PublicKey return the public key as PEM.
	CreateKey(ctx context.Context, algorithm string) ([]byte, error)
	PublicKey(ctx context.Context) ([]byte, error)
	Sign(ctx context.Context, message io.Reader, o MessageOptions) ([]byte, error)
	// Verify returns fault.SignatureMismatch for a signature that does not fit.
	Verify(ctx context.Context, message io.Reader, signature []byte, o MessageOptions) error
}

// ErrUnsupported is the error of a method that a plugin does not have.
var ErrUnsupported = errors.New("the plugin does not have this method")

// Serve is the body of a plugin's main function: it answers the one request in
// args, which are those of the program with its name, and returns the exit
// status: 0, or 1 after an answer that is an error. open returns the key that
// the request names.
//
// An error with a reason that the protocol carries keeps it.
func Serve(args []string, stdin io.Reader, stdout io.Writer, open func(o *InitOptions) (Key, error)) int {
	response, err := serve(args, stdin, open)
	if err != nil {
		response = &Response{ErrorMessage: Failure(fault.ReasonOf(err), err.Error())}
	}
	if writeErr := json.MarshalWrite(stdout, response); writeErr != nil || err != nil {
		return fault.ExitFailed
	}
	return fault.ExitOK
}

func serve(args []string, stdin io.Reader, open func(o *InitOptions) (Key, error)) (*Response, error) {
	request, err := ParseArgs(args)
	if err != nil {
		return nil, err
	}
	key, err := open(request.InitOptions)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if deadline := request.InitOptions.CtxDeadline; deadline != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, *deadline)
		defer cancel()
	}
	return answer(ctx, key, request, stdin)
}

// ParseArgs returns the request in the arguments of a program, its name
// included. The request has the arguments of its method.
func ParseArgs(args []string) (*Args, error) {
	if len(args) != 3 || args[1] != Version {
		return nil, fault.New(fault.UsageInvalid, "this is a sigstore KMS plugin: a program that stella and cosign run").
			WithHint("it takes two arguments, %q and a request in JSON", Version)
	}
	var request Args
	if err := json.Unmarshal([]byte(args[2]), &request); err != nil {
		return nil, fault.New(fault.UsageInvalid, "malformed request")
	}
	has := map[string]bool{
		DefaultAlgorithm:    true,
		SupportedAlgorithms: true,
		CreateKey:           request.CreateKey != nil,
		PublicKey:           true,
		SignMessage:         request.SignMessage != nil,
		VerifySignature:     request.VerifySignature != nil,
	}
	if request.InitOptions == nil || !has[request.MethodName] {
		return nil, fault.New(fault.UsageInvalid, "the request has no key, no method or no arguments")
	}
	return &request, nil
}

func answer(ctx context.Context, key Key, request *Args, stdin io.Reader) (*Response, error) {
	switch request.MethodName {
	case DefaultAlgorithm:
		return &Response{DefaultAlgorithm: &DefaultAlgorithmResp{key.DefaultAlgorithm()}}, nil
	case SupportedAlgorithms:
		return &Response{SupportedAlgorithms: &SupportedAlgorithmsResp{key.SupportedAlgorithms()}}, nil
	case CreateKey:
		text, err := key.CreateKey(ctx, request.CreateKey.Algorithm)
		return &Response{CreateKey: &PublicKeyResp{text}}, err
	case PublicKey:
		text, err := key.PublicKey(ctx)
		return &Response{PublicKey: &PublicKeyResp{text}}, err
	case SignMessage:
		sig, err := key.Sign(ctx, stdin, request.SignMessage.SignOptions.MessageOptions)
		return &Response{SignMessage: &SignMessageResp{sig}}, err
	}
	a := request.VerifySignature
	err := key.Verify(ctx, stdin, a.Signature, a.VerifyOptions.MessageOptions)
	return &Response{VerifySignature: &Empty{}}, err
}
