package stream_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A direction is one way of a TLS 1.3 connection with TLS_AES_128_GCM_SHA256, by hand:
// for what crypto/tls never sends, which is a KeyUpdate (RFC 8446, 4.6.3, 5.2 and 7.3).
type direction struct {
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

const handshakeType, dataType = 22, 23

func newDirection(t *testing.T, secret []byte) *direction {
	d := &direction{secret: secret}
	d.rekey(t)
	return d
}

func (d *direction) rekey(t *testing.T) {
	block, err := aes.NewCipher(expandLabel(t, d.secret, "key", 16))
	if err != nil {
		t.Fatal(err)
	}
	if d.aead, err = cipher.NewGCM(block); err != nil {
		t.Fatal(err)
	}
	d.iv, d.seq = expandLabel(t, d.secret, "iv", 12), 0
}

// update goes on to the next secret.
func (d *direction) update(t *testing.T) {
	d.secret = expandLabel(t, d.secret, "traffic upd", 32)
	d.rekey(t)
}

func expandLabel(t *testing.T, secret []byte, label string, n int) []byte {
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	info = append(info, byte(len("tls13 "+label)))
	info = append(info, "tls13 "+label+"\x00"...)
	out, err := hkdf.Expand(sha256.New, secret, string(info), n)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (d *direction) nonce() []byte {
	nonce := bytes.Clone(d.iv)
	last := nonce[4:]
	binary.BigEndian.PutUint64(last, binary.BigEndian.Uint64(last)^d.seq)
	d.seq++
	return nonce
}

func (d *direction) seal(kind byte, data []byte) []byte {
	header := binary.BigEndian.AppendUint16([]byte{dataType, 3, 3}, uint16(len(data)+1+d.aead.Overhead()))
	return d.aead.Seal(bytes.Clone(header), d.nonce(), append(bytes.Clone(data), kind), header)
}

func (d *direction) open(t *testing.T, header, body []byte) (kind byte, data []byte) {
	data, err := d.aead.Open(nil, d.nonce(), body, header)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.TrimRight(data, "\x00")
	return data[len(data)-1], data[:len(data)-1]
}

// byHand is p.near as a TLS client that was taken apart after its handshake.
type byHand struct {
	p        *pair
	out, in  *direction
	asked    int // KeyUpdates sent that want an answer
	answered int
	text     []byte
}

// takeApart makes a handshake and goes on by hand.
func takeApart(p *pair) *byHand {
	p.t.Helper()
	var keys strings.Builder
	e := usual()
	e.client.Config.KeyLogWriter = &keys
	e.server.Config.SessionTicketsDisabled = true // one record less to know of
	e.must(p)
	if suite := p.agreed(p.near).CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		p.t.Skipf("without AES in hardware crypto/tls chooses %s, which this test does not speak", tls.CipherSuiteName(suite))
	}
	if err := stream.StripTLS(p.near); err != nil {
		p.t.Fatal(err)
	}
	secret := func(name string) []byte {
		for line := range strings.Lines(keys.String()) {
			if f := strings.Fields(line); f[0] == name {
				b, err := hex.DecodeString(f[2])
				if err != nil {
					p.t.Fatal(err)
				}
				return b
			}
		}
		p.t.Fatal("no " + name)
		return nil
	}
	return &byHand{
		p:   p,
		out: newDirection(p.t, secret("CLIENT_TRAFFIC_SECRET_0")),
		in:  newDirection(p.t, secret("SERVER_TRAFFIC_SECRET_0")),
	}
}

// ask sends a KeyUpdate that asks for another, and text under the new key.
func (b *byHand) ask(text string) {
	b.p.near.Write(b.out.seal(handshakeType, []byte{24, 0, 0, 1, 1}))
	b.out.update(b.p.t)
	b.p.near.Write(b.out.seal(dataType, []byte(text)))
	b.asked++
}

// record reads one.
func (b *byHand) record() error {
	header, err := loop.Await(b.p.co, b.p.near.ReadFull(5))
	if err != nil {
		return err
	}
	body, err := loop.Await(b.p.co, b.p.near.ReadFull(int(binary.BigEndian.Uint16(header[3:]))))
	if err != nil {
		return err
	}
	switch kind, data := b.in.open(b.p.t, header, body); kind {
	case dataType:
		b.text = append(b.text, data...)
	case handshakeType:
		if !bytes.Equal(data, []byte{24, 0, 0, 1, 0}) {
			return fmt.Errorf("a handshake message % x", data)
		}
		b.answered++
		b.in.update(b.p.t)
	default:
		return fmt.Errorf("a record of type %d: % x", kind, data)
	}
	return nil
}

// A peer that changes keys in the middle of a large write, and wants ours changed too,
// gets all of it, and the answers.
func TestTLSKeyUpdate(t *testing.T) {
	withRoom(t, func(p *pair) {
		b := takeApart(p)
		sent := noise(p.size(8 << 20))
		written := p.far.Write(sent)
		heard := newRecorder(p.far, all)
		for i := 0; len(b.text) < len(sent); i++ {
			if i%5 == 1 {
				b.ask("x")
			}
			if err := b.record(); err != nil {
				p.t.Fatalf("after %d bytes and %d updates: %v", len(b.text), b.answered, err)
			}
		}
		if !bytes.Equal(b.text, sent) {
			p.t.Error("the bytes differ")
		}
		p.does(written)
		for b.answered < b.asked {
			if err := b.record(); err != nil {
				p.t.Fatal(err)
			}
		}
		p.until("all was heard", func() bool { return len(heard.text) == b.asked })
		if b.asked < 5 {
			p.t.Errorf("only %d updates", b.asked)
		}
	})
}

// A peer that asks and asks and does not take the answers is not heard any more, until
// it does.
func TestTLSAnswersAreBounded(t *testing.T) {
	site{name: "memory", window: 128 << 10}.run(t, func(p *pair) {
		b := takeApart(p)
		heard := newRecorder(p.far, all)
		for range 14_000 {
			b.ask("x")
		}
		most := 0
		for range 100 {
			if err := p.turn(); err != nil {
				p.t.Fatal(err)
			}
			most = max(most, stream.Encrypted(p.far))
		}
		if most <= stream.MaxAnswers || most > stream.MaxAnswers+16<<10 {
			p.t.Errorf("up to %d bytes of answers waited", most)
		}
		if len(heard.text) == b.asked {
			p.t.Error("it heard everything")
		}
		for b.answered < b.asked {
			if err := b.record(); err != nil {
				p.t.Fatal(err)
			}
		}
		p.until("all was heard", func() bool { return len(heard.text) == b.asked })
	})
}
