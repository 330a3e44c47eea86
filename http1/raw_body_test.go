package http1_test

import "strings"

func rawLength(lines, body string) string { return rawPost + lines + "||" + body }

// rawLengths: the field Content-Length.
var rawLengths = []rawCase{
	accepted("length", "9110, 8.6", rawLength("Content-Length: 5", "hello"), "POST /x a =hello"),
	accepted("length 0", "9110, 8.6", rawLength("Content-Length: 0", ""), "POST /x a"),
	accepted("no length", "9112, 6.3", rawPost+"|", "POST /x a"),
	accepted("length with zeros", "9110, 8.6", rawLength("Content-Length: 0005", "hello"), "POST /x a =hello"),
	accepted("length within blanks", "9110, 5.5", rawLength("Content-Length:\t 5 \t", "hello"), "POST /x a =hello"),
	accepted("length in lower case", "9110, 5.1", rawLength("content-length: 5", "hello"), "POST /x a =hello"),
	accepted("length with GET", "9112, 6.3", rawGet+"Content-Length: 5||hello", "GET /x a =hello"),
	accepted("equal lengths", "9110, 8.6", rawLength("Content-Length: 5|Content-Length: 5", "hello"), "POST /x a =hello"),
	accepted("equal lengths in a list", "9110, 8.6", rawLength("Content-Length: 5, 5", "hello"), "POST /x a =hello").
		differs("9110, 8.6: a value repeated MAY be taken as one; it does so for equal text in equal fields", "400 closed"),
	accepted("lengths equal as numbers", "9110, 8.6", rawLength("Content-Length: 5|Content-Length: 05", "hello"), "POST /x a =hello").
		differs("9110, 8.6: a value repeated MAY be taken as one; it does so for equal text in equal fields", "400 closed"),
	denied("two lengths", "9110, 8.6", rawLength("Content-Length: 5|Content-Length: 6", "hello!"), 400, "length-differs"),
	denied("two lengths apart", "9110, 8.6", rawLength("Content-Length: 5|B: c|content-length: 0", "hello"), 400, "length-differs"),
	denied("two lengths in a list", "9110, 8.6", rawLength("Content-Length: 5, 6", "hello!"), 400, "length-differs"),
	denied("three lengths", "9110, 8.6", rawLength("Content-Length: 5|Content-Length: 5|Content-Length: 4", "hello"), 400, "length-differs"),
	denied("length +5", "9110, 8.6", rawLength("Content-Length: +5", "hello"), 400, "length-value"), // H23
	denied("length -5", "9110, 8.6", rawLength("Content-Length: -5", "hello"), 400, "length-value"),
	denied("length -0", "9110, 8.6", rawLength("Content-Length: -0", ""), 400, "length-value"),
	denied("length 5 5", "9110, 8.6", rawLength("Content-Length: 5 5", "hello"), 400, "length-value"),
	denied("length 1_0", "9110, 8.6", rawLength("Content-Length: 1_0", "0123456789"), 400, "length-value"), // H23
	denied("length 0x5", "9110, 8.6", rawLength("Content-Length: 0x5", "hello"), 400, "length-value"),
	denied("length 5.0", "9110, 8.6", rawLength("Content-Length: 5.0", "hello"), 400, "length-value"),
	denied("length 5e0", "9110, 8.6", rawLength("Content-Length: 5e0", "hello"), 400, "length-value"),
	denied("length 5;x", "9110, 8.6", rawLength("Content-Length: 5;x", "hello"), 400, "length-value"),
	denied("length in quotes", "9110, 8.6", rawLength("Content-Length: \"5\"", "hello"), 400, "length-value"),
	denied("length foo", "9110, 8.6", rawLength("Content-Length: foo", "hello"), 400, "length-value"), // H23
	denied("length in other digits", "9110, 8.6", rawLength("Content-Length: \xd9\xa5", "hello"), 400, "length-value"),
	denied("empty length", "9110, 8.6", rawLength("Content-Length:", "hello"), 400, "length-value"),
	denied("length and a comma", "9110, 8.6", rawLength("Content-Length: 5,", "hello"), 400, "length-value"),
	denied("a comma and length", "9110, 8.6", rawLength("Content-Length: ,5", "hello"), 400, "length-value"),
	denied("length of 64 bits", "9110, 8.6", rawLength("Content-Length: 9223372036854775808", "hello"), 413, "length-overflow").
		differs("9110, 8.6: overflow is not a matter of syntax; both refuse", "400 closed"),
	denied("length that wraps to 5", "9110, 8.6", rawLength("Content-Length: 18446744073709551621", "hello"), 413, "length-overflow").
		differs("9110, 8.6: overflow is not a matter of syntax; both refuse", "400 closed"),
	denied("length of 40 digits", "9110, 8.6", rawLength("Content-Length: "+strings.Repeat("9", 40), "hello"), 413, "length-overflow").
		differs("9110, 8.6: overflow is not a matter of syntax; both refuse", "400 closed"),
	denied("a blank behind Content-Length", "9112, 5.1", rawLength("Content-Length : 5", "hello"), 400, "name-blank"),
	denied("VT before the length", "9110, 5.5", rawLength("Content-Length: \x0b5", "hello"), 400, "control"),
	denied("NUL behind the length", "9110, 5.5", rawLength("Content-Length: 5\x00", "hello"), 400, "nul"),
	other("Content_Length is another field", "9110, 8.6", rawLength("Content_Length: 5", "hello||"), "200 400 closed", "POST /x a").by("request-line"),
	other("a body that has not come", "9112, 8", rawLength("Content-Length: 5", "hell"), "waits"),
	accepted("the next request behind a body", "9112, 9.3.2", rawLength("Content-Length: 5", "hello"+rawGet+"|"), "POST /x a =hello", "GET /x a"),
	accepted("a request within a body", "9112, 11.2", rawLength("Content-Length: 30", "GET /admin HTTP/1.1|Host: a|"), `POST /x a =GET /admin HTTP/1.1\r\nHost: a\r\n`),
	other("more than the length", "9112, 6.3", rawLength("Content-Length: 4", "hello||"), "200 400 closed", "POST /x a =hell").by("request-line"),
	other("length in HTTP/1.0", "9112, 6.3", "POST /x HTTP/1.0|Content-Length: 5||hello", "200 closed", "POST /x - =hello"),
}

