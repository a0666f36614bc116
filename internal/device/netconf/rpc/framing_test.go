package rpc

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadChunked(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		want string
		err  error
	}{
		"one chunk":        {"\n#5\nhello\n##\n", "hello", nil},
		"two chunks":       {"\n#2\nhe\n#3\nllo\n##\n", "hello", nil},
		"RFC 6242 4.2":     {"\n#4\n<rpc\n#18\n message-id=\"102\"\n\n#2\n/>\n##\n", "<rpc message-id=\"102\"\n/>", nil},
		"nothing":          {"", "", io.EOF},
		"cut in a chunk":   {"\n#5\nhel", "", io.ErrUnexpectedEOF},
		"cut in a header":  {"\n#5", "", io.ErrUnexpectedEOF},
		"cut after chunks": {"\n#5\nhello", "", io.ErrUnexpectedEOF},
		"no chunk":         {"\n##\n", "", ErrFraming},
		"no line feed":     {"#5\nhello\n##\n", "", ErrFraming},
		"no hash":          {"\n5\nhello\n##\n", "", ErrFraming},
		"leading zero":     {"\n#05\nhello\n##\n", "", ErrFraming},
		"zero":             {"\n#0\n\n##\n", "", ErrFraming},
		"sign":             {"\n#+5\nhello\n##\n", "", ErrFraming},
		"letters":          {"\n#5a\nhello\n##\n", "", ErrFraming},
		"empty size":       {"\n#\nhello\n##\n", "", ErrFraming},
		"too many digits":  {"\n#12345678901\nhello", "", ErrFraming},
		"above 32 bits":    {"\n#4294967296\nhello", "", ErrFraming},
		"above the limit":  {"\n#31\n" + strings.Repeat("x", 31) + "\n##\n", "", ErrFraming},
		"sum too large":    {"\n#20\n" + strings.Repeat("x", 20) + "\n#11\n" + strings.Repeat("x", 11) + "\n##\n", "", ErrFraming},
		"old framing":      {"<a/>]]>]]>", "", ErrFraming},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, in := range map[string]io.Reader{"whole": strings.NewReader(tc.in), "bytes": iotest.OneByteReader(strings.NewReader(tc.in))} {
				r := NewReader(in, 30)
				r.Chunked()
				got, err := r.Next()
				if string(got) != tc.want && tc.err == nil || !errors.Is(err, tc.err) {
					t.Errorf("%s: %q, %v; want %q, %v", kind, got, err, tc.want, tc.err)
				}
			}
		})
	}
}

func TestReadDelimited(t *testing.T) {
	long := strings.Repeat("x", 100<<10) // more than the buffer, without a '>'
	for name, tc := range map[string]struct {
		in   string
		want []string
		err  error
	}{
		"one":              {"<a/>]]>]]>", []string{"<a/>"}, io.EOF},
		"two":              {"<a/>]]>]]><b/>]]>]]>", []string{"<a/>", "<b/>"}, io.EOF},
		"nearly the mark":  {"<a>]]>]] ></a>]]>]]>", []string{"<a>]]>]] ></a>"}, io.EOF},
		"blank at the end": {"<a/>]]>]]>\n", []string{"<a/>"}, io.EOF},
		"long":             {long + "]]>]]>", []string{long}, io.EOF},
		"cut":              {"<a/>]]>]]", nil, io.ErrUnexpectedEOF},
		"too long":         {strings.Repeat("<a/>", 60<<10), nil, ErrFraming},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(strings.NewReader(tc.in), 200<<10)
			for _, want := range tc.want {
				if got, err := r.Next(); err != nil || string(got) != want {
					t.Fatalf("%.40q, %v; want %.40q", got, err, want)
				}
			}
			if _, err := r.Next(); !errors.Is(err, tc.err) {
				t.Errorf("at the end %v, want %v", err, tc.err)
			}
		})
	}
}

// A peer that announces a large chunk and sends nothing must not cost memory.
func TestAnnouncedSizeCostsNothing(t *testing.T) {
	allocs := testing.Benchmark(func(b *testing.B) {
		for range b.N {
			r := NewReader(strings.NewReader("\n#60000000\nx"), 0)
			r.Chunked()
			_, _ = r.Next()
		}
	}).AllocedBytesPerOp()
	if allocs > 1<<20 {
		t.Errorf("%d bytes for a chunk of one byte", allocs)
	}
}

func TestWriteRefuses(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, msg := range []string{"", "<a>]]>]]></a>", "<a/>]]>"} {
		if err := w.Write([]byte(msg)); !errors.Is(err, ErrFraming) {
			t.Errorf("%q: %v", msg, err)
		}
	}
	if b.Len() > 0 {
		t.Errorf("wrote %q", b.String())
	}
	w.Chunked()
	if err := w.Write([]byte("<a>]]>]]></a>")); err != nil {
		t.Errorf("chunked framing needs no mark: %v", err)
	}
}

func roundTrip(t *testing.T, msg []byte, chunked bool) {
	t.Helper()
	var b bytes.Buffer
	w, r := NewWriter(&b), NewReader(&b, 0)
	if chunked {
		w.Chunked()
		r.Chunked()
	}
	if err := w.Write(msg); err != nil {
		if errors.Is(err, ErrFraming) {
			return
		}
		t.Fatal(err)
	}
	got, err := r.Next()
	if err != nil || !bytes.Equal(got, msg) {
		t.Fatalf("wrote %.60q, read %.60q, %v", msg, got, err)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Fatalf("after the message: %v", err)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{1, chunkSize - 1, chunkSize, chunkSize + 1, 5 << 20} {
		msg := bytes.Repeat([]byte("<x>\n#1\n"), n/7+1)[:n]
		roundTrip(t, msg, true)
		roundTrip(t, msg, false)
	}
}

func FuzzChunked(f *testing.F) {
	for _, s := range []string{"", "\n#1\na\n##\n", "\n##\n", "\n#4294967295\n", "\n#2\nab\n#1\nc\n##\n", "\n#0\n", "\n#\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, true) })
}

func FuzzDelimited(f *testing.F) {
	for _, s := range []string{"", "]]>]]>", "<a/>]]>]]>", "]]>]]", "]]]>]]>", ">>>>]]>]]>x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, false) })
}

// fuzz reads junk: it must end, and never give more than the limit. What is
// written must come back.
func fuzz(t *testing.T, data []byte, chunked bool) {
	const limit = 1000
	r := NewReader(bytes.NewReader(data), limit)
	if chunked {
		r.Chunked()
	}
	for read := 0; ; read++ {
		msg, err := r.Next()
		if err != nil {
			break
		}
		if len(msg) > limit || read > len(data) {
			t.Fatalf("message %d has %d bytes", read, len(msg))
		}
	}
	roundTrip(t, data, chunked)
}
