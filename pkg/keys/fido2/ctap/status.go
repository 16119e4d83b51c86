package ctap

import "fmt"

// Status is the first byte of a token's answer (CTAP 2.1, section 8.2). As an
// error it is never StatusOK.
type Status byte

// The statuses that mean something to a user.
const (
	StatusOK                   Status = 0x00
	StatusInvalidCommand       Status = 0x01
	StatusChannelBusy          Status = 0x06
	StatusUnsupportedAlgorithm Status = 0x26
	StatusOperationDenied      Status = 0x27
	StatusKeyStoreFull         Status = 0x28
	StatusUnsupportedOption    Status = 0x2b
	StatusInvalidOption        Status = 0x2c
	StatusKeepaliveCancel      Status = 0x2d
	StatusNoCredentials        Status = 0x2e
	StatusUserActionTimeout    Status = 0x2f
	StatusPINInvalid           Status = 0x31
	StatusPINBlocked           Status = 0x32
	StatusPINAuthInvalid       Status = 0x33
	StatusPINAuthBlocked       Status = 0x34
	StatusPINNotSet            Status = 0x35
	StatusPINRequired          Status = 0x36
	StatusPINPolicy            Status = 0x37
	StatusActionTimeout        Status = 0x3a
	StatusUserPresenceRequired Status = 0x3b
)

// Error returns the number: what it means depends on the command.
func (s Status) Error() string {
	return fmt.Sprintf("the token answers with CTAP status %#02x", byte(s))
}
