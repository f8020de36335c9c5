package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// library is one npm package of which a part is kept in lib.
type library struct {
	name, version, entry string
	sha512               string // of the package's archive, hexadecimal
	keep                 func(path string) bool
}

func libraries() []library {
	return []library{{
		name: "dom-accessibility-api", version: "0.7.0", entry: "index.mjs",
		sha512: "2e38dd16677d0084c07addc7cba63aaf007b4aad7ec79362c1b3a99e42c70b56c25c9a892a257d0f2a694925a86ee48abe3297b7d1b6bb7856e34d8c3edea6fa",
		keep:   func(path string) bool { return strings.HasSuffix(path, ".mjs") || strings.HasPrefix(path, "LICENSE") },
	}}
}

const maxArchive = 16 << 20

// fetch replaces lib/name by what the registry's archive holds.
func (l library) fetch(registry, lib string) error {
	url := fmt.Sprintf("%s/%s/-/%s-%s.tgz", strings.TrimSuffix(registry, "/"), l.name, l.name, l.version)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("fetching %s: %w", l.name, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("fetching %s: %w", l.name, err)
	}
	defer response.Body.Close()
	archive, err := io.ReadAll(io.LimitReader(response.Body, maxArchive))
	if err != nil {
		return fmt.Errorf("fetching %s: %w", l.name, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("fetching %s: %s", url, response.Status)
	}
	if sum := sha512.Sum512(archive); hex.EncodeToString(sum[:]) != l.sha512 {
		return fmt.Errorf("%s is not %s %s: its checksum is %x", url, l.name, l.version, sum)
	}
	return l.unpack(archive, filepath.Join(lib, l.name))
}

func (l library) unpack(archive []byte, dir string) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", l.name, err)
	}
	files := tar.NewReader(io.LimitReader(unzipped, maxArchive))
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpacking %s: %w", l.name, err)
		}
		path := strings.TrimPrefix(strings.TrimPrefix(header.Name, "package/"), "dist/")
		if header.Typeflag != tar.TypeReg || !l.keep(path) || !filepath.IsLocal(path) {
			continue
		}
		if err := save(filepath.Join(dir, path), files); err != nil {
			return err
		}
	}
}

func save(path string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	data, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
