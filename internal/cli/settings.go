package cli

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/plugin"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// Config is what can be configured, whole and checked. A command reads it from
// its session and does not ask where a value came from.
type Config struct {
	Format  string `mapstructure:"format"`
	Offline bool   `mapstructure:"offline"`
	NoColor bool   `mapstructure:"no-color"`
	Askpass string `mapstructure:"askpass"`
	// State is the directory of all that stella keeps; empty for the user's own ones.
	State   string `mapstructure:"state"`
	Keyring string `mapstructure:"keyring"`
	// TrustName is the trust bundle that counts when none is named; empty for the one
	// called default, or the only one.
	TrustName string `mapstructure:"trust.name"`
	// KitMaxAge is how old the active kit may be; empty for any age.
	KitMaxAge    string `mapstructure:"kit.max-age"`
	PKCS11Module string `mapstructure:"pkcs11.module"`
	// TPMDevice is the TPM's character device or socket; empty for the system's.
	TPMDevice    string   `mapstructure:"tpm.device"`
	PluginsDir   string   `mapstructure:"plugins.dir"`
	PluginsAllow []string `mapstructure:"plugins.allow"`
	PluginsLocal []string `mapstructure:"plugins.local"`
	// Profile bounds the algorithms of keys.
	Profile keys.Profile `mapstructure:"profile"`
	// AuditLog is the path of the audit log, empty for the usual one, and auditNone
	// for none at all.
	AuditLog string `mapstructure:"audit.log"`
	// FIDO2Device is the token's device file; empty for the one that is plugged in.
	FIDO2Device string `mapstructure:"fido2.device"`
	// NoGitHub keeps verdicts out of GitHub's summaries and annotations.
	NoGitHub bool `mapstructure:"no-github"`
}

// The settings' names: in the configuration file, and as flags.
const (
	keyFormat       = "format"
	keyOffline      = "offline"
	keyNoColor      = "no-color"
	keyAskpass      = "askpass"
	keyState        = "state"
	keyKeyring      = "keyring"
	keyTrustName    = "trust.name"
	keyKitMaxAge    = "kit.max-age"
	keyPKCS11Module = "pkcs11.module"
	keyTPMDevice    = "tpm.device"
	keyPluginsDir   = "plugins.dir"
	keyPluginsAllow = "plugins.allow"
	keyPluginsLocal = "plugins.local"
	keyProfile      = "profile"
	keyAudit        = "audit.log"
	keyFIDO2Device  = "fido2.device"
	keyNoGitHub     = "no-github"
)

const (
	formatText = "text"
	formatJSON = "json"
)

func formats() []string { return []string{formatText, formatJSON} }

// setting is one row of the table of what can be configured. To add one, add a
// row, a field to Config, and, if it has a flag, register it under the same
// name.
type setting struct {
	key     string   // "sign.envelope" would be envelope under sign in the file
	initial any      // default; its type is the setting's: string, bool or []string
	choices []string // allowed values; nil allows any
	insists bool     // true in the environment cannot be undone by a flag
	// within, if there is one, says that a value from the file or the environment
	// loosens nothing that the bound before it forbids: the default, or the file.
	within  func(value, bound any) bool
	meaning string
	// check judges a string, or each of a list; nil allows any.
	check func(string) error

	flag   string // the flag's name where it is not the key
	spoken string // a value that only the flag can give
}

// flagName returns the name of the setting's flag, which some commands have.
func (s setting) flagName() string { return cmp.Or(s.flag, s.key) }

func settings() []setting {
	return []setting{
		{key: keyFormat, initial: formatText, choices: formats(), meaning: "how results are shown"},
		{key: keyOffline, initial: false, insists: true, meaning: "forbid the network, also to keys that live behind it"},
		{key: keyNoColor, initial: false, meaning: "print without colour"},
		{key: keyAskpass, initial: "", meaning: "program that asks for a passphrase"},
		{key: keyState, initial: "", check: absolute, meaning: "directory of all that is kept: keyring, log, trust, kits"},
		{key: keyKeyring, initial: "", check: absolute, meaning: "directory of the keyring"},
		{key: keyTrustName, initial: "", check: isTrustName, meaning: "trust bundle that verify uses when none is named"},
		{key: keyKitMaxAge, initial: "", flag: flagMaxAge, check: isSpan, meaning: "how old an offline kit may be, such as 30d"},
		{key: keyPKCS11Module, initial: "", meaning: "library of the PKCS #11 token, by its whole path"},
		{key: keyFIDO2Device, initial: "", meaning: "device file of the FIDO2 token, for fido2: keys"},
		{key: keyTPMDevice, initial: "", meaning: "device or socket of the TPM, for tpm: keys"},
		{key: keyPluginsDir, initial: "", check: absolute, meaning: "directory of key plugins; empty for plugins beside stella"},
		{key: keyPluginsAllow, initial: []string{}, check: isPermission, meaning: "key plugins that may run: NAME or NAME@sha256:HEX"},
		{key: keyPluginsLocal, initial: []string{"gost"}, check: isPluginName, meaning: "key plugins that need no network"},
		{
			key: keyProfile, initial: string(buildProfile()), choices: profileNames(), within: profileWithin,
			meaning: "which algorithms to sign and verify with",
		},
		{key: keyAudit, initial: "", flag: flagAuditLog, spoken: auditNone, meaning: "file that every use of a key is recorded in"},
		{key: keyNoGitHub, initial: false, meaning: "in GitHub Actions, write no summary and no annotations"},
	}
}

