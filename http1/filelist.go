package http1

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/url"
	"slices"
	"strings"
)

// maxListed bounds the list of a folder, which is made in memory.
const maxListed = 10_000

// listFolder is a page with a link to each file of an open folder.
func (f *Files) listFolder(folder fs.File) ([]byte, error) {
	dir, ok := folder.(fs.ReadDirFile)
	if !ok {
		return nil, &HTTPError{Status: 404}
	}
	entries, err := dir.ReadDir(maxListed + 1)
	if err != nil && err != io.EOF {
		return nil, openFailure(err)
	}
	more := len(entries) > maxListed
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	var page bytes.Buffer
	page.WriteString("<!doctype html>\n<meta charset=\"utf-8\">\n<pre>\n")
	for _, e := range entries[:min(len(entries), maxListed)] {
		name := e.Name()
		if !f.visible(name) {
			continue
		}
		if e.IsDir() {
			name += "/"
		}
		// As a URL the name may hold "?" or "#", and begin like a scheme.
		link := (&url.URL{Path: name}).String()
		fmt.Fprintf(&page, "<a href=\"%s\">%s</a>\n", html.EscapeString(link), html.EscapeString(name))
	}
	if more {
		page.WriteString("...\n")
	}
	page.WriteString("</pre>\n")
	return page.Bytes(), nil
}
