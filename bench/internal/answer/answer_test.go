package answer

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/payload"
)

func TestHandlers(t *testing.T) {
	tests := []struct {
		kind, request string
		status        int
		body          string
	}{
		{"hello", hello.Request, 200, hello.Body},
		{"post", payload.Post(), 200, hello.Body},
		{"post", hello.Request, 400, ""},
		{"download", hello.Request, 200, payload.Download()},
	}
	for _, tt := range tests {
		h, err := Of(tt.kind)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(tt.request)))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != tt.status || w.Body.String() != tt.body {
			t.Errorf("%s: status %d and %d bytes, want %d and %d", tt.kind, w.Code, w.Body.Len(), tt.status, len(tt.body))
		}
	}
	if _, err := Of("upload"); err == nil {
		t.Error("no error for an unknown kind")
	}
}
