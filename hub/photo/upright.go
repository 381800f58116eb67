package photo

import (
	"image"
	"image/draw"
)

// upright turns a picture as EXIF's orientation says. The planes of a JPEG are
// turned one by one; anything else becomes RGBA.
func upright(img image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return img
	}
	switch src := img.(type) {
	case *image.Gray:
		return grey(plane{src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy(), 1}.turn(orientation))
	case *image.YCbCr:
		if out := turnYCbCr(src, orientation); out != nil {
			return out
		}
	}
	flat := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(flat, flat.Rect, img, img.Bounds().Min, draw.Src)
	out := plane{flat.Pix, flat.Stride, flat.Rect.Dx(), flat.Rect.Dy(), 4}.turn(orientation)
	return &image.RGBA{Pix: out.pix, Stride: out.stride, Rect: image.Rect(0, 0, out.width, out.height)}
}

func grey(p plane) *image.Gray {
	return &image.Gray{Pix: p.pix, Stride: p.stride, Rect: image.Rect(0, 0, p.width, p.height)}
}

// turnYCbCr gives nil for the samplings that have no name once turned.
func turnYCbCr(src *image.YCbCr, orientation int) *image.YCbCr {
	ratio := src.SubsampleRatio
	if orientation >= 5 {
		switch ratio {
		case image.YCbCrSubsampleRatio422:
			ratio = image.YCbCrSubsampleRatio440
		case image.YCbCrSubsampleRatio440:
			ratio = image.YCbCrSubsampleRatio422
		case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
			return nil
		}
	}
	width, height := src.Rect.Dx(), src.Rect.Dy()
	chroma := image.NewYCbCr(image.Rect(0, 0, width, height), src.SubsampleRatio)
	if src.Rect.Min != (image.Point{}) || (width%2+height%2 > 0 && ratio != image.YCbCrSubsampleRatio444) {
		return nil // an odd side would move the colours by half a sample
	}
	cw := chroma.CStride
	ch := len(chroma.Cb) / max(cw, 1)
	y := plane{src.Y, src.YStride, width, height, 1}.turn(orientation)
	cb := plane{src.Cb, src.CStride, cw, ch, 1}.turn(orientation)
	cr := plane{src.Cr, src.CStride, cw, ch, 1}.turn(orientation)
	return &image.YCbCr{
		Y: y.pix, Cb: cb.pix, Cr: cr.pix, YStride: y.stride, CStride: cb.stride,
		SubsampleRatio: ratio, Rect: image.Rect(0, 0, y.width, y.height),
	}
}

// plane is a field of pixels of so many bytes each.
type plane struct {
	pix           []byte
	stride        int
	width, height int
	bytes         int
}

// turn gives the plane as seen upright.
func (p plane) turn(orientation int) plane {
	out := plane{width: p.width, height: p.height, bytes: p.bytes}
	if orientation >= 5 {
		out.width, out.height = p.height, p.width
	}
	out.stride = out.width * p.bytes
	out.pix = make([]byte, out.stride*out.height)
	// The start of the source in the target, and the steps for one pixel right
	// and one down.
	right, down := p.bytes, out.stride
	if orientation >= 5 {
		right, down = down, right
	}
	start := 0
	if mirrored := orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8; mirrored {
		start += (p.width - 1) * right
		right = -right
	}
	if flipped := orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7; flipped {
		start += (p.height - 1) * down
		down = -down
	}
	for y := range p.height {
		at := start + y*down
		row := p.pix[y*p.stride:]
		for x := range p.width {
			copy(out.pix[at:at+p.bytes], row[x*p.bytes:(x+1)*p.bytes])
			at += right
		}
	}
	return out
}
