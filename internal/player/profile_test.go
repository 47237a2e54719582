package player_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/player"
)

func TestProfile_IsWhatItsOwnerWrote(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.signIn(t, "ann@example.org"), w.signIn(t, "bob@example.org")
		written := player.Profile{Name: "  Ann \t B ", Bio: "One.\r\nTwo. 日本 ", Zone: "Europe/Berlin", Links: []player.Link{
			{Text: "Blog", Address: " https://example.org/~ann?a=b#c "}, {Address: "https://code.example.org:8443/ann"},
		}}
		if err := w.players.Write(ctx, ann, written); err != nil {
			t.Fatal(err)
		}
		got, err := w.players.Profile(ctx, ann.Account)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "profile", got, player.Profile{Player: ann.Account, Name: "Ann B", Bio: "One.\nTwo. 日本", Zone: "Europe/Berlin", Links: []player.Link{
			{Text: "Blog", Address: "https://example.org/~ann?a=b#c"}, {Text: "code.example.org", Address: "https://code.example.org:8443/ann"},
		}})
		got, err = w.players.Profile(ctx, bob.Account)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "a profile that nobody wrote", got, player.Profile{Player: bob.Account})
		if err := w.players.Write(ctx, ann, player.Profile{}); err != nil {
			t.Fatal(err)
		}
		got, err = w.players.Profile(ctx, ann.Account)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "an emptied one", got, player.Profile{Player: ann.Account})
	})
}

func TestProfile_RefusesWhatMayHarm(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	ann := w.signIn(t, "ann@example.org")
	link := func(address string) player.Profile { return player.Profile{Links: []player.Link{{Address: address}}} }
	for _, test := range []struct {
		profile     player.Profile
		field, says string
	}{
		{player.Profile{Name: strings.Repeat("n", 101)}, "name", "at most 100"},
		{player.Profile{Name: "Ann\x00"}, "name", "control character"},
		{player.Profile{Name: "Ann \u202e nnA"}, "name", "control character"},
		{player.Profile{Name: "Ann\xff"}, "name", "UTF-8"},
		{player.Profile{Bio: strings.Repeat("b", 2001)}, "bio", "at most 2000"},
		{player.Profile{Zone: "Mars/Phobos"}, "zone", "time zone"},
		{player.Profile{Zone: "Local"}, "zone", "time zone"},
		{player.Profile{Zone: "../../etc/passwd"}, "zone", "time zone"},
		{link("http://example.org"), "links", "https://"},
		{link("javascript:alert(1)"), "links", "https://"},
		{link("https://"), "links", "https://"},
		{link("https://ann:secret@example.org"), "links", "https://"},
		{link("https://example.org/a b"), "links", "https://"},
		{link("https://example.org/" + strings.Repeat("a", 500)), "links", "at most 500"},
		{player.Profile{Links: make([]player.Link, 11)}, "links", "at most 10"},
	} {
		refused(t, w.players.Write(ctx, ann, test.profile), fault.Invalid, test.field, test.says)
	}
	refused(t, w.players.Write(ctx, identity.Actor{}, player.Profile{}), fault.Unauthenticated, "", "Sign in")
	reading := identity.Actor{Account: ann.Account, Scopes: []identity.Scope{identity.ReadOwn}}
	refused(t, w.players.Write(ctx, reading, player.Profile{}), fault.Forbidden, "", "own:write")
}

// quarters paints a picture whose four quarters have colours of their own: red, green; blue, white.
func quarters(width, height int) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{255, 0, 0, 255}
			switch {
			case x >= width/2 && y < height/2:
				c = color.RGBA{0, 255, 0, 255}
			case x < width/2 && y >= height/2:
				c = color.RGBA{0, 0, 255, 255}
			case x >= width/2:
				c = color.RGBA{255, 255, 255, 255}
			}
			picture.SetRGBA(x, y, c)
		}
	}
	return picture
}

// colours names the quarters of a picture, row by row: r, g, b, w.
func colours(t *testing.T, content []byte) (named string, side image.Point) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	size := picture.Bounds().Size()
	for _, at := range []image.Point{{size.X / 4, size.Y / 4}, {3 * size.X / 4, size.Y / 4}, {size.X / 4, 3 * size.Y / 4}, {3 * size.X / 4, 3 * size.Y / 4}} {
		r, g, b, _ := picture.At(at.X, at.Y).RGBA()
		name := "?"
		for want, c := range map[string][3]bool{"r": {true, false, false}, "g": {false, true, false}, "b": {false, false, true}, "w": {true, true, true}} {
			if c == [3]bool{r > 0xc000, g > 0xc000, b > 0xc000} {
				name = want
			}
		}
		named += name
	}
	return named, size
}

