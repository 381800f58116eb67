// Package pixel holds a picture in grey levels, as the readers of codes want it:
// sampled between pixels, halved, or cut out at an angle.
package pixel

import (
	"image"
	"image/color"
	"math"
)

// Grey is a picture of one byte a pixel, 255 for white.
type Grey struct {
	Pix  []uint8
	W, H int
}

// New makes a black picture.
func New(w, h int) *Grey { return &Grey{Pix: make([]uint8, w*h), W: w, H: h} }

// From takes the brightness of a picture.
func From(img image.Image) *Grey {
	b := img.Bounds()
	g := New(b.Dx(), b.Dy())
	for y := range g.H {
		row := g.Pix[y*g.W : (y+1)*g.W]
		switch src := img.(type) {
		case *image.Gray:
			copy(row, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		case *image.YCbCr:
			copy(row, src.Y[src.YOffset(b.Min.X, b.Min.Y+y):])
		case *image.RGBA:
			flatten(row, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		case *image.NRGBA:
			flattenStraight(row, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		default:
			for x := range row {
				row[x] = level(img.At(b.Min.X+x, b.Min.Y+y))
			}
		}
	}
	return g
}

// flatten reads RGBA on white paper.
func flatten(row, rgba []uint8) {
	for x := range row {
		p := rgba[4*x : 4*x+4 : 4*x+4]
		row[x] = uint8((int(p[0])*77+int(p[1])*150+int(p[2])*29)>>8) + 255 - p[3]
	}
}

// flattenStraight does the same where the colours are not multiplied with alpha.
func flattenStraight(row, nrgba []uint8) {
	for x := range row {
		p := nrgba[4*x : 4*x+4 : 4*x+4]
		v, a := (int(p[0])*77+int(p[1])*150+int(p[2])*29)>>8, int(p[3])
		row[x] = uint8((v*a + 255*(255-a)) / 255)
	}
}

func level(c color.Color) uint8 {
	r, g, b, a := c.RGBA()
	return uint8(((r*77+g*150+b*29)>>8 + 0xffff - a) >> 8)
}

// Half makes a picture of half the width and height.
func (g *Grey) Half() *Grey {
	out := New(g.W/2, g.H/2)
	for y := range out.H {
		top, low := g.Pix[2*y*g.W:], g.Pix[(2*y+1)*g.W:]
		row := out.Pix[y*out.W : (y+1)*out.W]
		for x := range row {
			row[x] = uint8((int(top[2*x]) + int(top[2*x+1]) + int(low[2*x]) + int(low[2*x+1]) + 2) / 4)
		}
	}
	return out
}

// Inverted makes the negative.
func (g *Grey) Inverted() *Grey {
	out := New(g.W, g.H)
	for i, v := range g.Pix {
		out.Pix[i] = 255 - v
	}
	return out
}

// Sharper undoes some blur: a pixel moves away from those two pixels beside it.
func (g *Grey) Sharper(amount float64) *Grey {
	out := New(g.W, g.H)
	copy(out.Pix, g.Pix)
	for y := 2; y < g.H-2; y++ {
		for x := 2; x < g.W-2; x++ {
			i := y*g.W + x
			v := float64(g.Pix[i])
			around := float64(int(g.Pix[i-2])+int(g.Pix[i+2])+int(g.Pix[i-2*g.W])+int(g.Pix[i+2*g.W])) / 4
			out.Pix[i] = uint8(min(max(v+amount*(v-around)+0.5, 0), 255))
		}
	}
	return out
}

// At samples between pixels (bilinear); the edge goes on outside.
func (g *Grey) At(x, y float64) float64 {
	if x < 0 {
		x = 0
	}
	if y < 0 {
		y = 0
	}
	ix, iy := int(x), int(y)
	if ix >= g.W-1 || iy >= g.H-1 {
		ix, iy = min(ix, g.W-1), min(iy, g.H-1)
		return float64(g.Pix[iy*g.W+ix])
	}
	fx, fy := x-float64(ix), y-float64(iy)
	p := g.Pix[iy*g.W+ix : iy*g.W+ix+g.W+2]
	a, b, c, d := float64(p[0]), float64(p[1]), float64(p[g.W]), float64(p[g.W+1])
	top := a + (b-a)*fx
	return top + (c+(d-c)*fx-top)*fy
}

// Point is a place in a picture, in pixels; whole numbers are centres of pixels.
type Point struct{ X, Y float64 }

// Add gives p + k·q.
func (p Point) Add(q Point, k float64) Point { return Point{p.X + k*q.X, p.Y + k*q.Y} }

// Sub gives p - q.
func (p Point) Sub(q Point) Point { return Point{p.X - q.X, p.Y - q.Y} }

// Dot is the inner product.
func (p Point) Dot(q Point) float64 { return p.X*q.X + p.Y*q.Y }

// Cross is positive where q lies clockwise of p, y growing downwards.
func (p Point) Cross(q Point) float64 { return p.X*q.Y - p.Y*q.X }

// Len is the length of a vector.
func (p Point) Len() float64 { return math.Hypot(p.X, p.Y) }

// Cut is a piece of a picture, at an angle and a scale.
type Cut struct {
	*Grey
	origin, right, down Point // of the picture cut from
}

// Cut takes the w x h pixels whose first corner is origin, with steps of one
// pixel in direction angle (radians) and scale pixels of the new picture a pixel
// of the old.
func (g *Grey) Cut(origin Point, angle float64, w, h int, scale float64) Cut {
	c := Cut{Grey: New(w, h), origin: origin}
	c.right = Point{math.Cos(angle) / scale, math.Sin(angle) / scale}
	c.down = Point{-c.right.Y, c.right.X}
	for y := range h {
		at := origin.Add(c.down, float64(y))
		row := c.Pix[y*w : (y+1)*w]
		for x := range row {
			row[x] = uint8(g.At(at.X, at.Y) + 0.5)
			at.X += c.right.X
			at.Y += c.right.Y
		}
	}
	return c
}

// Back gives where a point of the cut lies in the picture it was cut from.
func (c Cut) Back(p Point) Point { return c.origin.Add(c.right, p.X).Add(c.down, p.Y) }
