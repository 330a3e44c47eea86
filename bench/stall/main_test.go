package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/bench/internal/hello"
)

func TestStall(t *testing.T) {
	s := newStall()
	srv := httptest.NewServer(s)
	defer srv.Close()
	answers := make(chan string)
	for range 3 {
		go func() {
			res, err := http.Get(srv.URL)
			if err != nil {
				answers <- err.Error()
				return
			}
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			answers <- string(body)
		}()
	}
	var out strings.Builder
	if err := s.obey(strings.NewReader("2\n3\n"), &out); err != nil || out.String() != "2\n3\n" {
		t.Errorf("answered %q, %v", out.String(), err)
	}
	select {
	case answer := <-answers:
		t.Errorf("answered %q before it was told to", answer)
	default:
	}
	if err := s.obey(strings.NewReader("release\n"), &out); err != nil {
		t.Error(err)
	}
	for range 3 {
		if answer := <-answers; answer != hello.Body {
			t.Errorf("answered %q", answer)
		}
	}
	if err := s.obey(strings.NewReader("what\n"), &out); err == nil {
		t.Error("no error for nonsense")
	}
}
