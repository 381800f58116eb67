package photo

import (
	"bytes"
	"strings"
	"time"

	"github.com/bep/imagemeta"

	"gigafibre.ca/targo-hub/hub"
)

// facts are what the camera wrote beside the picture.
type facts struct {
	orientation int // EXIF: 1 is upright, 5 to 8 lie on their side
	taken       time.Time
}

// readFacts never fails: a photo without facts is a photo.
func readFacts(format string, raw []byte) (found facts) {
	defer func() {
		if recover() != nil {
			found = facts{orientation: 1}
		}
	}()
	tags := map[string]any{}
	_, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(raw), ImageFormat: formats(format), Sources: imagemeta.EXIF,
		LimitNumTags: 1000, LimitTagSize: 256, // no Timeout: that would leave a goroutine behind
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			switch tag.Tag {
			case "Orientation", "DateTimeOriginal", "OffsetTimeOriginal":
				return !strings.Contains(tag.Namespace, "IFD1") // that is the thumbnail's
			}
			return false
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			tags[tag.Tag] = tag.Value
			return nil
		},
	})
	found.orientation = 1
	if err != nil && len(tags) == 0 {
		return found
	}
	if n, ok := tags["Orientation"].(uint16); ok && n >= 1 && n <= 8 {
		found.orientation = int(n)
	}
	found.taken = instant(tags["DateTimeOriginal"], tags["OffsetTimeOriginal"])
	return found
}

func formats(name string) imagemeta.ImageFormat {
	switch name {
	case "jpeg":
		return imagemeta.JPEG
	case "png":
		return imagemeta.PNG
	default:
		return imagemeta.WebP
	}
}

// instant reads "2026:11:23 10:15:00" with its offset "-05:00"; without an
// offset it is our own clock's time.
func instant(date, offset any) time.Time {
	text, _ := date.(string)
	zone, _ := offset.(string)
	at, err := time.Parse("2006:01:02 15:04:05-07:00", text+zone)
	if err != nil {
		at, err = time.ParseInLocation("2006:01:02 15:04:05", text, hub.Local())
	}
	if err != nil || at.Year() < 1990 {
		return time.Time{}
	}
	return at.UTC()
}
