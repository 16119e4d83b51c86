package cli

import (
	"os"

	"github.com/stellaops/stella/internal/doctor"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// world gathers what doctor looks at. broken says why the configuration cannot
// be used, if so.
func (s *session) world(broken error) (*doctor.World, error) {
	drivers, err := s.doctorDrivers()
	if err != nil {
		return nil, err
	}
	plugins, err := s.doctorPlugins()
	if err != nil {
		return nil, err
	}
	w := &doctor.World{
		Now: s.Now(), Stat: os.Stat, Access: doctor.SystemAccess,
		Drivers: drivers, Module: s.config.PKCS11Module,
		TPMs: tpm.Devices(), TPM: s.config.TPMDevice,
		Plugins: plugins, Keyring: s.doctorKeyring(),
		Config: doctor.Config{File: s.loaded.File, Err: broken, Unknown: s.loaded.unknown},
		Crypto: doctorCrypto(s.config.Profile),
	}
	w.StateDir, w.StateErr = s.config.State, checkState(s.config)
	w.Trust, w.Kits = s.doctorTrust(), s.doctorKits()
	w.AuditLog, w.AuditErr = s.auditLog()
	for _, m := range pkcs11.Modules() {
		w.Modules = append(w.Modules, doctor.Module(m))
	}
	for _, t := range (hid.Places{}).Enumerate() {
		w.Tokens = append(w.Tokens, doctor.Token{Name: t.Name, Path: t.Path})
	}
	w.Dated = s.doctorDated(w)
	return w, nil
}

func (s *session) doctorDrivers() ([]doctor.Driver, error) {
	list := driverList(keys.NoPassphrases, s.secrets, s.config, nil)
	if _, err := keys.NewDrivers(list...); err != nil {
		return nil, err
	}
	out := make([]doctor.Driver, len(list))
	for i, d := range list {
		out[i].Scheme = d.Scheme()
		if absent, ok := d.(keys.Absent); ok {
			out[i].Absent = absent.Absent()
		}
	}
	return out, nil
}

func (s *session) doctorPlugins() ([]doctor.Plugin, error) {
	host, err := s.plugins(s.config.Offline)
	if err != nil {
		return nil, err
	}
	var out []doctor.Plugin
	for _, name := range host.Names() {
		path, allowed, err := host.Look(name)
		out = append(out, doctor.Plugin{Name: name, Path: path, Allowed: allowed, Err: err})
	}
	return out, nil
}