// rawCodings: the field Transfer-Encoding, also beside Content-Length.
var rawCodings = []rawCase{
	accepted("chunked", "9112, 6.1", rawLength("Transfer-Encoding: chunked", "5|hello|0||"), "POST /x a =hello"),     // H17
	accepted("CHUNKED", "9112, 7", rawLength("transfer-encoding: CHUNKED", "5|hello|0||"), "POST /x a =hello"),       // H18
	accepted("chunked within blanks", "9110, 5.5", rawLength("Transfer-Encoding:\t chunked ", "0||"), "POST /x a ="), //
	accepted("chunked without a blank", "9110, 5.5", rawLength("Transfer-Encoding:chunked", "0||"), "POST /x a ="),
	accepted("chunked with GET", "9112, 6.1", rawGet+"Transfer-Encoding: chunked||5|hello|0||", "GET /x a =hello"),
	accepted("TE is another field", "9110, 10.1.4", rawGet+"TE: chunked|Connection: TE||", "GET /x a"),
	denied("length, then chunked", "9112, 6.1", rawLength("Content-Length: 5|Transfer-Encoding: chunked", "0||"), 400, "coding-and-length").
		differs("9112, 6.1: MAY be rejected, and ought to be handled as an error", "200 kept", "POST /x a ="), // H22
	denied("chunked, then length", "9112, 6.1", rawLength("Transfer-Encoding: chunked|Content-Length: 5", "0||"), 400, "coding-and-length").
		differs("9112, 6.1: MAY be rejected, and ought to be handled as an error", "200 kept", "POST /x a ="),
	denied("chunked and length 0", "9112, 6.1", rawLength("Transfer-Encoding: chunked|Content-Length: 0", "5|hello|0||"), 400, "coding-and-length").
		differs("9112, 6.1: MAY be rejected, and ought to be handled as an error", "200 kept", "POST /x a =hello"),
	denied("another coding and length", "9112, 6.1", rawLength("Content-Length: 5|Transfer-Encoding: xchunked", "hello"), 400, "coding-and-length").
		differs("9112, 6.1: both refuse; here because of the length", "501 closed"),
	denied("chunked twice", "9112, 6.1", rawLength("Transfer-Encoding: chunked|Transfer-Encoding: chunked", "0||"), 400, "coding-repeated").
		differs("9112, 6.1: MUST NOT be applied twice; it knows no list of codings", "501 closed"), // H20
	denied("chunked, chunked", "9112, 6.1", rawLength("Transfer-Encoding: chunked, chunked", "0||"), 400, "coding-repeated").
		differs("9112, 6.1: MUST NOT be applied twice; it knows no list of codings", "501 closed"),
	denied("chunked, then identity apart", "9112, 6.1", rawLength("Transfer-Encoding: chunked|Transfer-Encoding: identity", "0||"), 400, "coding-repeated").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("gzip, chunked", "9112, 6.1", rawLength("Transfer-Encoding: gzip, chunked", "0||"), 501, "coding-unknown"), // H21
	denied("identity, chunked", "9112, 6.1", rawLength("Transfer-Encoding: identity, chunked", "0||"), 501, "coding-unknown"),
	denied("a comma and chunked", "9112, 6.1", rawLength("Transfer-Encoding: , chunked", "0||"), 501, "coding-unknown"),
	denied("gzip", "9112, 6.3", rawLength("Transfer-Encoding: gzip", "hello"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("identity", "9112, 6.3", rawLength("Transfer-Encoding: identity", "hello"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("chunked, gzip", "9112, 6.3", rawLength("Transfer-Encoding: chunked, gzip", "0||"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("chunked, identity", "9112, 6.3", rawLength("Transfer-Encoding: chunked, identity", "0||"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("chunked and a comma", "9112, 6.3", rawLength("Transfer-Encoding: chunked,", "0||"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("chunked and a parameter", "9112, 7", rawLength("Transfer-Encoding: chunked;q=1", "0||"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("chunked in quotes", "9112, 7", rawLength("Transfer-Encoding: \"chunked\"", "0||"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("xchunked", "9112, 7", rawLength("Transfer-Encoding: xchunked", "0||"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("chunkedx", "9112, 7", rawLength("Transfer-Encoding: chunkedx", "0||"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("chun ked", "9112, 7", rawLength("Transfer-Encoding: chun ked", "0||"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("chunked with a Kelvin sign", "9112, 7", rawLength("Transfer-Encoding: chun\u212aed", "0||"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("an empty coding", "9112, 6.3", rawLength("Transfer-Encoding:", "hello"), 400, "coding-not-final").
		differs("9112, 6.3: 400 where the length cannot be known, 501 for what could be; it has 501 for both", "501 closed"),
	denied("a blank behind Transfer-Encoding", "9112, 5.1", rawLength("Transfer-Encoding : chunked", "0||"), 400, "name-blank"),
	denied("a blank before Transfer-Encoding", "9112, 5.2", rawLength("B: c| Transfer-Encoding: chunked", "0||"), 400, "obs-fold").
		differs("9112, 5.2: a server MUST reject a fold or replace it; who does neither sees another field", "200 400 closed", "POST /x a"),
	denied("VT behind Transfer-Encoding", "9110, 5.1", rawLength("Transfer-Encoding\x0b: chunked", "0||"), 400, "control"),
	denied("VT before chunked", "9110, 5.5", rawLength("Transfer-Encoding: \x0bchunked", "0||"), 400, "control"),
	denied("NUL behind chunked", "9110, 5.5", rawLength("Transfer-Encoding: chunked\x00", "0||"), 400, "nul"),
	denied("Transfer-Encoding behind a bare LF", "9112, 2.2", rawLength("B: c\nTransfer-Encoding: chunked", "0||"), 400, "bare-lf").
		differs("9112, 2.2: to take a bare LF for a line end is a MAY; who does not sees other lines", "200 kept", "POST /x a ="),
	denied("Transfer-Encoding behind a bare CR", "9112, 2.2", rawLength("B: c\rTransfer-Encoding: chunked", "0||"), 400, "bare-cr"),
	denied("chunked in HTTP/1.0", "9112, 6.1", "POST /x HTTP/1.0|Transfer-Encoding: chunked||0||", 400, "coding-on-1.0").
		differs("9112, 6.1: MUST be treated as faulty framing; it ignores the field", "200 closed", "POST /x -"), // H36
	denied("chunked and length in HTTP/1.0", "9112, 6.1", "POST /x HTTP/1.0|Content-Length: 3|Transfer-Encoding: chunked||0||", 400, "coding-on-1.0").
		differs("9112, 6.1: MUST be treated as faulty framing; it ignores the field", "200 closed", `POST /x - =0\r\n`),
	other("Transfer_Encoding is another field", "9112, 6.1", rawLength("Transfer_Encoding: chunked", "0||"), "200 400 closed", "POST /x a").by("request-line"),
}

func rawChunk(body string) string { return rawLength("Transfer-Encoding: chunked", body) }

// rawChunks: bodies in the chunked coding.
var rawChunks = []rawCase{
	accepted("two chunks", "9112, 7.1", rawChunk("5|hello|7|, world|0||"), "POST /x a =hello, world"),
	accepted("upper and lower case sizes", "9112, 7.1", rawChunk("a|0123456789|B|0123456789a|0||"), "POST /x a =01234567890123456789a"),
	accepted("size with zeros", "9112, 7.1", rawChunk("0005|hello|000||"), "POST /x a =hello"),
	accepted("CR LF as data", "9112, 7.1", rawChunk("2|||0||"), `POST /x a =\r\n`),
	accepted("extension", "9112, 7.1.1", rawChunk("5;b=c|hello|0;d||"), "POST /x a =hello"),
	accepted("extension in quotes", "9112, 7.1.1", rawChunk("5;b=\"c;d\\\"e\"|hello|0||"), "POST /x a =hello"),
	accepted("blanks before an extension", "9112, 7.1.1", rawChunk("5 \t; b = c|hello|0||"), "POST /x a =hello").
		differs("9112, 7.1.1: BWS MUST be parsed", "400 closed"),
	accepted("the next request behind chunks", "9112, 9.3.2", rawChunk("5|hello|0||"+rawGet+"|"), "POST /x a =hello", "GET /x a"),
	denied("size +5", "9112, 7.1", rawChunk("+5|hello|0||"), 400, "chunk-size"),
	denied("size -5", "9112, 7.1", rawChunk("-5|hello|0||"), 400, "chunk-size"),
	denied("size 0x5", "9112, 7.1", rawChunk("0x5|hello|0||"), 400, "chunk-size"),
	denied("size 1_a", "9112, 7.1", rawChunk("1_a|hello|0||"), 400, "chunk-size"), // H19
	denied("a blank before the size", "9112, 7.1", rawChunk(" 5|hello|0||"), 400, "chunk-size"),
	denied("a blank behind the size", "9112, 7.1", rawChunk("5 |hello|0||"), 400, "chunk-size").
		differs("9112, 7.1: no blanks behind a size without extension; others would not trim them", "200 kept", "POST /x a =hello"),
	denied("a tab behind the last size", "9112, 7.1", rawChunk("5|hello|0\t||"), 400, "chunk-size").
		differs("9112, 7.1: no blanks behind a size without extension; others would not trim them", "200 kept", "POST /x a =hello"),
	denied("two sizes", "9112, 7.1", rawChunk("5 6|hello|0||"), 400, "chunk-size"),
	denied("size and a comma", "9112, 7.1", rawChunk("5,b|hello|0||"), 400, "chunk-size"),
	denied("size g", "9112, 7.1", rawChunk("g|hello|0||"), 400, "chunk-size"),
	denied("no size", "9112, 7.1", rawChunk("|hello|0||"), 400, "chunk-size"),
	denied("an extension without a size", "9112, 7.1", rawChunk(";b|hello|0||"), 400, "chunk-size"),
	denied("size in other digits", "9112, 7.1", rawChunk("\xd9\xa5|hello|0||"), 400, "chunk-size"),
	denied("size of 63 bits", "9112, 7.1", rawChunk("8000000000000000|hello"), 413, "chunk-overflow").
		differs("9112, 7.1: both bound it, it by 64 bits and 16 digits; then the body ends early", "waits"),
	denied("size -1 as hexadecimal", "9112, 7.1", rawChunk("FFFFFFFFFFFFFFFF|hello"), 413, "chunk-overflow").
		differs("9112, 7.1: both bound it, it by 64 bits and 16 digits; then the body ends early", "waits"),
	denied("size that wraps to 5", "9112, 7.1", rawChunk("10000000000000005|hello|0||"), 413, "chunk-overflow").
		differs("9112, 7.1: both bound it, it by 64 bits and 16 digits; then the body ends early", "400 closed"),
	denied("size of 17 digits", "9112, 7.1", rawChunk("00000000000000005|hello|0||"), 413, "chunk-overflow").
		differs("9112, 7.1: both bound it, it by 64 bits and 16 digits; then the body ends early", "400 closed"),
	denied("bare LF behind a size", "9112, 7.1", rawChunk("5\nhello|0||"), 400, "bare-lf"),
	denied("bare LF behind data", "9112, 7.1", rawChunk("5|hello\n0||"), 400, "chunk-end"),
	denied("bare LF behind the last size", "9112, 7.1", rawChunk("5|hello|0\n|"), 400, "bare-lf"),
	denied("bare LF at the end of chunks", "9112, 7.1", rawChunk("5|hello|0|\n"), 400, "bare-lf").
		differs("9112, 2.2: as above; it waits for the end of the trailers", "waits"),
	denied("bare LF in an extension", "9112, 7.1.1", rawChunk("5;\nb|hello|0||"), 400, "bare-lf"),
	denied("bare CR in an extension", "9112, 7.1.1", rawChunk("5;\rb|hello|0||"), 400, "bare-cr"),
	denied("bare CR behind a size", "9112, 7.1", rawChunk("5\rhello|0||"), 400, "bare-cr"),
	denied("bare CR behind data", "9112, 7.1", rawChunk("5|hello\r0||"), 400, "chunk-end"),
	denied("NUL in an extension", "9112, 7.1.1", rawChunk("5;\x00|hello|0||"), 400, "nul").
		differs("9110, 5.6.4: no control bytes in tokens and quoted strings; it drops extensions unseen", "200 kept", "POST /x a =hello"),
	denied("control byte in an extension", "9112, 7.1.1", rawChunk("5;\x08|hello|0||"), 400, "control").
		differs("9110, 5.6.4: no control bytes in tokens and quoted strings; it drops extensions unseen", "200 kept", "POST /x a =hello"),
	denied("data too long", "9112, 7.1", rawChunk("4|hello|0||"), 400, "chunk-end"),
	denied("data too short", "9112, 7.1", rawChunk("6|hello|0||"), 400, "chunk-end"),
	denied("no line end behind data", "9112, 7.1", rawChunk("5|hello0||"), 400, "chunk-end"),
	denied("two line ends behind data", "9112, 7.1", rawChunk("5|hello||0||"), 400, "chunk-size"),
	other("no last chunk", "9112, 8", rawChunk("5|hello|"), "waits"),
	other("no end behind the last chunk", "9112, 7.1", rawChunk("5|hello|0|"), "waits"),
	other("half a size", "9112, 8", rawChunk("5"), "waits"),
}

// rawTrailers: what follows the last chunk.
var rawTrailers = []rawCase{
	accepted("trailer", "9112, 7.1.2", rawChunk("5|hello|0|Digest: b||"), "POST /x a =hello"),
	accepted("two trailers", "9112, 7.1.2", rawChunk("5|hello|0|B: c|B:||"), "POST /x a =hello"),
	denied("trailer Content-Length", "9110, 6.5.1", rawChunk("5|hello|0|Content-Length: 0||"), 400, "trailer-field").
		differs("9110, 6.5.1: MUST NOT be sent; it drops trailers that were not announced", "200 kept", "POST /x a =hello"),
	denied("trailer Transfer-Encoding", "9110, 6.5.1", rawChunk("5|hello|0|transfer-encoding: chunked||"), 400, "trailer-field").
		differs("9110, 6.5.1: MUST NOT be sent; it drops trailers that were not announced", "200 kept", "POST /x a =hello"),
	denied("trailer Host", "9110, 6.5.1", rawChunk("5|hello|0|HOST: b||"), 400, "trailer-field").
		differs("9110, 6.5.1: MUST NOT be sent; it drops trailers that were not announced", "200 kept", "POST /x a =hello"),
	denied("trailer Connection", "9110, 6.5.1", rawChunk("5|hello|0|Connection: close||"), 400, "trailer-field").
		differs("9110, 6.5.1: MUST NOT be sent; it drops trailers that were not announced", "200 kept", "POST /x a =hello"),
	denied("trailer Upgrade", "9110, 6.5.1", rawChunk("5|hello|0|Upgrade: b||"), 400, "trailer-field").
		differs("9110, 6.5.1: MUST NOT be sent; it drops trailers that were not announced", "200 kept", "POST /x a =hello"),
	denied("trailer without a colon", "9112, 5", rawChunk("5|hello|0|b||"), 400, "no-colon"),
	denied("trailer without a name", "9112, 5", rawChunk("5|hello|0|: b||"), 400, "empty-name"),
	denied("trailer with a blank before the colon", "9112, 5.1", rawChunk("5|hello|0|B : c||"), 400, "name-blank").
		differs("9112, 5.1: MUST be rejected; it does not look at trailers that were not announced", "200 kept", "POST /x a =hello"),
	denied("folded trailer", "9112, 5.2", rawChunk("5|hello|0|B: c| d||"), 400, "obs-fold").
		differs("9112, 5.2: a server MUST reject a fold or replace it; who does neither sees another field", "200 kept", "POST /x a =hello"),
	denied("trailer with NUL", "9110, 5.5", rawChunk("5|hello|0|B: \x00||"), 400, "nul"),
	denied("trailer that ends in LF", "9112, 2.2", rawChunk("5|hello|0|B: c\n|"), 400, "bare-lf").
		differs("9112, 2.2: as above; it waits for the end of the trailers", "waits"),
	denied("a request for a trailer", "9112, 7.1.2", rawChunk("5|hello|0|"+rawGet+"|"), 400, "name-blank"),
}
