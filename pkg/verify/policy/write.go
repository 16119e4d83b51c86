package policy

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
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

// MarshalJSON returns what Marshal does, as JSON, which Parse reads too.
func (p *Policy) MarshalJSON() ([]byte, error) {
	text, err := p.Marshal()
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	return appendJSON(nil, document.Content[0])
}

// appendJSON keeps the order of members, which a map would lose.
func appendJSON(b []byte, n *yaml.Node) ([]byte, error) {
	open, end := byte('['), byte(']')
	switch n.Kind {
	case yaml.ScalarNode:
		var value any
		if err := n.Decode(&value); err != nil {
			return nil, err
		}
		text, err := json.Marshal(value)
		return append(b, text...), err
	case yaml.MappingNode:
		open, end = '{', '}'
	}
	b = append(b, open)
	for i, c := range n.Content {
		switch {
		case i == 0:
		case open == '{' && i%2 == 1:
			b = append(b, ':')
		default:
			b = append(b, ',')
		}
		if open == '{' && i%2 == 0 {
			var err error
			if b, err = jsontext.AppendQuote(b, c.Value); err != nil {
				return nil, err
			}
			continue
		}
		var err error
		if b, err = appendJSON(b, c); err != nil {
			return nil, err
		}
	}
	return append(b, end), nil
}
