package player

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

const (
	pictureSide = 256
	mostFile    = 5 << 20
	mostPixels  = 40_000_000
	mostDrawn   = 10 * mostPixels // a progressive JPEG is drawn over and over: ten times is what cameras and programs do
)

// Picture returns a player's picture (PNG, square, at most 256 × 256), NotFound for none.
func (p *Players) Picture(ctx context.Context, account string) (content []byte, err error) {
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT content FROM player_picture WHERE player_id = $1`, account).Scan(&content)
	})
	if fault.Of(err) == fault.NotFound {
		return nil, fault.New(fault.NotFound, "There is no such picture.")
	}
	return content, err
}

// PutPicture decodes a picture (PNG or JPEG, up to 5 MB), cuts it square, makes it small, drops what cameras write into it,
// and keeps it as the actor's. nil removes the one there is. Invalid (field "picture") for what is no such picture.
func (p *Players) PutPicture(ctx context.Context, a identity.Actor, file io.Reader) error {
	if err := may(a, identity.WriteOwn); err != nil {
		return err
	}
	if file == nil {
		return p.change(ctx, a, func(tx *db.Tx) error {
			if _, err := tx.Exec(`DELETE FROM player_picture WHERE player_id = $1`, a.Account); err != nil {
				return err
			}
			return p.note(tx, a, "picture.remove", nil)
		})
	}
	content, err := io.ReadAll(io.LimitReader(file, mostFile+1))
	if err != nil {
		return fmt.Errorf("reading a picture: %w", err)
	}
	if len(content) > mostFile {
		return fault.Wrong("picture", "The picture is larger than %d MB: choose a smaller one.", mostFile>>20)
	}
	p.decoding.Lock()
	small, err := portrait(content)
	p.decoding.Unlock()
	if err != nil {
		return err
	}
	return p.change(ctx, a, func(tx *db.Tx) error {
		if _, err := tx.Exec(`INSERT INTO player_picture (player_id, content, changed_at) VALUES ($1, $2, $3)
			ON CONFLICT (player_id) DO UPDATE SET content = excluded.content, changed_at = excluded.changed_at`, a.Account, small, p.now().UnixMicro()); err != nil {
			return err
		}
		return p.note(tx, a, "picture.put", nil)
	})
}

// portrait makes a small square PNG of the middle of a picture.
func portrait(content []byte) ([]byte, error) {
	var size func(io.Reader) (image.Config, error)
	var decode func(io.Reader) (image.Image, error)
	turn, passes := upright, 1
	switch {
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")):
		size, decode = png.DecodeConfig, png.Decode
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		size, decode, turn = jpeg.DecodeConfig, jpeg.Decode, orientation(content)
		passes = bytes.Count(content, []byte("\xff\xda"))
	default:
		return nil, fault.Wrong("picture", "That is neither a PNG nor a JPEG picture.")
	}
	damaged := func(err error) error {
		f := fault.Wrap(fault.Invalid, err, "The picture is damaged: save it anew, or choose another one.")
		f.Field = "picture"
		return f
	}
	// A small file may say that it is enormous, so its size is asked before it is unpacked.
	config, err := size(bytes.NewReader(content))
	if err != nil {
		return nil, damaged(err)
	}
	pixels := int64(config.Width) * int64(config.Height)
	if config.ColorModel == color.NRGBA64Model || config.ColorModel == color.RGBA64Model || config.ColorModel == color.Gray16Model {
		pixels *= 2 // twice as deep
	}
	if config.Width < 1 || config.Height < 1 || pixels > mostPixels {
		return nil, fault.Wrong("picture", "The picture has %d × %d pixels, which is too many: choose a smaller one.", config.Width, config.Height)
	}
	if int64(passes)*pixels > mostDrawn {
		return nil, fault.Wrong("picture", "The picture is drawn in too many passes: save it as a plain JPEG.")
	}
	picture, err := decode(bytes.NewReader(content))
	if err != nil {
		return nil, damaged(err)
	}
	var small bytes.Buffer
	if err := png.Encode(&small, turn.apply(shrink(picture))); err != nil {
		return nil, fmt.Errorf("writing a picture: %w", err)
	}
	return small.Bytes(), nil
}

// shrink makes the square in the middle of a picture at most pictureSide wide; each pixel is the mean of those it stands for.
func shrink(from image.Image) *image.RGBA {
	bounds := from.Bounds()
	side := min(bounds.Dx(), bounds.Dy())
	corner := image.Pt(bounds.Min.X+(bounds.Dx()-side)/2, bounds.Min.Y+(bounds.Dy()-side)/2)
	out := min(side, pictureSide)
	small := image.NewRGBA(image.Rect(0, 0, out, out))
	strip := image.NewRGBA(image.Rect(0, 0, side, side/out+1))
	for y := range out {
		top, bottom := y*side/out, (y+1)*side/out
		draw.Draw(strip, image.Rect(0, 0, side, bottom-top), from, corner.Add(image.Pt(0, top)), draw.Src)
		for x := range out {
			left, right := x*side/out, (x+1)*side/out
			var sum [4]int
			for row := range bottom - top {
				at := strip.PixOffset(left, row)
				for i := range (right - left) * 4 {
					sum[i%4] += int(strip.Pix[at+i])
				}
			}
			n := (right - left) * (bottom - top)
			for i := range sum {
				small.Pix[small.PixOffset(x, y)+i] = uint8((sum[i] + n/2) / n)
			}
		}
	}
	return small
}

// turn is how a picture must be turned to be looked at: the orientation 1 to 8 that cameras note.
type turn int

const upright turn = 1

// apply turns a square picture.
func (t turn) apply(from *image.RGBA) *image.RGBA {
	if t <= upright || t > 8 {
		return from
	}
	last := from.Bounds().Dx() - 1
	to := image.NewRGBA(from.Bounds())
	for y := range last + 1 {
		for x := range last + 1 {
			// Where in the file stands what is seen at (x, y)?
			fx, fy := x, y
			switch t {
			case 2:
				fx = last - x
			case 3:
				fx, fy = last-x, last-y
			case 4:
				fy = last - y
			case 5:
				fx, fy = y, x
			case 6:
				fx, fy = y, last-x
			case 7:
				fx, fy = last-y, last-x
			case 8:
				fx, fy = last-y, x
			}
			to.SetRGBA(x, y, from.RGBAAt(fx, fy))
		}
	}
	return to
}

// orientation finds how a JPEG is to be turned; upright where it does not say so.
func orientation(content []byte) turn {
	const exif = "Exif\x00\x00"
	for rest := content[2:]; len(rest) > 4 && rest[0] == 0xff && rest[1] != 0xda; {
		length := int(binary.BigEndian.Uint16(rest[2:]))
		if length < 2 || len(rest) < 2+length {
			return upright
		}
		segment := rest[4 : 2+length]
		if rest[1] == 0xe1 && bytes.HasPrefix(segment, []byte(exif)) {
			return turnIn(segment[len(exif):])
		}
		rest = rest[2+length:]
	}
	return upright
}

// turnIn reads the orientation from the first directory of a TIFF block.
func turnIn(block []byte) turn {
	if len(block) < 8 {
		return upright
	}
	var order binary.ByteOrder
	switch string(block[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	at := uint64(order.Uint32(block[4:]))
	if at+2 > uint64(len(block)) {
		return upright
	}
	const orientationTag, size = 0x0112, 12
	n := int(order.Uint16(block[at:]))
	for rest := block[at+2:]; n > 0 && len(rest) >= size; n, rest = n-1, rest[size:] {
		if order.Uint16(rest) == orientationTag {
			if t := turn(order.Uint16(rest[8:])); t >= 1 && t <= 8 {
				return t
			}
			return upright
		}
	}
	return upright
}
