package chromium

import (
	"encoding/json/v2"
	"time"

	"github.com/stretchr/testify/require"
)

// Page is a tab.
type Page struct {
	b               *Browser
	target, session string
}

// Options say how a page is opened. The zero value is a desktop's, in light colours.
type Options struct {
	Width, Height int  // in CSS pixels; zero for 1100 by 800
	Dark, Print   bool // what the style sheet is told
	// IgnorePolicy lets the page do what its Content-Security-Policy forbids, to see
	// whether it would.
	IgnorePolicy bool
}

// Open opens a URL and waits until all of it is loaded.
func (b *Browser) Open(url string, o Options) *Page {
	b.t.Helper()
	var target struct {
		ID string `json:"targetId"`
	}
	b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct {
		Session string `json:"sessionId"`
	}
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true}, &attached)
	p := &Page{b, target.ID, attached.Session}
	p.call("Performance.enable", map[string]any{"timeDomain": "threadTicks"}, nil)
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		p.call(domain+".enable", nil, nil)
	}
	p.call("Page.setBypassCSP", map[string]any{"enabled": o.IgnorePolicy}, nil)
	p.Resize(o.Width, o.Height)
	p.media(o)
	p.call("Page.navigate", map[string]any{"url": url}, nil)
	require.Eventually(b.t, func() bool { return len(p.Events("Page.loadEventFired")) > 0 }, patience, 10*time.Millisecond)
	return p
}

// Close closes the tab; what it said can still be read.
func (p *Page) Close() {
	p.b.t.Helper()
	p.b.call("", "Target.closeTarget", map[string]any{"targetId": p.target}, nil)
}

func (p *Page) call(method string, params, result any) {
	p.b.t.Helper()
	p.b.call(p.session, method, params, result)
}

func (p *Page) media(o Options) {
	p.b.t.Helper()
	scheme, kind := "light", "" // the medium that it is shown on
	if o.Dark {
		scheme = "dark"
	}
	if o.Print {
		kind = "print"
	}
	p.call("Emulation.setEmulatedMedia", map[string]any{
		"media": kind, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

// Resize gives the page a size in CSS pixels; zero for 1100 by 800.
func (p *Page) Resize(width, height int) {
	p.b.t.Helper()
	if width == 0 {
		width = 1100
	}
	if height == 0 {
		height = 800
	}
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
}

// Events returns the events of a method so far, such as Network.requestWillBeSent.
func (p *Page) Events(method string) []Event { return p.b.eventsOf(p.session, method) }

// Requests returns the URLs that the page asked for, itself first.
func (p *Page) Requests() []string {
	p.b.t.Helper()
	var urls []string
	for _, e := range p.Events("Network.requestWillBeSent") {
		var sent struct {
			Request struct {
				URL string `json:"url"`
			} `json:"request"`
		}
		require.NoError(p.b.t, json.Unmarshal(e.Params, &sent))
		urls = append(urls, sent.Request.URL)
	}
	return urls
}

// Eval runs JavaScript in the page, waits for what it promises, and decodes its value
// into result.
func (p *Page) Eval(script string, result any) {
	p.b.t.Helper()
	var answer struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	p.call("Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}, &answer)
	if answer.Exception != nil {
		require.Fail(p.b.t, "JavaScript failed", "%s: %s", answer.Exception.Text, answer.Exception.Exception.Description)
	}
	if result == nil {
		return
	}
	text, err := json.Marshal(answer.Result.Value)
	require.NoError(p.b.t, err)
	require.NoError(p.b.t, json.Unmarshal(text, result, json.MatchCaseInsensitiveNames(true)))
}

// Screenshot returns the whole page as PNG, however long it is.
func (p *Page) Screenshot() []byte {
	p.b.t.Helper()
	var shot struct {
		Data []byte `json:"data"`
	}
	p.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	return shot.Data
}

// PDF returns the page as it prints on A4.
func (p *Page) PDF() []byte {
	p.b.t.Helper()
	var printed struct {
		Data []byte `json:"data"`
	}
	p.call("Page.printToPDF", map[string]any{"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": false, "printBackground": true}, &printed)
	return printed.Data
}

// AXTree decodes what a screen reader is told of the page into result.
func (p *Page) AXTree(result any) {
	p.b.t.Helper()
	p.call("Accessibility.enable", nil, nil) // not before: keeping that tree is much of the work on a long page
	p.call("Accessibility.getFullAXTree", nil, result)
}

// Metrics returns what the browser counted for the page so far, by its names; times are
// processor time of the page's thread, in seconds.
func (p *Page) Metrics() map[string]float64 {
	p.b.t.Helper()
	var said struct {
		Metrics []struct {
			Name  string  `json:"name"`
			Value float64 `json:"value"`
		} `json:"metrics"`
	}
	p.call("Performance.getMetrics", nil, &said)
	out := make(map[string]float64)
	for _, m := range said.Metrics {
		out[m.Name] = m.Value
	}
	return out
}