func pngOf(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func jpegOf(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, picture, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// jpegTurned is a JPEG that says how it is to be turned, as cameras do, with a place on earth beside it.
func jpegTurned(t *testing.T, picture image.Image, turn uint16, order binary.AppendByteOrder) []byte {
	t.Helper()
	plain := jpegOf(t, picture)
	tiff := []byte("MM\x00*")
	if order == binary.LittleEndian {
		tiff = []byte("II*\x00")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	entry := func(tag, kind uint16, value uint16) {
		tiff = order.AppendUint16(order.AppendUint16(tiff, tag), kind)
		tiff = order.AppendUint16(order.AppendUint32(tiff, 1), value)
		tiff = order.AppendUint16(tiff, 0)
	}
	entry(0x010f, 2, 'x') // who made the camera
	entry(0x0112, 3, turn)
	segment := append([]byte("Exif\x00\x00"), append(tiff, "N 52.5163 E 13.3777"...)...)
	out := bytes.Clone(plain[:2])
	out = binary.BigEndian.AppendUint16(append(out, 0xff, 0xe1), uint16(len(segment)+2))
	return append(append(out, segment...), plain[2:]...)
}

func TestPicture_IsSquareSmallAndTheRightWayUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.signIn(t, "ann@example.org")
		put := func(file []byte) (string, image.Point) {
			t.Helper()
			if err := w.players.PutPicture(ctx, ann, bytes.NewReader(file)); err != nil {
				t.Fatal(err)
			}
			content, err := w.players.Picture(ctx, ann.Account)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(content, []byte("52.5163")) {
				t.Error("the place where it was taken is still in it")
			}
			return colours(t, content)
		}
		for _, size := range []image.Point{{1000, 1000}, {256, 256}, {257, 300}, {800, 400}, {300, 900}} {
			if named, side := put(pngOf(t, quarters(size.X, size.Y))); named != "rgbw" || side != image.Pt(256, 256) {
				t.Errorf("%v became %s at %v", size, named, side)
			}
		}
		if named, side := put(pngOf(t, quarters(40, 60))); named != "rgbw" || side != image.Pt(40, 40) {
			t.Errorf("a small one became %s at %v", named, side)
		}
		// As the eight orientations are defined: what the first row and the first column of the file are to the eye.
		for turn, want := range map[uint16]string{0: "rgbw", 1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb", 9: "rgbw"} {
			for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
				if named, _ := put(jpegTurned(t, quarters(500, 500), turn, order)); named != want {
					t.Errorf("orientation %d (%s) became %s, want %s", turn, order, named, want)
				}
			}
		}
		p, err := w.players.Profile(ctx, ann.Account)
		if err != nil || !p.Picture {
			t.Errorf("the profile says picture: %v, %v", p.Picture, err)
		}
		if err := w.players.PutPicture(ctx, ann, nil); err != nil {
			t.Fatal(err)
		}
		_, err = w.players.Picture(ctx, ann.Account)
		refused(t, err, fault.NotFound, "", "picture")
	})
}

// A quarter of each colour in every pixel: the mean of all of them, seen through where they are clear.
func TestPicture_EachPixelIsTheMeanOfThoseItStandsFor(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	ann := w.signIn(t, "ann@example.org")
	chess := image.NewNRGBA(image.Rect(0, 0, 512, 512))
	for y := range 512 {
		for x := range 512 {
			if (x+y)%2 == 0 {
				chess.SetNRGBA(x, y, color.NRGBA{200, 100, 0, 255})
			}
		}
	}
	if err := w.players.PutPicture(ctx, ann, bytes.NewReader(pngOf(t, chess))); err != nil {
		t.Fatal(err)
	}
	content, err := w.players.Picture(ctx, ann.Account)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	got := color.NRGBAModel.Convert(picture.At(100, 100)).(color.NRGBA)
	near := cmp.Comparer(func(a, b uint8) bool { return max(a, b)-min(a, b) <= 1 })
	equal(t, "half clear", got, color.NRGBA{200, 100, 0, 128}, near)
}

func TestPicture_RefusesWhatIsNone(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	ann := w.signIn(t, "ann@example.org")
	good := pngOf(t, quarters(300, 300))
	vast := bytes.Clone(good) // says that it has 30,000 × 30,000 pixels
	binary.BigEndian.PutUint32(vast[16:], 30_000)
	binary.BigEndian.PutUint32(vast[20:], 30_000)
	binary.BigEndian.PutUint32(vast[29:], crcOf(vast[12:29]))
	for name, test := range map[string]struct {
		file []byte
		says string
	}{
		"empty":       {nil, "neither a PNG nor a JPEG"},
		"a GIF":       {[]byte("GIF89a"), "neither a PNG nor a JPEG"},
		"an SVG":      {[]byte("<svg/>"), "neither a PNG nor a JPEG"},
		"cut short":   {good[:len(good)/2], "damaged"},
		"only a head": {[]byte("\xff\xd8\xff\xe1"), "damaged"},
		"vast":        {vast, "30000 × 30000 pixels"},
		"many passes": {append(jpegOf(t, quarters(3000, 3000)), bytes.Repeat([]byte("\xff\xda"), 50)...), "too many passes"},
		"large":       {append(bytes.Clone(good), make([]byte, 5<<20)...), "larger than 5 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, w.players.PutPicture(ctx, ann, bytes.NewReader(test.file)), fault.Invalid, "picture", test.says)
		})
	}
	refused(t, w.players.PutPicture(ctx, identity.Actor{}, bytes.NewReader(good)), fault.Unauthenticated, "", "Sign in")
	broken := fmt.Errorf("the line broke")
	if err := w.players.PutPicture(ctx, ann, io.MultiReader(bytes.NewReader(good), failing{broken})); fault.Of(err) != fault.Internal {
		t.Errorf("a picture that did not arrive whole: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
