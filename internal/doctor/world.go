package doctor

import (
	"io/fs"
	"time"
)

// World is what there is to look at. The caller gathers it; the zero value is a
// machine with nothing on it.
type World struct {
	// Now is the time of the clock.
	Now time.Time
	// Stat is os.Stat.
	Stat func(path string) (fs.FileInfo, error)
	// Access returns nil if this user may read and write path, or only write it.
	// It opens nothing.
	Access func(path string, how Access) error

	Drivers []Driver
	// Modules are the PKCS #11 modules that were found. Module is the path of the
	// configured one, or empty.
	Modules []Module
	Module  string
	// Tokens are the FIDO2 tokens that are plugged in.
	Tokens []Token
	// TPMs are the devices that may be the TPM, the best first. TPM is the
	// configured one, or empty.
	TPMs []string
	TPM  string
	// Plugins are the key plugins that are allowed or installed.
	Plugins []Plugin
	// StateDir is the directory of all state, empty for the user's own ones; StateErr
	// says why it cannot be used.
	StateDir string
	StateErr error
	Keyring  Keyring
	// AuditLog is the path of the audit log; AuditErr says why there is none.
	AuditLog string
	AuditErr error
	Config   Config
	Trust    Trust
	Kits     Kits
	// Dated are files whose times a clock that is right cannot be behind.
	Dated  []string
	Crypto Crypto
}

// Access is a way to use a file.
type Access int

// The ways.
const (
	ReadWrite Access = iota
	Write            // a directory: make files in it
)

// Driver is a key driver, by its scheme.
type Driver struct {
	Scheme string
	Absent error // says which build has it; nil if this one does
}

// Module is a PKCS #11 module.
type Module struct{ Name, Path string }

// Token is a FIDO2 token.
type Token struct{ Name, Path string }

// Plugin is a key plugin.
type Plugin struct {
	Name    string
	Path    string // empty if it is not installed
	Allowed bool
	// Err says why it cannot run although it is allowed; nil if it can.
	Err error
}

// Keyring is the user's keyring.
type Keyring struct {
	Dir string
	Err error // it cannot be read
	// Keys are the keys that sign.
	Keys []Key
}

// Key is a key of the keyring.
type Key struct {
	Name     string
	NotAfter time.Time // zero for no end
}

// Trust is what was imported of trust.
type Trust struct {
	Dir string
	Err error // they cannot be listed, or none of several is chosen
	// Active is the bundle that counts when none is named, or empty.
	Active  string
	Bundles []TrustBundle
}

// TrustBundle is one trust bundle.
type TrustBundle struct {
	Name string
	Err  error // it cannot be used now
	// Since is when what was imported was true, and Expires when it will not be any more;
	// both are zero if nothing was.
	Since, Expires time.Time
}

// Kits are the offline kits.
type Kits struct {
	Dir      string
	Err      error // the channels cannot be listed
	Channels []KitChannel
	// Interrupted are directories with what an import has left that did not end.
	Interrupted []string
	// Quarantine is where kits that failed are, Quarantined how many, and QuarantineErr
	// why they cannot be listed.
	Quarantine    string
	Quarantined   int
	QuarantineErr error
}

// KitChannel is a channel with a kit.
type KitChannel struct {
	Name string
	Err  error // its state cannot be read, or the active kit is not there
	// Version is that of the active kit, and Built when it was built.
	Version int64
	Built   time.Time
	Stale   error // it is older than it may be
}

// Config is the configuration.
type Config struct {
	File    string // empty if there is none
	Err     error  // it cannot be used
	Unknown []string
}

// Crypto is what stands behind the algorithms.
type Crypto struct {
	Profile string
	// Standing says what may be claimed for the profile; empty for nothing that
	// needs saying. Module says the same of the build's cryptographic module.
	Standing, Module string
	// Validated says that the module has a certificate and is switched on.
	Validated bool
	// NeedsModule says that the profile asks for one.
	NeedsModule bool
}
