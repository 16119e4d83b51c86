package offlinekit

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
)

var (
	//go:embed page/start.html
	startPageText string
	//go:embed page/start.css
	startPageStyle string
)

// renderPage is START-HERE.html: the same words as the text, for a browser that is
// allowed nothing but to show them.
func renderPage(title string, sections []section) ([]byte, error) {
	t, err := template.New("start").Parse(startPageText)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(startPageStyle))
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Title": title, "Sections": sections, "Style": template.CSS(startPageStyle), //nolint:gosec // our own file
		"StyleHash": base64.StdEncoding.EncodeToString(sum[:]),
	})
	return b.Bytes(), err
}
