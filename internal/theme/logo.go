package theme

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/draw"

	"cairn/internal/fault"
)

// A logo is at most so large, in pixels, and its file in bytes.
const (
	LogoWidth, LogoHeight = 480, 96
	MostLogo              = 1 << 20
	mostLogoPixels        = 8_000_000
	mostScans             = 10 // of a JPEG that is drawn over and over
)

// Logo makes of a picture (PNG or JPEG, up to 1 MB) a PNG of at most LogoWidth × LogoHeight, of its pixels alone. Invalid (field
// "logo") for what is no such picture.
func Logo(content []byte) ([]byte, error) {
	if len(content) > MostLogo {
		return nil, wrong("logo", "The logo is larger than 1 MB: choose a smaller one.")
	}
	var size func(io.Reader) (image.Config, error)
	var decode func(io.Reader) (image.Image, error)
	switch {
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")):
		size, decode = png.DecodeConfig, png.Decode
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")) && bytes.Count(content, []byte("\xff\xda")) <= mostScans:
		size, decode = jpeg.DecodeConfig, jpeg.Decode
	default:
		return nil, wrong("logo", "That is neither a PNG nor a JPEG picture. An SVG could hold more than a picture: save it as PNG.")
	}
	damaged := func(err error) error {
		return &fault.Fault{Kind: fault.Invalid, Field: "logo", Message: "The picture is damaged: save it anew, or choose another one.", Cause: err}
	}
	c, err := size(bytes.NewReader(content))
	if err != nil || c.Width < 1 || c.Height < 1 {
		return nil, damaged(err)
	}
	if c.Width > mostLogoPixels/c.Height {
		return nil, wrong("logo", "The logo has %d × %d pixels: make it smaller, %d × %d are enough.", c.Width, c.Height, LogoWidth, LogoHeight)
	}
	from, err := decode(bytes.NewReader(content))
	if err != nil {
		return nil, damaged(err)
	}
	shrink := max(float64(c.Width)/LogoWidth, float64(c.Height)/LogoHeight, 1)
	to := image.NewNRGBA(image.Rect(0, 0, max(1, int(math.Round(float64(c.Width)/shrink))), max(1, int(math.Round(float64(c.Height)/shrink)))))
	draw.CatmullRom.Scale(to, to.Bounds(), from, from.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if err := png.Encode(&out, to); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
