package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestFileMap holds that the file map names only what is there, and every top-level folder of Go code.
func TestFileMap(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(content), "## File map")
	if !found {
		t.Fatal("architecture.md has no file map")
	}
	table, _, _ = strings.Cut(table, "\n## ")

	named := map[string]bool{}
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) < 3 {
			continue
		}
		var folder string
		for _, match := range regexp.MustCompile("`([^` ]+)`").FindAllStringSubmatch(cells[1], -1) {
			if folder == "" {
				folder = match[1]
			}
			named[strings.Trim(match[1], "/")] = true
			if _, err := os.Stat("../" + match[1]); err != nil {
				t.Errorf("the file map names %s: %v", match[1], err)
			}
		}
		for _, file := range regexp.MustCompile(`[a-z_]+\.(go|sh)|src/`).FindAllString(cells[3], -1) {
			if _, err := os.Stat("../" + folder + file); err != nil {
				t.Errorf("the file map names %s in %s: %v", file, folder, err)
			}
		}
	}

	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		sources, _ := os.ReadDir("../" + entry.Name())
		for _, source := range sources {
			if entry.Name() != "docs" && strings.HasSuffix(source.Name(), ".go") && !named[entry.Name()] {
				t.Errorf("the file map does not name %s", entry.Name())
				break
			}
		}
	}
}
