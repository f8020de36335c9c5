package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file that the pages use.
type asset struct {
	url   string // holds a sum of the content, so that a browser may keep it for ever
	media string
	data  []byte
}

func readAssets() map[string]asset {
	all := map[string]asset{}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, e := range entries {
		data, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(data)
		all[e.Name()] = asset{
			url: "/assets/" + hex.EncodeToString(sum[:4]) + "/" + e.Name(), media: mime.TypeByExtension(path.Ext(e.Name())), data: data,
		}
	}
	return all
}

// kept lets the browser keep what never changes under its address; nobody on the way may.
const kept = "private, max-age=31536000, immutable"

func (s *site) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.PathValue("name")]
	if !ok || a.url != r.URL.Path {
		s.nothing(w, r)
		return
	}
	w.Header().Set("Cache-Control", kept)
	w.Header().Set("Content-Type", a.media)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
}

// artifact serves what a run left. Only a picture is shown: anything else came from a site, could be a page with scripts,
// and must not run as if it were ours.
func (s *site) artifact(w http.ResponseWriter, r *http.Request) {
	sha := r.PathValue("sha")
	f, err := s.open(sha)
	if err != nil {
		s.fail(w, r, err, "This artifact is not there", "Pictures are removed when they are old, or when they take too much room.")
		return
	}
	defer f.Close()
	media, err := sniff(f)
	if err != nil {
		s.fail(w, r, fmt.Errorf("read the artifact %s: %w", sha, err), "", "")
		return
	}
	h := w.Header()
	h.Set("Cache-Control", kept)
	h.Set("ETag", `"`+sha+`"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("Content-Type", media)
	ending, picture := strings.CutPrefix(media, "image/")
	if picture {
		h.Set("Content-Disposition", fmt.Sprintf(`inline; filename="%s.%s"`, sha[:12], ending))
	} else {
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.bin"`, sha[:12]))
	}
	http.ServeContent(w, r, "", time.Time{}, f)
}

func (s *site) open(sha string) (io.ReadSeekCloser, error) {
	if sum, err := hex.DecodeString(sha); err != nil || len(sum) != sha256.Size || sha != strings.ToLower(sha) {
		return nil, notFound("no SHA-256 sum")
	}
	return s.Source.Artifact(sha)
}

// sniff gives the media type of a picture by its content; of what is none, the one of mere bytes.
func sniff(f io.ReadSeeker) (string, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	switch media := http.DetectContentType(head[:n]); media {
	case "image/png", "image/jpeg", "image/webp":
		return media, nil
	default:
		return "application/octet-stream", nil
	}
}
