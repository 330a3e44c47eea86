package main

import "regexp"

// What the programs print, with names for what differs from run to run.
const (
	want1 = `init future <Future pending> at A
init complete
ioloop callback after future done,future is <Future done: set future is done> at A
`
	want2 = `<Future pending> at A
HTTPResponse(body="a page of one's own",code=200,effective_url="URL",headers=HEADERS,reason="OK",request_time=TIME)
`
	want3 = `begin calculate:sum 2+3
<Future pending> at A

<Future pending> at B
calculating the sum of 2+3:
after yielded
the 2+3=5
after future2
`
	want4 = `begin calculate:sum 2+3
calculating the sum of 2+3:
after yielded
the 2+3=5
`
)

var (
	address = regexp.MustCompile(`0x[0-9a-f]+`)
	// What differs from run to run. A field that is missing stays as it is, and
	// fails the comparison.
	changing = []struct {
		what *regexp.Regexp
		name string
	}{
		{regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/`), "URL"},
		{regexp.MustCompile(`headers=\[Content-Type: text/plain; charset=utf-8 Date: [^\]]+ GMT Content-Length: 19\]`), "headers=HEADERS"},
		{regexp.MustCompile(`request_time=[0-9.]+(µs|ms|s)`), "request_time=TIME"},
	}
)

// plain puts names for what differs from run to run: A for the first address in the
// text, B for the second.
func plain(text string) string {
	names := map[string]string{}
	text = address.ReplaceAllStringFunc(text, func(a string) string {
		if names[a] == "" {
			names[a] = string(rune('A' + len(names)))
		}
		return names[a]
	})
	for _, c := range changing {
		text = c.what.ReplaceAllString(text, c.name)
	}
	return text
}
