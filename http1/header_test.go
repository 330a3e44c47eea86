package http1_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/zonda-go/zonda/http1"
)

func TestHeader(t *testing.T) {
	var h http1.Header
	if h.Len() != 0 || h.Has("a") || h.Get("a") != "" || h.Values("a") != nil {
		t.Error("the zero Header is not empty")
	}
	h.Del("a")
	h.Add("A", "1")
	h.Add("b", "2")
	h.Add("a", "3")
	h.Add("C", "4")
	check := func(want string) {
		t.Helper()
		got := ""
		for name, value := range h.All() {
			got += fmt.Sprint(name, "=", value, " ")
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check("A=1 b=2 a=3 C=4 ")
	if h.Get("a") != "1" || h.Get("B") != "2" || !h.Has("c") || h.Has("d") || !slices.Equal(h.Values("a"), []string{"1", "3"}) {
		t.Error(h)
	}
	for range h.All() {
		break
	}
	h.Set("a", "5")
	check("A=5 b=2 C=4 ")
	h.Set("d", "6")
	check("A=5 b=2 C=4 d=6 ")
	h.Del("B")
	check("A=5 C=4 d=6 ")
	if h.Len() != 3 {
		t.Error(h.Len())
	}
}

func TestHTTPError(t *testing.T) {
	cause := fmt.Errorf("why")
	for err, want := range map[*http1.HTTPError]string{
		{Status: 404}:             "http1: 404 Not Found",
		{Status: 500, Err: cause}: "http1: 500 Internal Server Error: why",
	} {
		if err.Error() != want || err.Unwrap() != err.Err {
			t.Error(err)
		}
	}
}
