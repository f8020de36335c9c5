package screenshots

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

func FuzzDimensions(f *testing.F) {
	var p, j bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 7, 5))
	if err := errors.Join(png.Encode(&p, img), jpeg.Encode(&j, img, nil)); err != nil {
		f.Fatal(err)
	}
	f.Add(p.Bytes(), true)
	f.Add(j.Bytes(), false)
	f.Add([]byte("\x89PNG\r\n\x1a\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, isPNG bool) {
		media := "image/jpeg"
		if isPNG {
			media = "image/png"
		}
		width, height, err := dimensions(data, media)
		if err == nil && (width < 1 || height < 1 || width > MaxPixels/height) {
			t.Fatalf("%d × %d pixels are taken", width, height)
		}
		if err != nil && (width != 0 || height != 0) {
			t.Fatalf("%d × %d pixels beside the error %v", width, height, err)
		}
	})
}

func TestExplain(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EACCES} {
		err := explain(&os.PathError{Op: "write", Path: "x", Err: cause})
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), "agent.yaml") {
			t.Errorf("%v becomes %v", cause, err)
		}
	}
	if err := explain(fs.ErrNotExist); !errors.Is(err, fs.ErrNotExist) || err.Error() != fs.ErrNotExist.Error() {
		t.Errorf("another error becomes %v", err)
	}
}
