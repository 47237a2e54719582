package theme

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"cairn/internal/fault"
)

func picture(t testing.TB, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewNRGBA(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestLogo_IsMadeSmallAndOfPixelsAlone(t *testing.T) {
	for _, c := range []struct{ width, height, wantWidth, wantHeight int }{{960, 96, 480, 48}, {100, 400, 24, 96}, {64, 32, 64, 32}, {4000, 1, 480, 1}} {
		small, err := Logo(picture(t, c.width, c.height))
		if err != nil {
			t.Fatal(err)
		}
		made, err := png.DecodeConfig(bytes.NewReader(small))
		if err != nil || made.Width != c.wantWidth || made.Height != c.wantHeight {
			t.Errorf("%d × %d became %+v, %v", c.width, c.height, made, err)
		}
	}
	for what, content := range map[string][]byte{
		"nothing": nil, "an SVG": []byte(`<svg onload="alert(1)"/>`), "half a PNG": picture(t, 64, 64)[:40], "too many pixels": picture(t, 9000, 1000), "too many bytes": make([]byte, MostLogo+1),
	} {
		if _, err := Logo(content); fault.Of(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzLogo(f *testing.F) {
	f.Add(picture(f, 3, 2))
	f.Fuzz(func(t *testing.T, content []byte) {
		if small, err := Logo(content); err != nil && fault.Of(err) != fault.Invalid || err == nil && len(small) == 0 {
			t.Fatal(len(small), err)
		}
	})
}
