package cli

// schemes lists the key drivers of this build.
func schemes() []string { return []string{"file"} }
