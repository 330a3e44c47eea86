package zonda_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

const apiFile = "api.txt"

var updateAPI = flag.Bool("update-api", false, "rewrite "+apiFile+" from the code")

// TestAPI compares the exported names of the public packages with api.txt, so
// that a change of the API is seen in review.
func TestAPI(t *testing.T) {
	all, err := readTree(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	got := exported(all)
	if *updateAPI {
		if err := os.WriteFile(apiFile, []byte(joinLines(got)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(apiFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := diffLines(strings.Split(strings.TrimSpace(string(want)), "\n"), got); diff != "" {
		t.Errorf("the exported names are not those in %s (-) but these (+):\n%s"+
			"If this is meant: go test -run TestAPI -update-api . and say in CHANGES.md how to move.", apiFile, diff)
	}
}

// diffLines lists the lines only in want with a minus and those only in got with
// a plus, in order; "" if there are none.
func diffLines(want, got []string) string {
	var diff []string
	for _, line := range want {
		if line != "" && !slices.Contains(got, line) {
			diff = append(diff, line+"\x00-")
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			diff = append(diff, line+"\x00+")
		}
	}
	slices.Sort(diff)
	for i, line := range diff {
		text, sign, _ := strings.Cut(line, "\x00")
		diff[i] = sign + " " + text
	}
	return joinLines(diff)
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestDiffLines(t *testing.T) {
	got := diffLines([]string{"a", "b", "c"}, []string{"a", "bb", "c", "d"})
	if want := "- b\n+ bb\n+ d\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := diffLines([]string{"a"}, []string{"a"}); got != "" {
		t.Errorf("got %q for equal lists", got)
	}
}
