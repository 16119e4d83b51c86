//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
)

// The plot, in pixels: two panels side by side, each with its frame.
const (
	panelWidth, panelHeight    = 300, 240
	marginLeft, marginTop      = 60, 30
	marginRight, marginBottom  = 20, 50
	frameWidth                 = panelWidth + marginLeft + marginRight
	plotHeight                 = panelHeight + marginTop + marginBottom
	decadesOfTime, fastest     = 6, -3 // from a millisecond to a thousand seconds
	decadesOfMemory, leanest   = 3, 6  // from one megabyte to a gigabyte
	axisStyle                  = `stroke="#888" stroke-width="0.5"`
	timeStyle, memoryStyle     = `stroke="#2563ab"`, `stroke="#b4541a" stroke-dasharray="5 3"`
	textStyle                  = `font-family="sans-serif" font-size="11" fill="#666"`
	lineFormat, lineFormatText = `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>` + "\n", `<text x="%.1f" y="%.1f" text-anchor="%s" %s>%s</text>` + "\n"
)

// writePlot draws CPU time and memory over the size of the work, all axes
// logarithmic, as SVG.
func writePlot(out io.Writer, points []point) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="cost of verification">`+"\n", 2*frameWidth, plotHeight)
	for i, series := range []string{byCount, bySize} {
		drawPanel(&b, float64(i*frameWidth), series, of(series, points))
	}
	b.WriteString("</svg>\n")
	_, err := out.Write(b.Bytes())
	return err
}

func of(series string, points []point) []point {
	var out []point
	for _, p := range points {
		if p.series == series {
			out = append(out, p)
		}
	}
	return out
}

func drawPanel(b *bytes.Buffer, left float64, title string, points []point) {
	if len(points) == 0 {
		return
	}
	x0, y0 := left+marginLeft, float64(marginTop)
	first := math.Log10(float64(points[0].x))
	decades := math.Log10(float64(points[len(points)-1].x)) - first
	across := func(x int64) float64 {
		return x0 + panelWidth*(math.Log10(float64(x))-first)/max(1, decades)
	}
	for i := range points {
		x := across(points[i].x)
		fmt.Fprintf(b, lineFormat, x, y0, x, y0+panelHeight, axisStyle)
		fmt.Fprintf(b, lineFormatText, x, y0+panelHeight+15, "middle", textStyle, short(points[i].x))
	}
	fmt.Fprintf(b, lineFormatText, x0+panelWidth/2, y0+panelHeight+35, "middle", textStyle, title)
	for d := range decadesOfTime + 1 {
		y := y0 + panelHeight*(1-float64(d)/decadesOfTime)
		fmt.Fprintf(b, lineFormat, x0, y, x0+panelWidth, y, axisStyle)
		fmt.Fprintf(b, lineFormatText, x0-5, y+4, "end", textStyle, fmt.Sprintf("%g s", math.Pow10(d+fastest)))
	}
	fmt.Fprintf(b, lineFormatText, x0, y0-12, "start", textStyle, "line: CPU time; dashes: memory, 1 MB at the foot to 1 GB at the top")
	drawCurve(b, points, across, timeStyle, func(p point) float64 { return height(p.cost.cpu.Seconds(), fastest, decadesOfTime) })
	drawCurve(b, points, across, memoryStyle, func(p point) float64 { return height(float64(p.cost.rss), leanest, decadesOfMemory) })
}

func drawCurve(b *bytes.Buffer, points []point, across func(int64) float64, style string, up func(point) float64) {
	fmt.Fprintf(b, `<polyline fill="none" stroke-width="2" %s points="`, style)
	for _, p := range points {
		fmt.Fprintf(b, "%.1f,%.1f ", across(p.x), marginTop+panelHeight*(1-up(p)))
	}
	b.WriteString(`"/>` + "\n")
}

// height is how far up a value is on an axis of some decades, from 0 to 1.
func height(value float64, first, decades int) float64 {
	if value <= 0 {
		return 0
	}
	return min(1, max(0, (math.Log10(value)-float64(first))/float64(decades)))
}

// short writes a power of ten for an axis.
func short(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{gigabyte, "G"}, {megabyte, "M"}, {1000, "k"}} {
		if n >= unit.size {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprint(n)
}
