package authenticator

import (
	"context"
	"errors"
)

// A Command is the first byte of a CTAP2 request (CTAP 2.1, 6).
type Command byte

// The commands of CTAP 2.1 that the device knows.
const (
	MakeCredential       Command = 0x01
	GetAssertion         Command = 0x02
	GetInfo              Command = 0x04
	ClientPIN            Command = 0x06
	Reset                Command = 0x07
	GetNextAssertion     Command = 0x08
	CredentialManagement Command = 0x0a
	Selection            Command = 0x0b
	// ManagementPreview is CredentialManagement under the number that it had
	// before CTAP 2.1, and under which libfido2 before 1.14 calls it.
	ManagementPreview Command = 0x41
)

// A Status is the first byte of a CTAP2 answer (CTAP 2.1, 8.2).
type Status byte

// The statuses that the device answers with.
const (
	OK                     Status = 0x00
	InvalidCommand         Status = 0x01
	InvalidParameter       Status = 0x02
	InvalidLength          Status = 0x03
	CBORUnexpectedType     Status = 0x11
	InvalidCBOR            Status = 0x12
	MissingParameter       Status = 0x14
	LimitExceeded          Status = 0x15
	CredentialExcluded     Status = 0x19
	UnsupportedAlgorithm   Status = 0x26
	OperationDenied        Status = 0x27
	KeyStoreFull           Status = 0x28
	UnsupportedOption      Status = 0x2b
	InvalidOption          Status = 0x2c
	KeepaliveCancel        Status = 0x2d
	NoCredentials          Status = 0x2e
	UserActionTimeout      Status = 0x2f
	NotAllowed             Status = 0x30
	PINInvalid             Status = 0x31
	PINBlocked             Status = 0x32
	PINAuthInvalid         Status = 0x33
	PINAuthBlocked         Status = 0x34
	PINNotSet              Status = 0x35
	PUATRequired           Status = 0x36
	PINPolicyViolation     Status = 0x37
	RequestTooLarge        Status = 0x39
	ActionTimeout          Status = 0x3a
	InvalidSubcommand      Status = 0x3e
	UnauthorizedPermission Status = 0x40
	OtherError             Status = 0x7f
)

// Error makes a status an error inside the device. OK is never returned as one.
func (s Status) Error() string { return "CTAP status " + hexByte(byte(s)) }

// A call is one command on its way through the device.
type call struct {
	ctx     context.Context
	channel uint32
	report  func(state byte) // sends a keepalive with the new state
}

// handle answers a request: a status byte and, for OK, CBOR.
func (k *token) handle(c call, request []byte) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	answer, err := k.dispatch(c, Command(request[0]), request[1:])
	if err != nil {
		return []byte{byte(statusOf(err))}
	}
	body, err := encode(answer)
	if err != nil {
		return []byte{byte(OtherError)}
	}
	return append([]byte{byte(OK)}, body...)
}

// dispatch runs a command. The answer is nil where the command has none.
func (k *token) dispatch(c call, command Command, body []byte) (any, error) {
	if len(body) >= k.maxMessage {
		return nil, RequestTooLarge
	}
	k.previous, k.next = k.next, nil
	switch command {
	case GetInfo:
		return k.info(), nil
	case ClientPIN:
		return k.clientPIN(body)
	case MakeCredential:
		return k.makeCredential(c, body)
	case GetAssertion:
		return k.getAssertion(c, body)
	case GetNextAssertion:
		return k.iterateOn(c, assertions)
	case CredentialManagement, ManagementPreview:
		return k.manage(c, body)
	case Reset:
		return nil, k.reset(c)
	case Selection:
		return nil, k.selection(c)
	default:
		return nil, InvalidCommand
	}
}

// statusOf returns the status in err; any other error is the device's own.
func statusOf(err error) Status {
	if s, ok := errors.AsType[Status](err); ok {
		return s
	}
	return OtherError
}
