package plugin

import (
	"runtime"
	"slices"
	"strings"
)

// environment returns the variables of a plugin: what every program needs to
// reach the network, what belongs to its service, and a PATH of the system's
// directories. Nothing else of the caller's environment reaches it, neither
// other services' credentials nor what changes how programs load.
func (h *Host) environment(plugin string) []string {
	out := []string{"PATH=" + systemPath()}
	if h.options.Environ == nil {
		return out
	}
	patterns := slices.Concat(everybody(), ofService(plugin))
	for _, variable := range h.options.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains(refused(), name) && slices.ContainsFunc(patterns, func(p string) bool { return fits(p, name) }) {
			out = append(out, variable)
		}
	}
	return out
}

// systemPath is where a plugin finds other programs, such as openssl or az.
func systemPath() string {
	if runtime.GOOS == "windows" {
		return `C:\Windows\System32;C:\Windows`
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

// everybody lists variables that every plugin gets: proxies, certificates, home
// and temporary directory.
func everybody() []string {
	return []string{
		"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "HOME", "USER", "TMPDIR", "TZ", "LANG", "LC_ALL",
		"SYSTEMROOT", "SystemRoot", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP",
	}
}

// ofService lists the variables of one service: those that its library reads.
// A plugin of another name gets those that begin with its name.
func ofService(plugin string) []string {
	switch plugin {
	case "awskms":
		return []string{"AWS_*"}
	case "gcpkms":
		return []string{"GOOGLE_*", "CLOUDSDK_*", "GCE_METADATA_*"}
	case "azurekms":
		return []string{"AZURE_*", "IDENTITY_*", "MSI_*", "IMDS_ENDPOINT"}
	case "hashivault":
		return []string{"VAULT_*", "BAO_*", "TRANSIT_SECRET_ENGINE_PATH"}
	}
	return []string{strings.ToUpper(strings.NewReplacer("-", "_", "+", "_").Replace(plugin)) + "_*"}
}

// refused lists variables that switch off the authentication of the service.
func refused() []string {
	return []string{"AWS_TLS_INSECURE_SKIP_VERIFY", "VAULT_SKIP_VERIFY", "BAO_SKIP_VERIFY"}
}

func fits(pattern, name string) bool {
	prefix, open := strings.CutSuffix(pattern, "*")
	return name == pattern || open && strings.HasPrefix(name, prefix)
}
