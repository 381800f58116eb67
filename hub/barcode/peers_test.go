package barcode_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// peer is another reader of codes.
type peer struct {
	key, name string
	read      func(set) (*score, error)
}

func peers() []peer {
	return []peer{
		{"wasm", "npm zxing-wasm 3.1.4, try harder", wasm},
		{"zxing", "Debian's ZXingReader", program("ZXingReader", func(out string) (texts []string) {
			for text := range strings.Lines(out) {
				if value, is := strings.CutPrefix(text, "Text:"); is {
					texts = append(texts, strings.Trim(strings.TrimSpace(value), `"`))
				}
			}
			return texts
		})},
		{"zbar", "Debian's zbarimg (no Data Matrix)", program("zbarimg", strings.Fields, "--quiet", "--raw")},
	}
}

// program runs a tool once for every photo.
func program(tool string, texts func(out string) []string, flags ...string) func(set) (*score, error) {
	return func(photos set) (*score, error) {
		path, err := exec.LookPath(tool)
		if err != nil {
			return nil, err
		}
		var s score
		for _, photo := range photos.paths {
			began := time.Now()
			out, _ := exec.Command(path, append(flags, photo)...).Output() // it fails where it reads nothing
			s.add(texts(string(out)), photos.want[photo], time.Since(began).Seconds()*1000)
		}
		return &s, nil
	}
}

// wasm gives all photos to one Node process, which measures by itself.
func wasm(photos set) (*score, error) {
	home, err := filepath.Abs("../../.tools/bench/node_modules/zxing-wasm")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(home, "package.json")); err != nil {
		return nil, err
	}
	cmd := exec.Command("node", "testdata/zxing.mjs", home)
	cmd.Stdin = strings.NewReader(strings.Join(photos.paths, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running node: %w", err)
	}
	var s score
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var got struct {
			Name  string   `json:"name"`
			Texts []string `json:"texts"`
			MS    float64  `json:"ms"`
		}
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
			return nil, fmt.Errorf("reading node's answer: %w", err)
		}
		s.add(got.Texts, photos.want[got.Name], got.MS)
	}
	if len(s.ms) != len(photos.paths) {
		return nil, fmt.Errorf("node answered for %d photos of %d", len(s.ms), len(photos.paths))
	}
	return &s, nil
}
