package httpwire

import (
	"bytes"
	"reflect"
	"testing"
)

// decoded are bodies and what is in them; "|" stands for CR LF.
var decoded = []struct{ body, story string }{
	{"0||", `"" done`},
	{"5|hello|0||", `"hello" done`},
	{"5|hello|6| world|000||", `"hello world" done`},
	{"a|0123456789|0A|0123456789|0||", `"01234567890123456789" done`},
	{"2|||0||", `"\r\n" done`},
	{"5;a=b;c=\"d;e\" ; f\t|hello|0;z||", `"hello" done`},
	{"5 \t;a|hello|0 ;||", `"hello" done`},
	{"3|abc|0|Digest: x |empty:||", `"abc" [Digest=x] [empty=] done`},
	{"4000000000000000|abc", `"abc" need more`},
	{"5|hel", `"hel" need more`},
	{"5|hello", `"hello" need more`},
	{"5|hello|0|", `"hello" need more`},
	{"5|hello|0|A: b|", `"hello" [A=b] need more`},
}

func TestChunks(t *testing.T) {
	for _, c := range decoded {
		body := lines(c.body)
		for _, cuts := range [][]int{nil, everyByte(len(body))} {
			if story, n := readBody(body, cuts); story != c.story || n != len(body) {
				t.Errorf("%q\n got %s (%d of %d)\nwant %s", c.body, story, n, len(body), c.story)
			}
		}
	}
}

// TestChunksStopAtTheEnd: the next request is not consumed, and the end stays
// the end.
func TestChunksStopAtTheEnd(t *testing.T) {
	body := lines("1|x|0||")
	story, n := readBody(append(body, wrkGet...), nil)
	if story != `"x" done` || n != len(body) {
		t.Errorf("%s, %d", story, n)
	}
	c := Chunks{state: chunksDone}
	if data, n, done, err := c.Next([]byte(wrkGet)); len(data) != 0 || n != 0 || !done || err != nil {
		t.Error(data, n, done, err)
	}
}

// TestChunkDataIsNotCopied: the data is a piece of the buffer, and cannot be
// appended to over what follows it.
func TestChunkDataIsNotCopied(t *testing.T) {
	body := lines("5|hello|0||")
	var c Chunks
	data, n, _, err := c.Next(body)
	if err != nil || n != 8 || &data[0] != &body[3] || cap(data) != 5 {
		t.Errorf("%q, %d, %v, capacity %d", data, n, err, cap(data))
	}
}

// TestChunksOfAResponse: nobody answers a server.
func TestChunksOfAResponse(t *testing.T) {
	for _, c := range chunkRefusals {
		chunks := Chunks{Response: true}
		for bad := c.changed(t); ; {
			_, n, done, err := chunks.Next(bad)
			if err != nil {
				if e := asError(t, err); e.Rule != c.rule || e.Status != 502 {
					t.Errorf("%s: %v", c.rule, e)
				}
				break
			}
			if n == 0 || done {
				t.Errorf("%s: not refused", c.rule)
				break
			}
			bad = bad[n:]
		}
	}
}

func TestChunksAreSmall(t *testing.T) {
	if size := reflect.TypeFor[Chunks]().Size(); size > 40 {
		t.Errorf("%d bytes", size)
	}
}

// TestChunksRoundTrip reads what AppendChunk wrote.
func TestChunksRoundTrip(t *testing.T) {
	var body, want []byte
	for n := range 70 {
		piece := bytes.Repeat([]byte{byte(n)}, n*n)
		body = AppendChunk(body, piece)
		want = append(want, piece...)
	}
	body = AppendLastChunk(body)
	var c Chunks
	var got []byte
	for len(body) > 0 {
		data, n, done, err := c.Next(body)
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		got = append(got, data...)
		body = body[n:]
		if done != (len(body) == 0) {
			t.Fatalf("done: %v with %d bytes left", done, len(body))
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}
