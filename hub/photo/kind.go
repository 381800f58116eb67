package photo

import (
	"bytes"
	"encoding/binary"

	"gigafibre.ca/targo-hub/hub"
)

// Format tells the format of a file by its first bytes ("jpeg", "png" or
// "webp"), or what a person can do about another one (Unsupported
// picture-format).
func Format(raw []byte) (string, error) { return sniff(raw) }

func sniff(raw []byte) (string, error) {
	starts := func(prefix string) bool { return bytes.HasPrefix(raw, []byte(prefix)) }
	switch {
	case starts("\xff\xd8\xff"):
		return "jpeg", nil
	case starts("\x89PNG\r\n\x1a\n"):
		if animatedPNG(raw) {
			return "", unsupported("The file is an animation; send a still picture.")
		}
		return "png", nil
	case starts("RIFF") && len(raw) >= 12 && string(raw[8:12]) == "WEBP":
		if len(raw) > 20 && string(raw[12:16]) == "VP8X" && raw[20]&0x02 != 0 {
			return "", unsupported("The file is an animation; send a still picture.")
		}
		return "webp", nil
	case starts("GIF8"):
		return "", unsupported("The file is a GIF; send a JPEG, PNG or WebP picture.")
	case starts("%PDF"):
		return "", unsupported("The file is a PDF document; send a photo of it.")
	}
	if brand := mediaBrand(raw); brand != "" {
		return "", unsupported(brand)
	}
	return "", unsupported("The file is no JPEG, PNG or WebP picture.")
}

// mediaBrand gives words for the formats of phones that are boxes of media:
// HEIC and AVIF pictures, and films.
func mediaBrand(raw []byte) string {
	if len(raw) < 12 || string(raw[4:8]) != "ftyp" {
		return ""
	}
	box := raw[8:min(max(int(binary.BigEndian.Uint32(raw)), 12), len(raw), 64)] // its brands
	switch brand := string(raw[8:12]); {
	case brand[:3] == "avi", brand == "mif1" && bytes.Contains(box, []byte("avif")):
		return "The file is AVIF; send it as JPEG."
	}
	switch string(raw[8:12]) {
	case "heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1":
		return "The file is HEIC; on an iPhone choose Settings, Camera, Formats, Most Compatible, or send it as JPEG."
	}
	return "The file is a film; send a photo."
}

// animatedPNG looks for the chunk of animations before the picture itself.
func animatedPNG(raw []byte) bool {
	for at := 8; at+8 <= len(raw); {
		name := string(raw[at+4 : at+8])
		if name == "acTL" {
			return true
		}
		size := int(binary.BigEndian.Uint32(raw[at:]))
		if name == "IDAT" || size > len(raw) {
			return false
		}
		at += 12 + size
	}
	return false
}

func unsupported(detail string) error {
	return hub.Fail(hub.Unsupported, "picture-format", detail, nil)
}
