package tilesim

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// painter draws tiles.
type painter struct {
	opts     Options
	lettered *opentype.Font
}

func newPainter(opts Options) *painter {
	p := &painter{opts: opts}
	p.lettered, _ = opentype.Parse(goregular.TTF) // without it there are no names
	return p
}

// stroke is how a line is drawn at a level: its edge, then what is inside.
type stroke struct {
	width       float64 // points
	edge, inner color.Color
}

// strokeOf thins lines with the distance; what would be a haze is left out.
func strokeOf(kind string, z int) (s stroke, drawn bool) {
	zoom := float64(z)
	switch kind {
	case River:
		return stroke{max(1, 1.6*math.Pow(1.55, zoom-12)), color.RGBA{0x9c, 0xc3, 0xdb, 0xff}, color.RGBA{0xa9, 0xd0, 0xe8, 0xff}}, z >= 7
	case Road:
		return stroke{min(16, max(1.5, 2.4*math.Pow(1.35, zoom-12))), color.RGBA{0xd9, 0xa4, 0x4e, 0xff}, color.RGBA{0xfb, 0xe3, 0xa6, 0xff}}, z >= 7
	}
	return stroke{min(14, max(1, 1.3*math.Pow(1.45, zoom-13))), color.RGBA{0xc4, 0xbd, 0xb2, 0xff}, color.RGBA{0xff, 0xff, 0xff, 0xff}}, z >= 11
}

// paint draws a tile: the same tile always gives the same bytes.
func (p *painter) paint(t tile) []byte {
	canvas := image.NewRGBA(image.Rect(0, 0, size, size))
	fields(canvas, t)
	for _, outline := range []bool{true, false} { // all edges first, so that crossings are open
		for _, line := range p.opts.Lines {
			if s, drawn := strokeOf(line.Kind, t.z); drawn {
				width, ink := s.width, s.inner
				if outline {
					width, ink = s.width+1.6, s.edge
				}
				pull(canvas, t, line.Points, width, ink)
			}
		}
	}
	if t.z >= 8 {
		for _, name := range p.opts.Names {
			p.letter(canvas, t.on(name.Lat, name.Lon), name.Text)
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	_ = encoder.Encode(&out, canvas) // a picture of this size into memory cannot fail
	return out.Bytes()
}

// fields covers the ground with patches whose place on the map is fixed.
func fields(canvas *image.RGBA, t tile) {
	greens := []color.RGBA{{0xf1, 0xee, 0xe4, 0xff}, {0xea, 0xee, 0xda, 0xff}, {0xe4, 0xec, 0xd6, 0xff}, {0xf0, 0xea, 0xd8, 0xff}}
	const step = 64
	for x := 0; x < size; x += step {
		for y := 0; y < size; y += step {
			n := uint32(t.x*size+x)*2654435761 ^ uint32(t.y*size+y)*2246822519 ^ uint32(t.z)*3266489917
			n = (n ^ n>>15) * 2246822519
			ground := greens[(n^n>>13)%uint32(len(greens))]
			draw.Draw(canvas, image.Rect(x, y, x+step, y+step), image.NewUniform(ground), image.Point{}, draw.Src)
		}
	}
}

// pull draws a line through points as wide as it is said.
func pull(canvas *image.RGBA, t tile, points [][2]float64, width float64, ink color.Color) {
	shape := vector.NewRasterizer(size, size)
	touched := false
	for i := 1; i < len(points); i++ {
		a, b := t.on(points[i-1][0], points[i-1][1]), t.on(points[i][0], points[i][1])
		if crosses(a, b, width) {
			touched = true
			band(shape, a, b, width/2)
		}
	}
	if touched {
		shape.Draw(canvas, canvas.Bounds(), image.NewUniform(ink), image.Point{})
	}
}

// band adds a piece of a line, a little longer than it is, so that bends are
// closed. Its corners go round one way only: what overlaps must not cancel out.
func band(shape *vector.Rasterizer, a, b dot, half float64) {
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return
	}
	ux, uy := dx/length*half, dy/length*half
	a, b = dot{a.x - ux*0.6, a.y - uy*0.6}, dot{b.x + ux*0.6, b.y + uy*0.6}
	corner := func(d dot, side float64) (float32, float32) {
		return float32(d.x - uy*side), float32(d.y + ux*side)
	}
	shape.MoveTo(corner(a, 1))
	shape.LineTo(corner(b, 1))
	shape.LineTo(corner(b, -1))
	shape.LineTo(corner(a, -1))
	shape.ClosePath()
}

// letter writes a name above its place, dark on a light halo.
func (p *painter) letter(canvas *image.RGBA, at dot, text string) {
	if p.lettered == nil || !at.near(size) {
		return
	}
	face, err := opentype.NewFace(p.lettered, &opentype.FaceOptions{Size: 15, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return
	}
	defer func() { _ = face.Close() }()
	width := font.MeasureString(face, text)
	write := func(dx, dy int, ink color.Color) {
		d := font.Drawer{Dst: canvas, Src: image.NewUniform(ink), Face: face}
		d.Dot = fixed.Point26_6{X: fixed.I(int(at.x)+dx) - width/2, Y: fixed.I(int(at.y) + dy - 8)}
		d.DrawString(text)
	}
	for _, off := range [][2]int{{-1, -1}, {0, -1}, {1, -1}, {-1, 0}, {1, 0}, {-1, 1}, {0, 1}, {1, 1}} {
		write(off[0], off[1], color.White)
	}
	write(0, 0, color.RGBA{0x33, 0x33, 0x33, 0xff})
}
