package dsse

// ExtensionKind returns the kind of extension that the signatures of s carry, or
// "" for ordinary signatures. Such a signature has a place in a bare envelope
// only, which is good to know before a token asks for a touch.
//
// A signer says so with a method ExtensionKind() string. One that wraps another
// has a method Unwrap() Signer.
func ExtensionKind(s Signer) string {
	for s != nil {
		if kind, ok := s.(interface{ ExtensionKind() string }); ok {
			return kind.ExtensionKind()
		}
		wrapper, ok := s.(interface{ Unwrap() Signer })
		if !ok {
			return ""
		}
		s = wrapper.Unwrap()
	}
	return ""
}
