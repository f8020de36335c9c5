package screenshots

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
)

// MaxPixels is the size of the largest picture that is kept: decoded, it takes four bytes a pixel.
const MaxPixels = 100_000_000

// dimensions reads a picture's width and height from its header, without decoding it. They are zero for what is no PNG or
// JPEG by its media type.
func dimensions(data []byte, media string) (width, height int, err error) {
	var config image.Config
	switch media {
	case "image/png":
		config, err = png.DecodeConfig(bytes.NewReader(data))
	case "image/jpeg":
		config, err = jpeg.DecodeConfig(bytes.NewReader(data))
	default:
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the picture's size: %w", err)
	}
	if config.Width < 1 || config.Height < 1 {
		return 0, 0, fmt.Errorf("a picture of %d × %d pixels", config.Width, config.Height)
	}
	if config.Height > MaxPixels/config.Width {
		return 0, 0, fmt.Errorf("a picture of %d × %d pixels is more than %d megapixels", config.Width, config.Height, MaxPixels/1_000_000)
	}
	return config.Width, config.Height, nil
}
