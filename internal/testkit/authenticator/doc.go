// Package authenticator is a CTAP2 authenticator for tests: a security token in
// software that programs open as a device file.
package authenticator