const envPrefix = "STELLA_"

// envName returns the environment variable of a setting.
func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(key))
}

func settingKeys() []string {
	var keys []string
	for _, s := range settings() {
		keys = append(keys, s.key)
	}
	return keys
}

func findSetting(key string) (setting, bool) {
	all := settings()
	i := slices.IndexFunc(all, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return all[i], true
}

// isSection reports whether settings stand under key in the file.
func isSection(key string) bool {
	return slices.ContainsFunc(settings(), func(s setting) bool { return strings.HasPrefix(s.key, key+".") })
}

// onlyFlag reports whether key names something that loosens a check or
// replaces files. Such a thing is said on the command line each time and never
// comes from a file or the environment.
func onlyFlag(key string) bool {
	for _, pattern := range []string{"at", "force*", "allow-*", "assume-*", "*-unsafe"} {
		if ok, err := path.Match(pattern, key); ok && err == nil {
			return true
		}
	}
	return false
}

// absolute refuses a path that means something else in another directory.
func absolute(path string) error {
	if filepath.IsAbs(path) {
		return nil
	}
	return fault.New(fault.ConfigInvalid, "%q is not an absolute path", path).WithHint("write the whole path, from / on")
}

func isTrustName(text string) error {
	if trust.IsName(text) {
		return nil
	}
	return fault.New(fault.ConfigInvalid, "%q is not a name of a trust bundle", text)
}

func isSpan(text string) error {
	if _, err := parseLimit(flagMaxAge, text); err != nil {
		return fault.New(fault.ConfigInvalid, "%q is not a span of time over 0", text).WithHint("write days such as 30d, or hours such as 36h")
	}
	return nil
}

func isPermission(text string) error {
	_, err := plugin.ParsePermission(text)
	return err
}

func isPluginName(text string) error {
	p, err := plugin.ParsePermission(text)
	if err == nil && p.SHA256 != "" {
		err = fault.New(fault.ConfigInvalid, "%q has a digest, which belongs into %s", text, keyPluginsAllow)
	}
	return err
}

// parse checks a value that came as text, in which commas separate the elements
// of a list.
func (s setting) parse(text string) (any, error) {
	switch s.initial.(type) {
	case bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fault.New(fault.ConfigInvalid, "invalid value %q for %s", text, s.key).
				WithHint("write true or false")
		}
		return value, nil
	case []string:
		return s.parseList(strings.Split(text, ","))
	}
	if s.spoken != "" && text == s.spoken {
		return nil, fault.New(fault.ConfigInvalid, "%s %q is said on the command line or not at all", s.key, text).
			WithHint("say --%s %s where it is meant; a file of that name is written ./%s", s.flagName(), text, text)
	}
	if len(s.choices) > 0 && !slices.Contains(s.choices, text) {
		return nil, fault.New(fault.ConfigInvalid, "invalid value %q for %s", text, s.key).
			WithHint("%s", chooseHint(text, s.choices))
	}
	return text, s.judge(text)
}

func (s setting) parseList(elements []string) (any, error) {
	list := make([]string, len(elements))
	for i, text := range elements {
		list[i] = strings.TrimSpace(text)
		if err := s.judge(list[i]); err != nil {
			return nil, err
		}
		if slices.Contains(list[:i], list[i]) {
			return nil, fault.New(fault.ConfigInvalid, "invalid value for %s: %q is there twice", s.key, list[i])
		}
	}
	return list, nil
}

func (s setting) judge(text string) error {
	if s.check == nil {
		return nil
	}
	if err := s.check(text); err != nil {
		return fault.Wrap(fault.ConfigInvalid, err, "invalid value for %s", s.key)
	}
	return nil
}
