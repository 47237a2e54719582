package player

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"cairn/internal/fault"
)

// Whatever somebody uploads: it is refused as Invalid, or becomes a square PNG of at most 256 × 256.
func FuzzPortrait(f *testing.F) {
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 3, 5))); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(file.Bytes()))
	file.Reset()
	if err := jpeg.Encode(&file, image.NewGray(image.Rect(0, 0, 9, 2)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(file.Bytes()))
	exif := []byte("\xff\xe1\x00\x20Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00")
	f.Add(append(append(bytes.Clone(file.Bytes()[:2]), exif...), file.Bytes()[2:]...))
	f.Add([]byte("\xff\xd8\xff\xe1\xff\xff"))
	f.Fuzz(func(t *testing.T, content []byte) {
		small, err := portrait(content)
		if err != nil {
			if fault.Of(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		config, err := png.DecodeConfig(bytes.NewReader(small))
		if err != nil || config.Width != config.Height || config.Width < 1 || config.Width > pictureSide {
			t.Fatalf("%+v, %v", config, err)
		}
	})
}
