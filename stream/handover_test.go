package stream_test

import (
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/zonda-go/zonda/stream"
)

// TestInherit: both forms of the environment, and what is none.
func TestInherit(t *testing.T) {
	me, other := fmt.Sprint(os.Getpid()), fmt.Sprint(os.Getpid()+1)
	type env map[string]string
	for name, tt := range map[string]struct {
		env  env
		want []stream.InheritedSocket
		bad  bool
	}{
		"nothing":         {},
		"ours":            {env: env{"ZONDA_LISTEN_FDS": "2"}, want: []stream.InheritedSocket{{FD: 3}, {FD: 4}}},
		"systemd":         {env: env{"LISTEN_FDS": "1", "LISTEN_PID": me}, want: []stream.InheritedSocket{{FD: 3}}},
		"names":           {env: env{"LISTEN_FDS": "2", "LISTEN_PID": me, "LISTEN_FDNAMES": "a:b"}, want: []stream.InheritedSocket{{3, "a"}, {4, "b"}}},
		"too few names":   {env: env{"LISTEN_FDS": "2", "LISTEN_PID": me, "LISTEN_FDNAMES": "a"}, want: []stream.InheritedSocket{{3, "a"}, {4, ""}}},
		"another process": {env: env{"LISTEN_FDS": "1", "LISTEN_PID": other}},
		"no process":      {env: env{"LISTEN_FDS": "1"}},
		"no number":       {env: env{"ZONDA_LISTEN_FDS": "x"}, bad: true},
		"below zero":      {env: env{"LISTEN_FDS": "-1", "LISTEN_PID": me}, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			in, err := stream.Inherit()
			if (err != nil) != tt.bad {
				t.Fatal(err)
			}
			if err == nil && !reflect.DeepEqual(in.Sockets, tt.want) {
				t.Error(in.Sockets)
			}
			for k := range tt.env {
				if _, ok := os.LookupEnv(k); ok {
					t.Error(k, "is left for the next")
				}
			}
		})
	}
}
