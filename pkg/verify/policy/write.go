package policy

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Marshal returns the policy as YAML in the one form that it is written in: what
// is left to its default is left out, and the order is that of the manual.
func (p *Policy) Marshal() ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err := e.Encode(struct {
		Format  string `yaml:"format"`
		*Policy `yaml:",inline"`
	}{Format, p})
	if err == nil {
		err = e.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("failed to write a policy: %w", err)
	}
	return b.Bytes(), nil
}
